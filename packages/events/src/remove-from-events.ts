import type { EventContract } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { aggregateOf, brokerSubscriber } from './publish.ts';

/**
 * Removes a field from the data of events that wait for delivery or have failed, at the publisher and at a subscriber.
 * @param contracts events that identify their aggregate by the same field
 * @param target.aggregate_id the aggregate whose events lose the field; null for none
 * @param target.value failed events with this value lose it too, whatever their aggregate; null for none
 */
export async function removeFromEvents(
  tx: Tx,
  contracts: readonly [EventContract, ...EventContract[]],
  { field, aggregate_id, value }: { field: string; aggregate_id: string | null; value: string | null },
): Promise<void> {
  const [{ name, aggregate }] = contracts;
  const names = contracts.map((contract) => contract.name);
  const subscribers = [brokerSubscriber, ...new Set(contracts.flatMap((contract) => contract.subscribers))];
  const removeFrom = (table: 'outbox_events' | 'dead_letters') =>
    tx(table)
      .whereRaw(`envelope ->> 'name' = any(?) and jsonb_exists(envelope -> 'data', ?)`, [names, field])
      .update({ envelope: tx.raw('envelope #- ?', [['data', field]]) });
  const matches = [
    `(envelope -> 'data' ->> ? = ? or envelope -> 'data' ->> ? = ?)`,
    [aggregate, aggregate_id, field, value],
  ] as const;

  const deliveries = tx('outbox_deliveries').select('event_id');
  if (aggregate_id !== null) {
    const key = aggregateOf({ name, data: { [aggregate]: aggregate_id } });
    const waiting = deliveries.clone().whereNull('failed_at').whereIn('subscriber', subscribers);
    await removeFrom('outbox_events').whereIn('id', waiting.where({ aggregate: key }));
  }
  // Few rows: no index finds them by their data.
  await removeFrom('outbox_events')
    .whereIn('id', deliveries.clone().whereNotNull('failed_at'))
    .whereRaw(...matches);
  await removeFrom('dead_letters').whereRaw(...matches);
}
