import { afterCommit, outermostOf, type Db, type Tx } from '@clientela/db';

/** Links the transactions of a pool to the relays of this process. */
type RelayLink = {
  /** Wakes each running relay. */
  wakers: Set<(subscribers: ReadonlySet<string>) => void>;
  /** Outermost transactions whose commit wakes the relays, with the subscribers of their deliveries. */
  registered: WeakMap<Tx, Set<string>>;
};

/** Reads the link of a pool, whose transactions share its `userParams`. */
const relayLinkOf = (db: Db): RelayLink =>
  (db.userParams['relayLink'] ??= { wakers: new Set(), registered: new WeakMap() } satisfies RelayLink);

/**
 * Wakes a relay after each commit of this pool that leaves deliveries.
 * @param wake gets the subscribers of these deliveries
 * @returns a function that ends it
 */
export function onDeliveriesCommitted(db: Db, wake: (subscribers: ReadonlySet<string>) => void): () => void {
  const { wakers } = relayLinkOf(db);
  wakers.add(wake);
  return () => void wakers.delete(wake);
}

/**
 * Wakes the relays once after the commit of the outermost transaction. Every writer of deliveries calls it.
 * A wake that finds nothing, for example after a rolled-back savepoint, is harmless; a missed one costs a poll interval.
 * @param subscribers of the deliveries
 */
export function wakeRelayAfterCommit(tx: Tx, subscribers: Iterable<string>): void {
  const outermost = outermostOf(tx);
  const { wakers, registered } = relayLinkOf(outermost);
  const known = registered.get(outermost);
  const woken = known ?? new Set<string>();
  for (const subscriber of subscribers) woken.add(subscriber);
  if (known) return;
  registered.set(outermost, woken);
  afterCommit(outermost, () => {
    for (const wake of wakers) wake(woken);
  });
}
