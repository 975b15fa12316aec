import type { Tx } from './connect.ts';

/** Follows savepoints to the transaction that commits. */
export function outermostOf(tx: Tx): Tx {
  let outermost = tx;
  while (outermost.parentTransaction) outermost = outermost.parentTransaction;
  return outermost;
}

/** Runs work once the outermost transaction has committed, and never after a rollback. */
export function afterCommit(tx: Tx, work: () => void): void {
  // A rejection is a rollback or a failed COMMIT, which the owner of the transaction handles.
  void outermostOf(tx).executionPromise.then(work, () => {});
}
