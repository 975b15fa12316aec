import type { Tx } from './connect.ts';

/** Runs work after the commit of a change; never when its transaction, or a savepoint around it, is rolled back. */
export function afterCommit(tx: Tx, work: () => void): void {
  const { parentTransaction: parent } = tx;
  void tx.executionPromise.then(
    () => (parent ? afterCommit(parent, work) : work()),
    () => {}, // a rollback or a failed COMMIT, which the owner of the transaction handles
  );
}

/** Follows savepoints to the transaction that commits. */
export function outermostOf(tx: Tx): Tx {
  let outermost = tx;
  while (outermost.parentTransaction) outermost = outermost.parentTransaction;
  return outermost;
}
