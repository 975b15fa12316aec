import type { DataOf, Envelope, EventContract } from '@clientela/contracts';
import { newId, type Tx } from '@clientela/db';

/** Who caused it: an actor of a door, or whoever an earlier event names. */
export type Cause = { id: string; company_id: string | null; request_id: string };

const published = new WeakSet<Tx>();

/** Whether a transaction said something, so that its commit wakes the relay. */
export const hasPublished = (tx: Tx): boolean => published.has(tx);

/**
 * Says that something happened, as a row of the transaction in which it does: no event of a committed change is lost, none of a
 * rolled-back one is sent.
 * @param sequence the record's version after the change
 */
export async function publish<E extends EventContract>(
  tx: Tx,
  contract: E,
  cause: Cause,
  sequence: number,
  data: DataOf<E>,
): Promise<void> {
  const envelope: Envelope = {
    id: newId(),
    name: contract.name,
    occurred_at: new Date().toISOString(),
    company_id: cause.company_id,
    actor_id: cause.id,
    request_id: cause.request_id,
    sequence,
    data: contract.data.parse(data) as Envelope['data'],
  };
  await tx('outbox_events').insert({ id: envelope.id, envelope });
  if (contract.heard_by.length > 0) {
    const aggregate = `${contract.aggregate} ${JSON.stringify(envelope.data[contract.aggregate])}`;
    await tx('outbox_deliveries').insert(
      contract.heard_by.map((subscriber) => ({ event_id: envelope.id, subscriber, aggregate })),
    );
  }
  published.add(tx);
}
