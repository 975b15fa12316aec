import type { Knex } from 'knex';
import type pg from 'pg';
import { beginTransaction } from './begin.ts';
import type { Db, Tx } from './connect.ts';

type Begun = {
  isolationLevel?: string;
  readOnly?: boolean;
  begin: (connection: pg.Client) => Promise<unknown>;
};
type Begin = (container: unknown, config: { timeLeft?: () => number } | undefined, outer?: unknown) => Begun;

/**
 * Runs `work` in a transaction whose statements PostgreSQL cancels when the time has passed.
 * @param timeLeft milliseconds, asked when the transaction has its connection
 */
export const transactionWithin = <R>(db: Db, timeLeft: () => number, work: (tx: Tx) => Promise<R>): Promise<R> =>
  db.transaction(work, { timeLeft } as Knex.TransactionConfig);

/**
 * Makes transactions begin with their first statement. Those of `transactionWithin` have their time as the statement timeout, when that
 * is less than the pool's: a round trip of its own would cost as much as a short statement.
 */
export function joinBeginnings(db: Db, statementTimeout: number): void {
  const client = db.client as { transaction: Begin };
  const start = client.transaction.bind(client);
  client.transaction = (container, config, outer) => {
    const transaction = start(container, config, outer);
    if (transaction.isolationLevel ?? transaction.readOnly) return transaction;
    transaction.begin = (connection) => {
      const limit = Math.max(1, Math.ceil(config?.timeLeft?.() ?? Infinity));
      return beginTransaction(connection, limit < statementTimeout ? limit : undefined);
    };
    return transaction;
  };
}
