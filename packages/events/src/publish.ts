import { findEventContract, type EventData, type Envelope, type EventContract } from '@clientela/contracts';
import { newId, type Tx } from '@clientela/db';

/** Who caused it: an actor of a door, or whoever an earlier event names. */
export type EventOrigin = { id: string; company_id: string | null; request_id: string };

/** The broker counts as one subscriber, whoever hears of it there. */
export const broker = 'broker';

/** What a pool is opened with, so that what is published through it waits for the transport that the settings name. */
export const outboxPoolOptions = ({ RABBITMQ_URL }: { RABBITMQ_URL?: string | undefined }) => ({
  user_params: { events_to: RABBITMQ_URL === undefined ? 'services' : broker },
});

const published = new WeakSet<Tx>();

/** Whether a transaction said something, so that its commit wakes the relay. */
export const hasPublished = (tx: Tx): boolean => published.has(tx);

/** Says of a transaction that its commit leaves something for the relay. */
export const willWake = (tx: Tx): void => void published.add(tx);

/** Which record an event is about: the events of one keep their order. */
export function aggregateOf({ name, data }: Pick<Envelope, 'name' | 'data'>): string {
  const field = findEventContract(name)?.aggregate;
  return field ? `${field} ${JSON.stringify(data[field])}` : name;
}

/** One happening: the record's version after the change, and what is said of it. */
export type EventPayload<E extends EventContract> = { sequence: number; data: EventData<E> };

/**
 * Says that something happened, as a row of the transaction in which it does: no event of a committed change is lost, none of a
 * rolled-back one is sent.
 * @param sequence the record's version after the change
 */
export const publish = <E extends EventContract>(
  tx: Tx,
  contract: E,
  cause: EventOrigin,
  sequence: number,
  data: EventData<E>,
): Promise<void> => publishAll(tx, contract, cause, [{ sequence, data }]);

/** As `publish`, of several happenings of one kind at once, in the order in which they are to be heard. */
export async function publishAll<E extends EventContract>(
  tx: Tx,
  contract: E,
  cause: EventOrigin,
  facts: readonly EventPayload<E>[],
): Promise<void> {
  if (facts.length === 0) return;
  const envelopes = facts.map(({ sequence, data }): Envelope => ({
    id: newId(),
    name: contract.name,
    occurred_at: new Date().toISOString(),
    company_id: cause.company_id,
    actor_id: cause.id,
    request_id: cause.request_id,
    sequence,
    data: contract.data.parse(data) as Envelope['data'],
  }));
  await tx('outbox_events').insert(envelopes.map((envelope) => ({ id: envelope.id, envelope })));
  const subscribers = tx.userParams['events_to'] === broker ? [broker] : contract.subscribers;
  const deliveries = envelopes.flatMap((envelope) => {
    const aggregate = aggregateOf(envelope);
    return subscribers.map((subscriber) => ({ event_id: envelope.id, subscriber, aggregate }));
  });
  if (deliveries.length > 0) await tx('outbox_deliveries').insert(deliveries);
  published.add(tx);
}
