import type pg from 'pg';
import type { Db, Tx } from './connect.ts';
import { waitingConfig } from './message-group.ts';
import { disposeOf, type Connection } from './pool.ts';
import { noteFailure, connectionOf } from './transaction.ts';

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

function requireDefined(name: string, values: readonly unknown[]): void {
  if (values.includes(undefined)) throw new Error(`${name}: a value is undefined`); // the driver would write null
}

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
  requireDefined(name, values);
  const open = connectionOf(db);
  const pool = db.client as Connections;
  const connection = open ?? (await pool.acquireConnection());
  try {
    const { rows } = await new Promise<pg.QueryResult<Row>>((resolve, reject) => {
      connection.query<Row>({ name, text, values: [...values] }, (error: Error | null, result) =>
        error ? reject(error) : resolve(result),
      );
    });
    return rows;
  } catch (error) {
    // The statement was prepared before a migration, and would fail on this connection for ever: the pool replaces it.
    if ((error as { code?: unknown }).code === planIsOutdated) disposeOf(connection, error);
    throw error;
  } finally {
    if (!open) await pool.releaseConnection(connection);
  }
}

/**
 * Runs a statement without result together with the transaction's next one, or with its COMMIT, which saves a round trip. When it fails,
 * so does the transaction. A connection that has yet to prepare the statement sends it at once.
 */
export function executeLater(tx: Tx, statement: NamedStatement, values: readonly unknown[]): void {
  requireDefined(statement.name, values);
  connectionOf(tx)?.query(waitingConfig({ ...statement, values }), (error: Error | null) => {
    if (error) noteFailure(tx, error);
  });
}
