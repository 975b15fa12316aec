import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/**
 * Runs some work and returns the plan of each of its statements, as PostgreSQL's auto_explain module logs them (`explain analyze`).
 * @param server.adminUrl of a superuser of the server
 * @param server.log its log file
 * @returns the plans, one text for each statement
 */
export async function plansOf(
  server: { adminUrl: string; database: string; log: string },
  work: () => Promise<unknown>,
): Promise<string[]> {
  const admin = new pg.Client({ connectionString: server.adminUrl });
  await admin.connect();
  const applyToNewConnections = async (statements: readonly string[]) => {
    for (const statement of statements) await admin.query(statement);
    // Open connections keep their settings: the service opens new ones.
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [server.database]);
    await sleep(200);
  };
  const database = admin.escapeIdentifier(server.database);
  const log = openSync(server.log, 'r');
  try {
    await applyToNewConnections(
      planLogging.map(([name, value]) => `alter database ${database} set ${name} = ${value}`),
    );
    const from = fstatSync(log).size;
    await work();
    await sleep(300);
    const newEntries = Buffer.alloc(fstatSync(log).size - from);
    readSync(log, newEntries, 0, newEntries.length, from);
    return entriesOf(newEntries.toString());
  } finally {
    closeSync(log);
    await applyToNewConnections(planLogging.map(([name]) => `alter database ${database} reset ${name}`));
    await admin.end();
  }
}

const planLogging = [
  ['session_preload_libraries', `'auto_explain'`],
  ['auto_explain.log_min_duration', '0'],
  ['auto_explain.log_analyze', 'on'],
  ['auto_explain.log_parameter_max_length', '0'],
  ['log_error_verbosity', `'default'`],
] as const;

/** Splits the log into plans, without those of the service's background work. Continuation lines of an entry begin with a tab. */
const entriesOf = (log: string): string[] =>
  log
    .split(/\n(?!\t)/)
    .filter(
      (entry) =>
        entry.includes('plan:') &&
        !/outbox_|advisory_lock|clock_timestamp|"sessions"|status_changed_at|: select 1\n/.test(entry),
    )
    .map((entry) => entry.replace(/^.*?duration: ([\d.]+ ms).*\n/, '$1\n').replaceAll('\n\t', '\n'));
