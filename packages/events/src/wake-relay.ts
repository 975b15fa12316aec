import { afterCommit, outermostOf, type Db, type Tx } from '@clientela/db';

/** Links the transactions of a pool to the relays of this process. */
type RelayLink = {
  /** Wakes each running relay. */
  wakers: Set<() => void>;
  /** Outermost transactions whose commit wakes the relays already. */
  registered: WeakSet<Tx>;
};

/** Reads the link of a pool. Knex shares the pool's `userParams` object with its outermost transactions, but not with savepoints. */
const relayLinkOf = (db: Db): RelayLink =>
  (db.userParams['relayLink'] ??= { wakers: new Set(), registered: new WeakSet() } satisfies RelayLink);

/** Wakes a relay after each commit of this pool that leaves deliveries. @returns a function that ends it */
export function onDeliveriesCommitted(db: Db, wake: () => void): () => void {
  const { wakers } = relayLinkOf(db);
  wakers.add(wake);
  return () => void wakers.delete(wake);
}

/**
 * Wakes the relays once after the commit of the outermost transaction. Every writer of deliveries calls it.
 * A wake that finds nothing, for example after a rolled-back savepoint, is harmless; a missed one costs a poll interval.
 */
export function wakeRelayAfterCommit(tx: Tx): void {
  const outermost = outermostOf(tx);
  const { wakers, registered } = relayLinkOf(outermost);
  if (registered.has(outermost)) return;
  registered.add(outermost);
  afterCommit(outermost, () => {
    for (const wake of wakers) wake();
  });
}
