import { failureMessage, printFindings } from '@clientela/db';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { CUSTOMER_DATABASE_URL } from './config.ts';
import { describeDouble, findDoubles } from './customers/doubles.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 when there are any. It changes nothing.

await runCommand(async () => {
  const settings = readEnvironment(z.object({ CUSTOMER_DATABASE_URL }));
  await printFindings(settings.CUSTOMER_DATABASE_URL, async (db) => (await findDoubles(db)).map(describeDouble));
}, failureMessage);
