import { examineDatabase, failureMessage, warnings, type Db, type Finding } from '@clientela/db';
import { findEventProblems } from '@clientela/events';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { CUSTOMER_DATABASE_URL } from './config.ts';
import { describeDouble, findDoubles } from './customers/doubles.ts';
import { countOpen } from './privacy/store.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 for warnings, with 2 for errors. It changes nothing.

const maxErasureAge = 3600; // seconds, as the alert has it

async function findOldErasures(db: Db): Promise<Finding[]> {
  const { open, oldest } = await countOpen(db);
  if (oldest < maxErasureAge) return [];
  const hours = Math.floor(oldest / 3600);
  return [{ level: 'error', text: `${open} erasures are not done, the oldest for ${hours} h: GET /api/gdpr/requests` }];
}

await runCommand(async () => {
  const settings = readEnvironment(z.object({ CUSTOMER_DATABASE_URL }));
  const doubles = async (db: Db) => warnings((await findDoubles(db)).map(describeDouble));
  await examineDatabase(settings.CUSTOMER_DATABASE_URL, findEventProblems, findOldErasures, doubles);
}, failureMessage);
