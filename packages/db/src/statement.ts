import type pg from 'pg';
import type { Db, Tx } from './connect.ts';

/** A statement whose text never changes: each connection parses and plans it once, under its name. Values are `$1`, `$2` … */
export type NamedStatement = { name: string; text: string };

/** A named statement with its values, to be executed together with others. */
export type BoundStatement = NamedStatement & { values: readonly unknown[] };

/** The part of Knex's client that provides connections: those of the pool, or the one of the transaction. */
type Connections = {
  acquireConnection: () => Promise<pg.Client>;
  releaseConnection: (connection: pg.Client) => Promise<void>;
};

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
  } finally {
    await connections.releaseConnection(connection);
  }
}
