import { findOutdatedCollations } from './collations.ts';
import { connect, type Db } from './connect.ts';

const timeout = 300_000; // milliseconds for one statement: it may read every row

/** Finds indexes that no query uses, because building them was interrupted. @returns one sentence for each */
export async function findInvalidIndexes(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    'select indexrelid::regclass::text as name from pg_index where not indisvalid order by 1',
  );
  return rows.map(({ name }) => `the index ${name} is incomplete: reindex it (docs/operations.md)`);
}

/**
 * Prints what a person should look at in a service's database, one line each, and sets exit status 1 when there is anything.
 * @param findRecords finds records of the service
 */
export async function printFindings(
  databaseUrl: string,
  findRecords: (db: Db) => Promise<string[]> = async () => [],
): Promise<void> {
  const db = connect(databaseUrl, { name: 'doctor', pool: 1, statementTimeout: timeout });
  try {
    const findings = [
      ...(await findOutdatedCollations(db)),
      ...(await findInvalidIndexes(db)),
      ...(await findRecords(db)),
    ];
    for (const finding of findings) process.stdout.write(`${finding}\n`);
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await db.destroy();
  }
}
