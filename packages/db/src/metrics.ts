import { histogram, newMetrics, readGauge, type Metrics } from '@clientela/runtime';
import type { Db } from './connect.ts';

const queryDuration = histogram(
  'clientela_db_query_duration_seconds',
  'Duration of the statements of a database, by what they do to which table',
  { service: 8, statement: 60 },
  [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
);
const waitDuration = histogram(
  'clientela_db_pool_wait_seconds',
  'Time until a pool provided a connection',
  { service: 8, pool: 8 },
  [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2],
);

// A parenthesis follows a function and the columns of an insert.
const table = /\binto\s+"?([a-z_]+)|\b(?:from|update|join)\s+(?:only\s+)?"?([a-z_]+)\b"?(?!\s*\()/i;

const namesByText = new Map<string, string>();
const maxRememberedTexts = 500;
const maxRememberedLength = 4000; // characters; a longer text, built for many rows, hardly ever returns, and a look-up reads all of it

/**
 * Names a statement by its verb and its first table, so that neither its text nor a value becomes a label.
 * @param isConstant whether the text is one of a named statement, which is remembered however long it is
 */
export function statementName(sql: string, isConstant = false): string {
  if (!isConstant && sql.length > maxRememberedLength) return nameOf(sql);
  const known = namesByText.get(sql);
  if (known !== undefined) return known;
  const name = nameOf(sql);
  if (namesByText.size < maxRememberedTexts) namesByText.set(sql, name);
  return name;
}

function nameOf(sql: string): string {
  const text = sql.slice(0, maxRememberedLength); // a long list of columns precedes the table
  const verb = /[a-z]+/i.exec(text)?.[0].toLowerCase() ?? 'other';
  const isOfTable = verb === 'select' || verb === 'insert' || verb === 'update' || verb === 'delete' || verb === 'with';
  const [, inserted, other] = (isOfTable && table.exec(text)) || [];
  const name = (inserted ?? other)?.toLowerCase();
  return name === undefined ? verb : `${verb} ${name}`;
}

/** `customer lists` is the pool `lists` of the service `customer`. */
function labelsOf(name: string): { service: string; pool: string } {
  const [service = '', pool = 'main'] = name.split(' ');
  return { service, pool };
}

/** @returns the name of the statement */
export function measureStatement(
  name: string,
  { sql, isConstant }: { sql: string; isConstant: boolean },
  milliseconds: number,
): string {
  const statement = statementName(sql, isConstant);
  queryDuration.observe({ service: labelsOf(name).service, statement }, milliseconds / 1000);
  return statement;
}

/** The part of tarn's pool, which Knex uses, that is measured. */
type Pool = {
  numUsed: () => number;
  numFree: () => number;
  numPendingAcquires: () => number;
  on: (
    event: 'acquireRequest' | 'acquireSuccess' | 'acquireFail' | 'poolDestroyRequest',
    listener: (id: number) => void,
  ) => void;
};
const pools = new Map<Pool, { service: string; pool: string }>();
readGauge({
  name: 'clientela_db_pool_connections',
  help: 'Connections of a pool by state, and how many more are waited for',
  labelNames: ['service', 'pool', 'state'],
  read: () =>
    [...pools].flatMap(([pool, labels]) => [
      { labels: { ...labels, state: 'used' }, value: pool.numUsed() },
      { labels: { ...labels, state: 'idle' }, value: pool.numFree() },
      { labels: { ...labels, state: 'waiting' }, value: pool.numPendingAcquires() },
    ]),
});

/** Measures a pool until it is closed. @param name of the pool, as in pg_stat_activity */
export function measurePool(db: Db, name: string): void {
  const pool = (db.client as { pool: Pool }).pool;
  const labels = labelsOf(name);
  const requestedAt = new Map<number, number>();
  const observe = (id: number) => {
    waitDuration.observe(labels, (performance.now() - (requestedAt.get(id) ?? performance.now())) / 1000);
    requestedAt.delete(id);
  };
  pools.set(pool, labels);
  pool.on('acquireRequest', (id) => requestedAt.set(id, performance.now()));
  pool.on('acquireSuccess', observe);
  pool.on('acquireFail', observe);
  pool.on('poolDestroyRequest', () => pools.delete(pool));
}

type TableSize = { table: string; rows: number; bytes: number };
const maxAge = 60_000; // milliseconds; reading the sizes touches every file of the database

/** Rows (the planner's estimate) and bytes, with indexes, of the tables of a service. */
export function tableMetrics(db: Db, service: string): Metrics {
  const metrics = newMetrics();
  let readAt = -Infinity;
  let sizes: Promise<TableSize[]> = Promise.resolve([]);
  const readSizes = () => {
    if (performance.now() - readAt > maxAge) {
      readAt = performance.now();
      sizes = findTableSizes(db);
      sizes.catch(() => (readAt = -Infinity));
    }
    return sizes;
  };
  const readingsOf = async (figure: 'rows' | 'bytes') =>
    (await readSizes()).map((size) => ({ labels: { service, table: size.table }, value: size[figure] }));
  const labelNames = ['service', 'table'];
  readGauge({
    name: 'clientela_db_table_rows',
    help: 'Rows of a table, as the planner estimates them',
    labelNames,
    metrics,
    read: () => readingsOf('rows'),
  });
  readGauge({
    name: 'clientela_db_table_bytes',
    help: 'Bytes of a table with its indexes',
    labelNames,
    metrics,
    read: () => readingsOf('bytes'),
  });
  return metrics;
}

async function findTableSizes(db: Db): Promise<TableSize[]> {
  const { rows } = await db.raw<{ rows: TableSize[] }>(
    `select relname as "table", greatest(reltuples, 0)::float8 as rows, pg_total_relation_size(oid)::float8 as bytes
       from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  return rows;
}
