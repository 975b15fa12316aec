import { afterCommit, type Db, type Tx } from '@clientela/db';

const setting = 'announceRevocations';

/**
 * Calls `announce` after each commit of this pool that revokes sessions or changes a company's status. Gateways that miss it find the
 * change by polling.
 */
export function onRevocationsCommitted(db: Db, announce: () => void): void {
  db.userParams[setting] = announce;
}

/** Announces revocations once the transaction has committed. */
export function announceRevocations(tx: Tx): void {
  const announce = tx.userParams[setting] as (() => void) | undefined;
  if (announce) afterCommit(tx, announce);
}
