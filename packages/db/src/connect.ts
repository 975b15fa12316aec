import knex from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';

/** A connection pool: for reads, and for what opens its own transaction. */
export type Db = Knex;
/** An open transaction. Not assignable from `Db`, so a function that takes `Tx` cannot run outside one. */
export type Tx = Knex.Transaction;
/** A query that is being put together. */
export type Query = Knex.QueryBuilder;

const { builtins } = pg.types;

const identity = (text: string) => text;
/** `2026-11-21 01:23:45.678+00` → `2026-11-21T01:23:45.678Z`: the session's time zone is UTC and columns are timestamptz(3). */
const instant = (text: string) => {
  const [seconds, fraction = ''] = text.slice(0, -3).replace(' ', 'T').split('.');
  return `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
};

// Database and wire share one spelling, made here once.
const parsers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, Number],
  [builtins.NUMERIC, identity],
  [builtins.DATE, identity],
  [builtins.TIMESTAMPTZ, instant],
]);

const types = {
  getTypeParser: (oid: Parameters<typeof pg.types.getTypeParser>[0], format?: string): ((text: string) => unknown) =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
};

const session = [
  'timezone=UTC',
  'statement_timeout=5000', // milliseconds, as are the two below
  'lock_timeout=1000',
  'idle_in_transaction_session_timeout=10000',
];

/**
 * Opens a pool for the app role. Waiting for a connection ends after 2 s, a statement after 5 s, a lock after 1 s.
 * @param url postgresql://role:password@host:port/database
 * @param options.pool most connections at a time
 * @param options.name shown in pg_stat_activity
 * @param options.userParams carried by the pool and its transactions, for whoever is handed one
 */
export function connect(
  url: string,
  options: { pool?: number; name?: string; userParams?: Readonly<Record<string, unknown>> } = {},
): Db {
  const db: Db = knex({
    client: 'pg',
    connection: {
      connectionString: url,
      types,
      application_name: options.name ?? 'clientela',
      connectionTimeoutMillis: 2000,
      keepAlive: true,
      options: session.map((setting) => `-c ${setting}`).join(' '),
    },
    // A new connection has to learn tables and plans, and to map the server's memory, anew: one that is idle is kept for a while.
    pool: { min: 0, max: options.pool ?? 10, idleTimeoutMillis: 600_000 },
    acquireConnectionTimeout: 2000,
    // A value that is undefined is a mistake in the code, never "null".
    useNullAsDefault: false,
    // An error's message shows the statement as it is, without the values that went with it.
    compileSqlOnError: false,
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  });
  db.userParams = { ...options.userParams };
  return db;
}
