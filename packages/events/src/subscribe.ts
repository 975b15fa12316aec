import type { EventData, Envelope, EventContract } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { invalid } from '@clientela/errors';

export type EventOf<E extends EventContract> = Omit<Envelope, 'data'> & { data: EventData<E> };

export type Subscription = {
  contract: EventContract;
  prepare?: (event: Envelope, context: PrepareContext) => Promise<unknown>;
  handler: (tx: Tx, event: Envelope, prepared: unknown) => Promise<void>;
};

type PrepareContext = { signal: AbortSignal };

/**
 * Subscribes a handler to an event. The handler runs in the transaction that records the event as processed, so its effect happens once.
 * @param options.prepare runs before the transaction, for calls to other services. Its result may be older than the effect of a later
 * event, so the handler compares sequences.
 */
export const subscribe = <E extends EventContract, Prepared = undefined>(
  contract: E,
  handler: (tx: Tx, event: EventOf<E>, prepared: Prepared) => Promise<void>,
  { prepare }: { prepare?: (event: EventOf<E>, context: PrepareContext) => Promise<Prepared> } = {},
): Subscription => ({
  contract,
  ...(prepare && { prepare: async (event, context) => prepare(parseEvent(contract, event), context) }),
  handler: (tx, event, prepared) => handler(tx, parseEvent(contract, event), prepared as Prepared),
});

function parseEvent<E extends EventContract>(contract: E, event: Envelope): EventOf<E> {
  const data = contract.data.safeParse(event.data);
  if (!data.success) throw invalid([{ path: 'data', message: `does not match the contract of ${contract.name}` }]);
  return { ...event, data: data.data as EventData<E> };
}

/**
 * Runs the handlers of an event in their own transaction.
 * @returns false when the event was processed before
 */
export async function consume(
  db: Db,
  subscriptions: readonly Subscription[],
  event: Envelope,
  signal: AbortSignal,
): Promise<boolean> {
  const handlers = await prepareSubscribers(db, subscriptions, event, { signal });
  return handlers.length > 0 && db.transaction((tx) => consumeOnce(tx, handlers, event));
}

/** A subscription with the result of its `prepare`. */
export type PreparedSubscription = { subscription: Subscription; prepared: unknown };

/**
 * Runs `prepare` of every subscription to an event. @returns an empty list when the event was processed before
 * @throws AppError 422 for an event this service does not subscribe to, so that the publisher keeps it
 */
export async function prepareSubscribers(
  db: Db,
  subscriptions: readonly Subscription[],
  event: Envelope,
  context: PrepareContext,
): Promise<PreparedSubscription[]> {
  const matching = subscriptions.filter(({ contract }) => contract.name === event.name);
  if (matching.length === 0) throw invalid([{ path: 'name', message: 'is not an event this service subscribes to' }]);
  const needsPrepare = matching.some(({ prepare }) => prepare);
  if (needsPrepare && (await db('inbox_events').select('event_id').where({ event_id: event.id }).first())) return [];
  return Promise.all(
    matching.map(async (subscription) => ({ subscription, prepared: await subscription.prepare?.(event, context) })),
  );
}

/**
 * Records an event as processed and runs its handlers in the same transaction.
 * @returns false when the event was processed before
 */
export async function consumeOnce(
  tx: Tx,
  handlers: readonly PreparedSubscription[],
  event: Envelope,
): Promise<boolean> {
  if (handlers.length === 0) return false;
  const inserted = await tx('inbox_events')
    .insert({ event_id: event.id, name: event.name })
    .onConflict('event_id')
    .ignore()
    .returning('event_id');
  if (inserted.length === 0) return false;
  for (const { subscription, prepared } of handlers) await subscription.handler(tx, event, prepared);
  return true;
}
