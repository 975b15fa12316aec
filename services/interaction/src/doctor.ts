import { failureMessage, printFindings } from '@clientela/db';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { INTERACTION_DATABASE_URL } from './config.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 when there are any. It changes nothing.

await runCommand(async () => {
  const settings = readEnvironment(z.object({ INTERACTION_DATABASE_URL }));
  await printFindings(settings.INTERACTION_DATABASE_URL);
}, failureMessage);
