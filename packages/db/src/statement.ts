import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import type { Db, Tx } from './connect.ts';
import { canReadRows, protocolOf } from './driver-query.ts';
import { pipelinedConfig, waitingConfig } from './message-group.ts';
import { disposeOf, endConnection, type Connection } from './pool.ts';
import { commitsWithLast, commitWith, connectionOf, noteFailure } from './transaction.ts';

/** A statement whose text never changes: each connection parses and plans it once, under its name. Values are `$1`, `$2` … */
export type NamedStatement = { name: string; text: string };

/** A named statement with its values, to be executed together with others. */
export type BoundStatement = NamedStatement & { values: readonly unknown[] };

/** The part of Knex's client that provides the connections of a pool. */
type Connections = {
  acquireConnection: () => Promise<Connection>;
  releaseConnection: (connection: Connection) => Promise<void>;
};

const planIsOutdated = '0A000'; // feature_not_supported: "cached plan must not change result type"
const timeouts: ReadonlySet<unknown> = new Set(['55P03', '57014']); // lock_not_available, query_canceled
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null | undefined)?.code;

function requireDefined(name: string, values: readonly unknown[]): void {
  if (values.includes(undefined)) throw new Error(`${name}: a value is undefined`); // the driver would write null
}

function run<Row extends object>(connection: Connection, config: pg.QueryConfig): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    connection.query<Row>(config, (error: Error | null, result) => {
      // The statement was prepared before a migration, and would fail on this connection for ever: the pool replaces it.
      if (codeOf(error) === planIsOutdated) disposeOf(connection, error);
      if (error) reject(error);
      else resolve(result.rows);
    });
  });
}

/**
 * Runs a named statement beside Knex, which would build its text each time. For fixed statements only: a plan that is kept fits every value,
 * and that of a free search would not.
 * @param db a pool, or the transaction that the statement is part of
 */
export async function execute<Row extends object>(
  db: Db | Tx,
  { name, text }: NamedStatement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  requireDefined(name, values);
  const config = { name, text, values: [...values] };
  const open = connectionOf(db);
  if (open) return run<Row>(open, config);
  const pool = db.client as Connections;
  const connection = await pool.acquireConnection();
  try {
    return await run<Row>(connection, config);
  } finally {
    await pool.releaseConnection(connection);
  }
}

/** A look-up that waits for the end of this turn of the event loop. */
type LookUp = {
  /** Never throws. @returns why it failed */
  start: (connection: Connection) => Promise<unknown>;
  fail: (error: unknown) => void;
};
const gathered = new WeakMap<Connections, LookUp[]>();

const maxSharing = 8; // look-ups of a connection; further ones run on another one at the same time

/**
 * Runs a named statement that finds a few rows by a key. On a pool, those of one turn of the event loop share connections: eight at a time are
 * written together and executed in turn, which costs Node and PostgreSQL half as much (docs/adr/0057). Each is a transaction of its own.
 * @param db a pool, or the transaction that the statement is part of
 */
export async function lookUp<Row extends object>(
  db: Db | Tx,
  statement: NamedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  if (connectionOf(db)) return execute<Row>(db, statement, values);
  requireDefined(statement.name, values);
  const config = pipelinedConfig({ ...statement, values });
  return new Promise((resolve, reject) => {
    const start = async (connection: Connection) => {
      try {
        resolve(await run<Row>(connection, config));
        return undefined;
      } catch (error) {
        reject(error);
        return error;
      }
    };
    gather(db.client as Connections, { start: AsyncLocalStorage.bind(start), fail: reject }); // its span is one of its request
  });
}

function gather(pool: Connections, added: LookUp): void {
  const others = gathered.get(pool);
  if (others) return void others.push(added);
  const all = [added];
  gathered.set(pool, all);
  setImmediate(() => {
    gathered.delete(pool);
    while (all.length > 0) void startTogether(pool, all.splice(0, maxSharing));
  });
}

async function startTogether(pool: Connections, lookUps: readonly LookUp[]): Promise<void> {
  let connection: Connection;
  try {
    connection = await pool.acquireConnection();
  } catch (error) {
    for (const { fail } of lookUps) fail(error);
    return;
  }
  const { stream } = protocolOf(connection);
  let unanswered = lookUps.length;
  stream.cork(); // one write for all
  const ended = lookUps.map(async ({ start }) => {
    const error = await start(connection);
    unanswered -= 1;
    if (unanswered > 0 && timeouts.has(codeOf(error))) endConnection(connection, error); // the others may wait as long, in turn
  });
  stream.uncork();
  await Promise.all(ended);
  await pool.releaseConnection(connection);
}

/**
 * Runs a statement without result together with the transaction's next one, or with its COMMIT, which saves a round trip. When it fails,
 * so does the transaction. A connection that has yet to prepare the statement sends it at once.
 */
export function executeLater(tx: Tx, statement: NamedStatement, values: readonly unknown[]): void {
  requireDefined(statement.name, values);
  const connection = connectionOf(tx);
  connection?.query(waitingConfig({ ...statement, values }), (error: Error | null) => {
    if (!error) return;
    noteFailure(tx, error);
    if (codeOf(error) === undefined) endConnection(connection, error); // the server knows nothing of it and would commit the rest
  });
}

/**
 * Runs a statement that may be the last one of its transaction. If the transaction allows that (`transactionWithin`), it ends with it: COMMIT
 * is sent with the statement, which saves a round trip, or after it on a connection that has yet to prepare it. When it fails, so does COMMIT.
 */
export async function executeLast<Row extends object>(
  tx: Tx,
  statement: NamedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const connection = connectionOf(tx);
  if (!connection || !commitsWithLast(tx)) return execute(tx, statement, values);
  requireDefined(statement.name, values);
  const isPrepared = canReadRows(connection, statement.name);
  const rows = isPrepared
    ? run<Row>(connection, waitingConfig({ ...statement, values }, true))
    : execute<Row>(tx, statement, values);
  if (!isPrepared) await rows;
  await commitWith(tx, rows);
  return rows;
}
