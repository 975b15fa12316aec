import type { Db, Tx } from '@clientela/db';

/** Told after each commit, as a door tells it. */
export type AfterCommit = { after_commit?: ((tx: Tx) => void) | undefined };

/** A transaction of a door that opens its own, because a refusal is a change too. */
export async function committing<T>(db: Db, { after_commit }: AfterCommit, work: (tx: Tx) => Promise<T>): Promise<T> {
  let done: Tx | undefined;
  const result = await db.transaction(async (tx) => {
    done = tx;
    return work(tx);
  });
  if (done) after_commit?.(done);
  return result;
}
