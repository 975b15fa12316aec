import { findEventContract, type EventData, type Envelope, type EventContract } from '@clientela/contracts';
import { newId, outermostOf, type Tx } from '@clientela/db';
import { traceparent } from '@clientela/runtime';
import { wakeRelayAfterCommit } from './wake-relay.ts';

/** Who caused an event: the actor of a request, or the actor that an earlier event names. */
export type EventOrigin = { id: string; company_id: string | null; request_id: string };

/** The subscriber name of deliveries that RabbitMQ fans out: one delivery, whatever queues are bound. */
export const brokerSubscriber = 'broker';

/** Pool options that make `publish` write deliveries for the configured transport. */
export const outboxPoolOptions = ({ RABBITMQ_URL }: { RABBITMQ_URL?: string | undefined }) => ({
  userParams: { outboxTransport: RABBITMQ_URL === undefined ? 'http' : 'amqp' },
});

/** The ordering key of an event: events with the same aggregate are delivered in order. */
export function aggregateOf({ name, data }: Pick<Envelope, 'name' | 'data'>): string {
  const field = findEventContract(name)?.aggregate;
  return field ? `${field} ${JSON.stringify(data[field])}` : name;
}

/** The event-specific part of an envelope: the record's version after the change, and the contract's data. */
export type EventPayload<E extends EventContract> = { sequence: number; data: EventData<E> };

/**
 * Publishes an event by writing it to the outbox in the transaction of the change: a committed change never loses its event, a
 * rolled-back one never sends it. The commit wakes this process's relay.
 * @param sequence the record's version after the change
 */
export const publish = <E extends EventContract>(
  tx: Tx,
  contract: E,
  origin: EventOrigin,
  sequence: number,
  data: EventData<E>,
): Promise<void> => publishAll(tx, contract, origin, [{ sequence, data }]);

/** Publishes several events of one contract, in the order of `payloads`. */
export async function publishAll<E extends EventContract>(
  tx: Tx,
  contract: E,
  origin: EventOrigin,
  payloads: readonly EventPayload<E>[],
): Promise<void> {
  if (payloads.length === 0) return;
  const envelopes = payloads.map(({ sequence, data }): Envelope => ({
    id: newId(),
    name: contract.name,
    occurred_at: new Date().toISOString(),
    company_id: origin.company_id,
    actor_id: origin.id,
    request_id: origin.request_id,
    sequence,
    data: contract.data.parse(data) as Envelope['data'],
  }));
  const trace = traceparent();
  await tx('outbox_events').insert(
    envelopes.map((envelope) => ({ id: envelope.id, envelope, ...(trace !== undefined && { traceparent: trace }) })),
  );
  const subscribers =
    outermostOf(tx).userParams['outboxTransport'] === 'amqp' ? [brokerSubscriber] : contract.subscribers;
  const deliveries = envelopes.flatMap((envelope) => {
    const aggregate = aggregateOf(envelope);
    return subscribers.map((subscriber) => ({ event_id: envelope.id, subscriber, aggregate }));
  });
  if (deliveries.length > 0) await tx('outbox_deliveries').insert(deliveries);
  wakeRelayAfterCommit(tx);
}
