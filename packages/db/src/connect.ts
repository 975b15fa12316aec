import { startSpan } from '@clientela/runtime';
import knex from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';
import { joinStatements } from './message-group.ts';
import { measurePool, measureStatement } from './metrics.ts';
import { endConnection } from './pool.ts';
import { endStatement } from './trace-statement.ts';
import { replaceTransactions } from './transaction.ts';

/** A connection pool: for reads, and for code that opens its own transaction. */
export type Db = Knex;
/** An open transaction. Not assignable from `Db`, so a function that takes `Tx` cannot run outside one. */
export type Tx = Knex.Transaction;
/** A query under construction. */
export type Query = Knex.QueryBuilder;

const { builtins } = pg.types;

const asText = (text: string) => text;
/** `2026-11-21 01:23:45.678+00` → `2026-11-21T01:23:45.678Z`: the session's time zone is UTC and columns are timestamptz(3). */
const toIsoInstant = (text: string) => {
  const [seconds, fraction = ''] = text.slice(0, -3).replace(' ', 'T').split('.');
  return `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
};

// Database and wire share one spelling, produced here once.
const parsers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, Number],
  [builtins.NUMERIC, asText],
  [builtins.DATE, asText],
  [builtins.TIMESTAMPTZ, toIsoInstant],
]);

const types = {
  getTypeParser: (oid: Parameters<typeof pg.types.getTypeParser>[0], format?: string): ((text: string) => unknown) =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
};

const defaultStatementTimeout = 5000;
const defaultConnectionTimeout = 2000;
/** How long after its statement timeout, which the server keeps, a silent server counts as hung. */
const responseMargin = 1000;

const sessionSettings = [
  'timezone=UTC',
  'lock_timeout=1000', // milliseconds, as is the one below
  'idle_in_transaction_session_timeout=10000',
  'gin_pending_list_limit=64', // kB; searches read the pending list of an index, so writers keep it short
];

/**
 * Ends a connection whose server does not respond. Nothing else would: a suspended server keeps no timeout of its own.
 * @param timeout milliseconds from the last statement or response, because look-ups that share a connection are executed in turn
 */
function endWhenHung(connection: pg.Client, timeout: number): void {
  const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
  const end = () => endConnection(connection, new Error('The server does not respond'));
  let timer: NodeJS.Timeout | undefined;
  let unanswered = 0;
  const restart = () => {
    clearTimeout(timer);
    if (unanswered > 0) timer = setTimeout(end, timeout);
  };
  const queryWithin = (...args: unknown[]) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return query(...args);
    unanswered += 1;
    restart();
    return query(...args.slice(0, -1), (...results: unknown[]) => {
      unanswered -= 1;
      restart();
      callback(...results);
    });
  };
  connection.query = queryWithin as typeof connection.query;
}

/** A statement that has ended: its text, in which placeholders stand for the values, and its duration in milliseconds. */
export type Statement = { sql: string; ms: number; failed: boolean };

/**
 * Measures each statement of a connection when it has ended, and reports it. Its time begins when it is sent, or with the response
 * to the one before it if that is later.
 * @param name of the pool
 */
function observeStatements(
  connection: pg.Client,
  name: string,
  onStatement: ((statement: Statement) => void) | undefined,
): void {
  const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
  let respondedAt = 0;
  const observed = (...args: unknown[]) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return query(...args);
    const [command] = args as [string | { text: string; name?: string }];
    const sql = typeof command === 'string' ? command : command.text;
    const isConstant = typeof command !== 'string' && command.name !== undefined;
    const sentAt = performance.now();
    const span = startSpan('', 'client');
    return query(...args.slice(0, -1), (error: unknown, ...results: unknown[]) => {
      const startedAt = Math.max(sentAt, respondedAt);
      respondedAt = performance.now();
      const milliseconds = respondedAt - startedAt;
      const statement = measureStatement(name, { sql, isConstant }, milliseconds);
      if (span) endStatement(span, { command, statement, startedAt, error, result: results[0] });
      onStatement?.({ sql, ms: Math.round(milliseconds * 10) / 10, failed: Boolean(error) });
      callback(error, ...results);
    });
  };
  connection.query = observed as typeof connection.query;
}

/** Removes the statement that Knex puts before the message of each error, so that no log of an error holds SQL. */
function removeStatement(error: Error, { sql }: { sql: string }): void {
  const prefix = `${sql} - `;
  if (error.message.startsWith(prefix)) error.message = error.message.slice(prefix.length);
}

/**
 * Opens a pool for the app role. Timeouts: 2 s for a connection, 5 s for a statement, 1 s for a lock.
 * @param options.statementTimeout milliseconds, instead of the 5 s
 * @param options.connectionTimeout milliseconds, instead of the 2 s
 * @param url postgresql://role:password@host:port/database
 * @param options.pool maximum number of connections
 * @param options.name shown in pg_stat_activity
 * @param options.onStatement is called after each statement
 * @param options.userParams carried by the pool and by all its transactions, as one shared object
 */
export function connect(
  url: string,
  options: {
    pool?: number;
    name?: string;
    userParams?: Readonly<Record<string, unknown>>;
    statementTimeout?: number;
    connectionTimeout?: number;
    onStatement?: ((statement: Statement) => void) | undefined;
  } = {},
): Db {
  const { name = 'clientela', onStatement } = options;
  const { statementTimeout = defaultStatementTimeout, connectionTimeout = defaultConnectionTimeout } = options;
  const db: Db = knex({
    client: 'pg',
    connection: {
      connectionString: url,
      types,
      application_name: name,
      connectionTimeoutMillis: connectionTimeout,
      keepAlive: true,
      pipeline: true, // for look-ups that share a connection; everything else is sent one at a time
      options: [...sessionSettings, `statement_timeout=${statementTimeout}`]
        .map((setting) => `-c ${setting}`)
        .join(' '),
    } as Knex.StaticConnectionConfig, // whose types lack `pipeline`
    // Idle connections are kept for a while, because a new one starts with empty catalog and plan caches.
    pool: {
      min: 0,
      max: options.pool ?? 10,
      idleTimeoutMillis: 600_000,
      afterCreate: (connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void) => {
        joinStatements(connection);
        endWhenHung(connection, statementTimeout + responseMargin);
        observeStatements(connection, name, onStatement);
        done(null, connection);
      },
    },
    acquireConnectionTimeout: connectionTimeout,
    // Never writes null for an undefined value.
    useNullAsDefault: false,
    // Keeps bound values out of error messages.
    compileSqlOnError: false,
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  });
  db.on('query-error', removeStatement);
  measurePool(db, name);
  replaceTransactions(db, statementTimeout);
  db.userParams = { ...options.userParams };
  return db;
}
