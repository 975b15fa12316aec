import { examineDatabase, failureMessage, warnings, type Db, type Finding } from '@clientela/db';
import { findEventProblems } from '@clientela/events';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { findDoubles } from './companies/doubles.ts';
import { AUTH_DATABASE_URL } from './config.ts';
import { signingKeyAge } from './keys/store.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 for warnings, with 2 for errors. It changes nothing.

const maxKeyAge = 180; // days

async function findOldKeys(db: Db): Promise<Finding[]> {
  const age = await signingKeyAge(db);
  return age > maxKeyAge
    ? warnings([`the key of access tokens is ${age} days old: npm run rotate-signing-key (sessions stay valid)`])
    : [];
}

await runCommand(async () => {
  const settings = readEnvironment(z.object({ AUTH_DATABASE_URL }));
  const doubles = async (db: Db) => warnings(await findDoubles(db));
  await examineDatabase(settings.AUTH_DATABASE_URL, findEventProblems, findOldKeys, doubles);
}, failureMessage);
