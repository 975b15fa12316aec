import { afterCommit, outermostOf, type Db, type Tx } from '@clientela/db';

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
  // Knex shares the pool's `userParams` with its outermost transactions only.
  const announce = outermostOf(tx).userParams[setting] as (() => void) | undefined;
  if (announce) afterCommit(tx, announce);
}
