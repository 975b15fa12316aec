import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@clientela/errors';
import type { Knex } from 'knex';
import { maxId, maxPhone, maxText, type SourceRow } from './rules.ts';
import type { ImportSource } from './settings.ts';

const pageSize = 1000;
const table = 'ZkzClients';
/** The name of the text type in a cast, which also shortens the text. */
const textTypes = { mssql: 'nvarchar', pg: 'varchar', mysql2: 'char' } as const;

/** The source failed. Its own tries are configured, so the job is not retried, as it would be for `unavailable`. */
const sourceUnavailable = (cause: unknown) =>
  new AppError('bad_gateway', {
    error_code: 'IMPORT_SOURCE_UNAVAILABLE',
    detail: 'The import source is unavailable',
    cause,
  });

/**
 * Reads all rows of the source, the highest id first, in pages. The source sorts and compares the ids, and returns them as text,
 * because drivers round large ones. A page follows when the caller has taken the one before, so the memory stays flat.
 * @throws AppError `IMPORT_SOURCE_UNAVAILABLE` when a connection or a statement fails or exceeds its timeout
 */
export async function* readSourceRows(
  source: ImportSource,
  options: { signal: AbortSignal; pageSize?: number },
): AsyncGenerator<SourceRow[]> {
  const { signal } = options;
  const limit = options.pageSize ?? pageSize;
  const connections = new Set<RawConnection>();
  const db = await open(source, connections);
  try {
    let below: string | undefined;
    for (;;) {
      const page = await within(source.timeout, signal, queryPage(db, source, { below, limit }));
      if (page.length > 0) yield page;
      const last = page.at(-1)?.row_id ?? undefined;
      if (page.length < limit || last === undefined) return;
      if (last === below) throw sourceUnavailable(new Error('the ids of the source have no order'));
      below = last;
    }
  } finally {
    // A server that does not respond must not delay the end: the connections are closed after a moment.
    await Promise.race([db.destroy().catch(() => {}), sleep(200)]);
    for (const connection of connections) disconnect(connection);
  }
}

type RawConnection = { destroy?: () => void; close?: () => void; connection?: { stream?: { destroy: () => void } } };

/** Closes a connection of tedious, pg or mysql2 without waiting for its server. */
function disconnect(connection: RawConnection): void {
  if (connection.close) connection.close();
  else if (connection.connection?.stream) connection.connection.stream.destroy();
  else connection.destroy?.();
}

/** Opens a pool of one connection. Knex and the driver are loaded here, because a service without an import needs neither. */
async function open(source: ImportSource, connections: Set<RawConnection>): Promise<Knex> {
  const { default: knex } = await import('knex');
  const db = knex({
    client: source.client,
    connection: connectionOf(source) as Knex.StaticConnectionConfig,
    pool: {
      min: 0,
      max: 1,
      afterCreate: (connection: RawConnection, done: (error: null, connection: RawConnection) => void) => {
        connections.add(connection);
        done(null, connection);
      },
    },
    acquireConnectionTimeout: source.timeout,
    compileSqlOnError: false, // errors without bound values
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  });
  // Knex shares one queue of requests among all its SQL Server clients, by which a request could reach another connection.
  Object.assign(db.client as object, { requestQueue: [] });
  return db;
}

function connectionOf({ client, host, port, database, user, password, timeout, encrypt }: ImportSource): object {
  const address = { host, port, database, user, password };
  if (client === 'pg') return { ...address, connectionTimeoutMillis: timeout, statement_timeout: timeout };
  if (client === 'mysql2')
    return { ...address, connectTimeout: timeout, supportBigNumbers: true, bigNumberStrings: true };
  return {
    ...address,
    options: {
      port,
      encrypt,
      trustServerCertificate: true, // SQL Server makes its own certificate unless an operator installs one
      connectTimeout: timeout,
      requestTimeout: timeout,
      appName: 'clientela',
    },
  };
}

/** Queries the rows below an id. No alias equals a column in lower case, or `order by` would sort by the text. */
async function queryPage(
  db: Knex,
  { client }: ImportSource,
  { below, limit }: { below: string | undefined; limit: number },
): Promise<SourceRow[]> {
  const text = (column: string, length: number, alias: string) =>
    db.raw(`cast(?? as ${textTypes[client]}(${length})) as ??`, [`${table}.${column}`, alias]);
  const query = db(table)
    .select(
      text('ID', maxId + 1, 'row_id'),
      text('phone_main', maxPhone, 'phone'),
      text('FirstFIO', maxText, 'name'),
      text('email_main', maxText, 'email'),
      { registered: `${table}.created_at` },
    )
    .orderBy(`${table}.ID`, 'desc')
    .limit(limit);
  return (await (below === undefined ? query : query.where(`${table}.ID`, '<', below))) as SourceRow[];
}

/** Waits for a result. The drivers' own timeouts end with the first packet of a response. */
async function within<T>(timeout: number, signal: AbortSignal, result: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const timer = new AbortController();
  const timedOut = sleep(timeout, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).then(() => {
    throw new Error('the source did not respond in time');
  });
  try {
    return await Promise.race([result, timedOut]);
  } catch (error) {
    signal.throwIfAborted();
    throw sourceUnavailable(error);
  } finally {
    timer.abort();
    timedOut.catch(() => {});
    result.catch(() => {});
  }
}
