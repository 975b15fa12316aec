import type { Db, Tx } from '@clientela/db';

/** Told after each commit, as a door tells it. */
export type AfterCommit = { afterCommit?: ((tx: Tx) => void) | undefined };

/** A transaction of a door that opens its own, because a refusal is a change too. */
export async function committing<T>(db: Db, { afterCommit }: AfterCommit, work: (tx: Tx) => Promise<T>): Promise<T> {
  let done: Tx | undefined;
  const result = await db.transaction(async (tx) => {
    done = tx;
    return work(tx);
  });
  if (done) afterCommit?.(done);
  return result;
}
