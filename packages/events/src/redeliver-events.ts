import type { Envelope } from '@clientela/contracts';
import { whereKeyset, type Db } from '@clientela/db';
import { aggregateOf, brokerSubscriber } from './publish.ts';

const batchSize = 500; // rows of a statement

/**
 * Delivers again the events that everybody had confirmed and that the outbox still has, those of the last ten minutes. For a database that
 * was restored without its broker: what was in a queue only is in the outbox too, and subscribers recognize what they have handled.
 * @returns the number of events
 */
export async function redeliverEvents(db: Db): Promise<number> {
  let total = 0;
  for (let after: string | undefined, isLast = false; !isLast;) {
    const query = db('outbox_events as e')
      .select<{ id: string; envelope: Envelope }[]>('id', 'envelope')
      .whereNotExists(db('outbox_deliveries as d').select(db.raw('1')).whereRaw('d.event_id = e.id'))
      .orderBy('id')
      .limit(batchSize);
    if (after !== undefined) void whereKeyset(query, ['id'], '>', [after]);
    const events = await query;
    const deliveries = events.map(({ id, envelope }) => ({
      event_id: id,
      subscriber: brokerSubscriber,
      aggregate: aggregateOf(envelope),
    }));
    if (deliveries.length > 0) await db('outbox_deliveries').insert(deliveries).onConflict().ignore();
    total += deliveries.length;
    after = events.at(-1)?.id;
    isLast = events.length < batchSize;
  }
  return total;
}
