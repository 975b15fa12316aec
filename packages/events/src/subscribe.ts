import type { EventData, Envelope, EventContract } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { invalid } from '@clientela/errors';

export type EventOf<E extends EventContract> = Omit<Envelope, 'data'> & { data: EventData<E> };

export type Subscription = {
  contract: EventContract;
  prepare?: (event: Envelope, context: Preparing) => Promise<unknown>;
  effect: (tx: Tx, event: Envelope, prepared: unknown) => Promise<void>;
};

type Preparing = { signal: AbortSignal };

/**
 * What a service does when it hears an event; the effect runs in the transaction that remembers the event, so it happens once.
 * @param prepare runs before the transaction: what must ask another service does so here. Its answer may be older than what
 * a later event brought, so the effect minds the sequence.
 */
export const subscribe = <E extends EventContract, Prepared = undefined>(
  contract: E,
  effect: (tx: Tx, event: EventOf<E>, prepared: Prepared) => Promise<void>,
  { prepare }: { prepare?: (event: EventOf<E>, context: Preparing) => Promise<Prepared> } = {},
): Subscription => ({
  contract,
  ...(prepare && { prepare: async (event, context) => prepare(heardAs(contract, event), context) }),
  effect: (tx, event, prepared) => effect(tx, heardAs(contract, event), prepared as Prepared),
});

function heardAs<E extends EventContract>(contract: E, event: Envelope): EventOf<E> {
  const data = contract.data.safeParse(event.data);
  if (!data.success) throw invalid([{ path: 'data', message: `is not what ${contract.name} carries` }]);
  return { ...event, data: data.data as EventData<E> };
}

/**
 * Runs the effects of an event, in a transaction of their own, unless they have run before.
 * @returns the transaction, committed; undefined when the event was known already
 */
export async function consume(
  db: Db,
  subscriptions: readonly Subscription[],
  event: Envelope,
  signal: AbortSignal,
): Promise<Tx | undefined> {
  const hearing = await prepareSubscribers(db, subscriptions, event, { signal });
  if (hearing.length === 0) return undefined;
  return db.transaction(async (tx) => ((await consumeOnce(tx, hearing, event)) ? tx : undefined));
}

/** A subscription that hears an event, with what it had to ask before. */
export type Ready = { subscription: Subscription; prepared: unknown };

/**
 * Lets every subscription to an event ask what it needs, unless the event is known already.
 * @throws AppError 422 for an event this service does not hear: the sender keeps it
 */
export async function prepareSubscribers(
  db: Db,
  subscriptions: readonly Subscription[],
  event: Envelope,
  context: Preparing,
): Promise<Ready[]> {
  const hearing = subscriptions.filter(({ contract }) => contract.name === event.name);
  if (hearing.length === 0) throw invalid([{ path: 'name', message: 'is not an event this service hears' }]);
  const asks = hearing.some(({ prepare }) => prepare);
  if (asks && (await db('inbox_events').select('event_id').where({ event_id: event.id }).first())) return [];
  return Promise.all(
    hearing.map(async (subscription) => ({ subscription, prepared: await subscription.prepare?.(event, context) })),
  );
}

/**
 * Runs the effects of an event unless they have run before.
 * @returns false when the event was known already
 */
export async function consumeOnce(tx: Tx, hearing: readonly Ready[], event: Envelope): Promise<boolean> {
  if (hearing.length === 0) return false;
  const first = await tx('inbox_events')
    .insert({ event_id: event.id, name: event.name })
    .onConflict('event_id')
    .ignore()
    .returning('event_id');
  if (first.length === 0) return false;
  for (const { subscription, prepared } of hearing) await subscription.effect(tx, event, prepared);
  return true;
}
