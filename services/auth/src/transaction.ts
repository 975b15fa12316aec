import type { Db, Tx } from '@clientela/db';

/** Called after each commit. */
export type AfterCommit = { afterCommit?: ((tx: Tx) => void) | undefined };

/** Runs a transaction of a `transaction: 'own'` route, which commits even when it rejects the request. */
export async function inTransaction<T>(db: Db, { afterCommit }: AfterCommit, work: (tx: Tx) => Promise<T>): Promise<T> {
  let committed: Tx | undefined;
  const result = await db.transaction(async (tx) => {
    committed = tx;
    return work(tx);
  });
  if (committed) afterCommit?.(committed);
  return result;
}
