import type { DataOf, Envelope, EventContract } from '@clientela/contracts';
import { newId, type Tx } from '@clientela/db';

/** Who caused it: an actor of a door, or whoever an earlier event names. */
export type Cause = { id: string; company_id: string | null; request_id: string };

const published = new WeakSet<Tx>();

/** Whether a transaction said something, so that its commit wakes the relay. */
export const hasPublished = (tx: Tx): boolean => published.has(tx);

/** One happening: the record's version after the change, and what is said of it. */
export type Fact<E extends EventContract> = { sequence: number; data: DataOf<E> };

/**
 * Says that something happened, as a row of the transaction in which it does: no event of a committed change is lost, none of a
 * rolled-back one is sent.
 * @param sequence the record's version after the change
 */
export const publish = <E extends EventContract>(
  tx: Tx,
  contract: E,
  cause: Cause,
  sequence: number,
  data: DataOf<E>,
): Promise<void> => publishAll(tx, contract, cause, [{ sequence, data }]);

/** As `publish`, of several happenings of one kind at once, in the order in which they are to be heard. */
export async function publishAll<E extends EventContract>(
  tx: Tx,
  contract: E,
  cause: Cause,
  facts: readonly Fact<E>[],
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
  const deliveries = envelopes.flatMap(({ id: event_id, data }) => {
    const aggregate = `${contract.aggregate} ${JSON.stringify(data[contract.aggregate])}`;
    return contract.heard_by.map((subscriber) => ({ event_id, subscriber, aggregate }));
  });
  if (deliveries.length > 0) await tx('outbox_deliveries').insert(deliveries);
  published.add(tx);
}
