import { examineDatabase, failureMessage } from '@clientela/db';
import { findEventProblems } from '@clientela/events';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { INTERACTION_DATABASE_URL } from './config.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 for warnings, with 2 for errors. It changes nothing.

await runCommand(async () => {
  const settings = readEnvironment(z.object({ INTERACTION_DATABASE_URL }));
  await examineDatabase(settings.INTERACTION_DATABASE_URL, findEventProblems);
}, failureMessage);
