import type { Knex } from 'knex';
import type { Db, Tx } from './connect.ts';

type Begun = {
  begin: (connection: unknown) => Promise<unknown>;
  query: (connection: unknown, sql: string) => Promise<unknown>;
};
type Begin = (container: unknown, config: { timeLeft?: () => number } | undefined, outer?: unknown) => Begun;

/**
 * Runs `work` in a transaction whose statements PostgreSQL cancels when the time has passed.
 * @param timeLeft milliseconds, asked when the transaction has its connection
 */
export const transactionWithin = <R>(db: Db, timeLeft: () => number, work: (tx: Tx) => Promise<R>): Promise<R> =>
  db.transaction(work, { timeLeft } as Knex.TransactionConfig);

/**
 * Makes transactions of `transactionWithin` begin with their time as the statement timeout, when that is less than the pool's. It goes
 * to the server together with BEGIN: a round trip of its own would cost as much as a short statement.
 */
export function limitTransactions(db: Db, statementTimeout: number): void {
  const client = db.client as { transaction: Begin };
  const start = client.transaction.bind(client);
  client.transaction = (container, config, outer) => {
    const transaction = start(container, config, outer);
    const begin = transaction.begin.bind(transaction);
    transaction.begin = (connection) => {
      const limit = Math.max(1, Math.ceil(config?.timeLeft?.() ?? Infinity));
      if (limit >= statementTimeout) return begin(connection);
      return transaction.query(connection, `BEGIN; SET LOCAL statement_timeout = ${limit}`);
    };
    return transaction;
  };
}
