import { createInterface } from 'node:readline';
import { connect, failureMessage } from '@clientela/db';
import { readCommandLine, readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { CUSTOMER_DATABASE_URL } from './config.ts';
import { exportErasures, replayErasures } from './privacy/erasure-list.ts';

const {
  positionals: [command],
} = readCommandLine(
  `Usage: node src/erasures.ts export|replay

  export   writes the list of all erasures to standard output
  replay   reads one from standard input and requests again what this database does not know, as after it was restored to an earlier
           moment; writes their number`,
  { positionals: [1, 1] },
);

await runCommand(async () => {
  if (command !== 'export' && command !== 'replay') throw new Error('Say what to do: export or replay');
  const settings = readEnvironment(z.object({ CUSTOMER_DATABASE_URL }));
  const db = connect(settings.CUSTOMER_DATABASE_URL, {
    name: `erasures ${command}`,
    pool: 1,
    statementTimeout: 60_000,
  });
  try {
    if (command === 'export') await exportErasures(db, writeOut);
    else {
      const replayed = await db.transaction((tx) => replayErasures(tx, createInterface({ input: process.stdin })));
      await writeOut(`${replayed}\n`);
    }
  } finally {
    await db.destroy();
  }
}, failureMessage);

function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
