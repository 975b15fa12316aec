import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { logOf } from './log.ts';
import type { StatementCount } from './measure.ts';
import type { PreparedStatement } from './references/driver-loop.ts';

/** A statement of a service in the server's log. */
type Entry = {
  database: string;
  session: string;
  at: number;
  /** Undefined for one that is not prepared under a name, as those of Knex. */
  name?: string | undefined;
  text: string;
  values: (string | null)[];
};

export type StatementLog = {
  /**
   * Counts the statements of one request: of the session that served it until the response, and of all services until all effects are
   * done, without those that an idle fleet sends in the same time.
   * @param database the name of the database of the service that serves the request
   */
  count: (
    database: string,
    request: (n: number) => Promise<void>,
    settle: () => Promise<void>,
  ) => Promise<StatementCount>;
  /** Finds the named statements that a request sends, with their values. */
  find: (database: string, request: () => Promise<void>) => Promise<PreparedStatement[]>;
  close: () => Promise<void>;
};

const repeats = 10;
const ownName = 'bench';

/** Counts statements with the log of the embedded server. */
export async function openStatementLog(adminUrl: string): Promise<StatementLog> {
  const admin = new pg.Client({ connectionString: adminUrl, application_name: ownName });
  await admin.connect();
  const path = await logOf(adminUrl);

  const record = async (work: () => Promise<void>): Promise<Entry[]> => {
    for (const [name, value] of settings) await admin.query(`alter system set ${name} = ${value}`);
    await admin.query('select pg_reload_conf()');
    await sleep(300); // until all sessions have read it
    const file = openSync(path, 'r');
    try {
      const from = fstatSync(file).size;
      await work();
      await sleep(100);
      const text = Buffer.alloc(fstatSync(file).size - from);
      readSync(file, text, 0, text.length, from);
      return entriesOf(text.toString());
    } finally {
      closeSync(file);
      for (const [name] of settings) await admin.query(`alter system reset ${name}`);
      await admin.query('select pg_reload_conf()');
      await sleep(300);
    }
  };

  return {
    count: async (database, request, settle) => {
      let took = 0;
      const intervals: [from: number, to: number][] = [];
      const entries = await record(async () => {
        const startedAt = performance.now();
        for (let n = 0; n < repeats; n += 1) {
          const from = Date.now();
          await request(n);
          intervals.push([from, Date.now()]);
          await settle();
        }
        took = performance.now() - startedAt;
      });
      const idle = await record(() => sleep(took));
      const routes = intervals.map(([from, to]) => {
        const within = entries.filter((entry) => entry.database === database && entry.at >= from && entry.at <= to + 1);
        return countOfRequest(within);
      });
      return {
        route: routes.toSorted((a, b) => a - b)[repeats >> 1] ?? Number.NaN,
        all: Math.max(0, entries.length - idle.length) / repeats,
      };
    },
    find: async (database, request) => {
      // The server's command line keeps values out of its log; only new sessions read the setting of the database.
      const ofDatabase = `alter database ${admin.escapeIdentifier(database)}`;
      await admin.query(`${ofDatabase} set log_error_verbosity = 'default'`);
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = $2',
        [database, database.replace('clientela_', '')],
      );
      await sleep(300);
      const entries = await record(request);
      await admin.query(`${ofDatabase} reset log_error_verbosity`);
      return entries.filter(
        (entry) =>
          entry.database === database &&
          entry.name !== undefined &&
          entry.values.length > 0 &&
          !isBackground(entry.text),
      );
    },
    close: () => admin.end(),
  };
}

const settings = [
  ['log_statement', `'all'`],
  ['log_line_prefix', `'%n|%d|%a|%p|'`],
] as const;

/** Statements that run beside requests: of the relay, of leader locks and of metrics. */
const isBackground = (text: string) => /outbox_deliveries|advisory_lock|relay|inbox_events|clock_timestamp/.test(text);

/** Counts what the session that has most statements sent until the end of its first transaction, or all that it sent. */
function countOfRequest(entries: readonly Entry[]): number {
  const sessions = [...Map.groupBy(entries, ({ session }) => session).values()];
  const counts = sessions.map((own) => {
    const begin = own.findIndex(({ text }) => /^begin/i.test(text));
    const end = own.findIndex(({ text }, index) => index > begin && /^commit/i.test(text));
    return begin >= 0 && end > begin ? end + 1 : own.length;
  });
  const hasTransaction = sessions.some((own) => own.some(({ text }) => /^begin/i.test(text)));
  return hasTransaction ? Math.max(0, ...counts) : entries.filter(({ text }) => !isBackground(text)).length;
}

/** Parses the log. Continuation lines of an entry begin with a tab. */
export function entriesOf(log: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of log.split(/\n(?!\t)/)) {
    const [, at, database = '', application, session = '', rest = ''] =
      /^([\d.]+)\|([^|]*)\|([^|]*)\|(\d+)\|(.*)$/s.exec(line) ?? [];
    if (at === undefined || application === ownName || !database.startsWith('clientela_')) continue;
    const [, prepared, text] = /^LOG:\s+(?:statement|execute ([^:]*)): (.*)$/s.exec(rest) ?? [];
    if (text !== undefined) {
      const name = prepared === '<unnamed>' ? undefined : prepared;
      entries.push({ database, session, at: Number(at) * 1000, name, text: text.replaceAll('\n\t', '\n'), values: [] });
      continue;
    }
    const [, parameters] = /^DETAIL:\s+[Pp]arameters: (.*)$/s.exec(rest) ?? [];
    const last = entries.findLast((entry) => entry.session === session);
    if (parameters !== undefined && last)
      last.values = [...parameters.matchAll(/\$\d+ = (?:NULL|'((?:[^']|'')*)')/g)].map(
        ([, value]) => value?.replaceAll("''", "'") ?? null,
      );
  }
  return entries;
}
