import { failureMessage, printFindings } from '@clientela/db';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { AUTH_DATABASE_URL } from './config.ts';
import { findDoubles } from './companies/doubles.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 when there are any. It changes nothing.

await runCommand(async () => {
  const settings = readEnvironment(z.object({ AUTH_DATABASE_URL }));
  await printFindings(settings.AUTH_DATABASE_URL, findDoubles);
}, failureMessage);
