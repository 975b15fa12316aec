import type pg from 'pg';
import type { Db, Tx } from './connect.ts';

/** A statement whose text never changes: each connection parses and plans it once, under its name. Values are `$1`, `$2` … */
export type NamedStatement = { name: string; text: string };

/** A named statement with its values, to be executed together with others. */
export type BoundStatement = NamedStatement & { values: readonly unknown[] };

/** The part of Knex's client that provides connections: those of the pool, or the one of the transaction. */
type Connections = {
  acquireConnection: () => Promise<Connection>;
  releaseConnection: (connection: Connection) => Promise<void>;
};
/** Knex's pool closes a connection that is marked as disposed, when it is asked for it. */
const disposed = '__knex__disposed';
type Connection = pg.Client & { [disposed]?: unknown };

const planIsOutdated = '0A000'; // feature_not_supported: "cached plan must not change result type"

/**
 * Runs a named statement beside Knex, which would build its text each time. For look-ups by key and fixed writes only: a plan that
 * is kept fits every value, and that of a free search would not.
 * @param db a pool, or the transaction that the statement is part of
 */
export async function execute<Row extends object>(
  db: Db | Tx,
  { name, text }: NamedStatement,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  if (values.includes(undefined)) throw new Error(`${name}: a value is undefined`); // the driver would write null
  if (db.isTransaction && (db as Tx).isCompleted()) throw new Error('The transaction has ended');
  const connections = db.client as Connections;
  const connection = await connections.acquireConnection();
  try {
    const { rows } = await new Promise<pg.QueryResult<Row>>((resolve, reject) => {
      connection.query<Row>({ name, text, values: [...values] }, (error: Error | null, result) =>
        error ? reject(error) : resolve(result),
      );
    });
    return rows;
  } catch (error) {
    // The statement was prepared before a migration, and would fail on this connection for ever: the pool replaces it.
    if ((error as { code?: unknown }).code === planIsOutdated) connection[disposed] = error;
    throw error;
  } finally {
    await connections.releaseConnection(connection);
  }
}
