import { connect, failureMessage } from '@clientela/db';
import { readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { CUSTOMER_DATABASE_URL } from './config.ts';
import { describeDouble, findDoubles } from './customers/doubles.ts';

// `node src/doctor.ts` prints one line for each finding and exits with 1 when there are any. It changes nothing.

const timeout = 300_000; // milliseconds for one statement: it reads every customer

await runCommand(async () => {
  const settings = readEnvironment(z.object({ CUSTOMER_DATABASE_URL }));
  const db = connect(settings.CUSTOMER_DATABASE_URL, { name: 'doctor', pool: 1 });
  try {
    await db.raw(`set statement_timeout = ${timeout}`);
    const findings = (await findDoubles(db)).map(describeDouble);
    for (const finding of findings) process.stdout.write(`${finding}\n`);
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await db.destroy();
  }
}, failureMessage);
