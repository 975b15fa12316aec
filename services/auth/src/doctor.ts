import { connect, failureMessage } from '@clientela/db';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { findDoubles } from './companies/doubles.ts';
import { AUTH_DATABASE_URL } from './config.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 when there are any. It changes nothing.

await runCommand(async () => {
  const settings = readEnvironment(z.object({ AUTH_DATABASE_URL }));
  const db = connect(settings.AUTH_DATABASE_URL, { name: 'doctor', pool: 1 });
  try {
    const findings = await findDoubles(db);
    for (const finding of findings) process.stdout.write(`${finding}\n`);
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await db.destroy();
  }
}, failureMessage);
