import knex from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';

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

const sessionSettings = [
  'timezone=UTC',
  'statement_timeout=5000', // milliseconds, as are the two below
  'lock_timeout=1000',
  'idle_in_transaction_session_timeout=10000',
];

/**
 * Opens a pool for the app role. Timeouts: 2 s for a connection, 5 s for a statement, 1 s for a lock.
 * @param url postgresql://role:password@host:port/database
 * @param options.pool maximum number of connections
 * @param options.name shown in pg_stat_activity
 * @param options.userParams carried by the pool and by all its transactions, as one shared object
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
      options: sessionSettings.map((setting) => `-c ${setting}`).join(' '),
    },
    // Idle connections are kept for a while, because a new one starts with empty catalog and plan caches.
    pool: { min: 0, max: options.pool ?? 10, idleTimeoutMillis: 600_000 },
    acquireConnectionTimeout: 2000,
    // Never writes null for an undefined value.
    useNullAsDefault: false,
    // Keeps bound values out of error messages.
    compileSqlOnError: false,
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  });
  db.userParams = { ...options.userParams };
  return db;
}
