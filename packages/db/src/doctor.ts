import { findOutdatedCollations } from './collations.ts';
import { connect, type Db } from './connect.ts';
import { failureMessage } from './failure-message.ts';

const timeout = 300_000; // milliseconds for one statement: it may read every row
// Tokens are accepted with a difference of up to 5 s.
const maxClockSkew = { warning: 1000, error: 5000 }; // milliseconds

/** What a person should look at, and what to do. `error`: something does not work; `warning`: it will not, or may lose data. */
export type Finding = { level: 'warning' | 'error'; text: string };

export const warnings = (texts: readonly string[]): Finding[] => texts.map((text) => ({ level: 'warning', text }));

/** Finds indexes that no query uses, because building them was interrupted. @returns one sentence for each */
export async function findInvalidIndexes(db: Db): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    'select indexrelid::regclass::text as name from pg_index where not indisvalid order by 1',
  );
  return rows.map(({ name }) => `the index ${name} is incomplete: reindex it (docs/operations.md)`);
}

/** Judges the difference between a clock and this machine's. @param skewMs positive when the other clock is ahead */
export function clockFinding(whose: string, skewMs: number): Finding[] {
  const difference = Math.abs(skewMs);
  if (difference < maxClockSkew.warning) return [];
  const seconds = (difference / 1000).toFixed(1);
  const text = `the clock of ${whose} is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine's: synchronize both (NTP)`;
  return [{ level: difference < maxClockSkew.error ? 'warning' : 'error', text }];
}

async function findClockSkew(db: Db): Promise<Finding[]> {
  const sentAt = Date.now();
  const { rows } = await db.raw<{ rows: { now: number }[] }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  );
  const receivedAt = Date.now();
  // The time in between is unknown, so only what lies outside of it counts.
  const now = rows[0]?.now ?? receivedAt;
  return clockFinding('the database', now < sentAt ? now - sentAt : Math.max(0, now - receivedAt));
}

/** Prints findings, one line each, and sets the exit status: 0 for none, 1 for warnings, 2 for errors. */
export function printFindings(findings: readonly Finding[]): void {
  for (const { level, text } of findings) process.stdout.write(`${level}: ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  if (findings.length > 0) process.exitCode = findings.some(({ level }) => level === 'error') ? 2 : 1;
}

/**
 * Prints what a person should look at in a service's database.
 * @param find finds more in that database
 */
export async function examineDatabase(
  databaseUrl: string,
  ...find: ((db: Db) => Promise<readonly Finding[]>)[]
): Promise<void> {
  const db = connect(databaseUrl, { name: 'doctor', pool: 1, statementTimeout: timeout });
  try {
    const findings = [
      ...(await findClockSkew(db)),
      ...warnings(await findOutdatedCollations(db)),
      ...warnings(await findInvalidIndexes(db)),
    ];
    for (const one of find) findings.push(...(await one(db)));
    printFindings(findings);
  } catch (error) {
    printFindings([{ level: 'error', text: `the database cannot be examined: ${failureMessage(error)}` }]);
  } finally {
    await db.destroy();
  }
}
