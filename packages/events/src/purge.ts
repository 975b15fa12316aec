import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';

const every = 60_000; // milliseconds
const atOnce = 10_000; // rows of a statement
const keep = '10 minutes'; // for which a delivered event can still be looked at
const remember = '30 days'; // for which an event that comes again is known

/** Keeps outbox and inbox small, a bounded number of rows at a time. */
export async function purge(db: Db, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const removed = await Promise.all([purgeOutbox(db), purgeInbox(db)]).catch(() => [0]);
    if (Math.max(...removed) < atOnce) await sleep(every, undefined, { signal }).catch(() => {});
  }
}

/** Removes what every subscriber has confirmed a while ago. */
export const purgeOutbox = (db: Db): Promise<number> =>
  db('outbox_events')
    .whereIn(
      'id',
      db('outbox_events as e')
        .select('e.id')
        .whereRaw(`e.written_at < now() - interval '${keep}'`)
        .whereNotExists(db('outbox_deliveries as d').select(db.raw('1')).whereRaw('d.event_id = e.id'))
        .orderBy('e.id')
        .limit(atOnce),
    )
    .delete();

/** Forgets what was heard long ago. Ids grow with time, so that the oldest are at the beginning of the index there is. */
export const purgeInbox = (db: Db): Promise<number> =>
  db('inbox_events')
    .whereIn(
      'event_id',
      db('inbox_events')
        .select('event_id')
        .whereRaw(`event_id < ?::uuid and processed_at < now() - interval '${remember}'`, [
          firstIdOf(Date.now() - month),
        ])
        .orderBy('event_id')
        .limit(atOnce),
    )
    .delete();

const month = 30 * 24 * 3600 * 1000;

/** The smallest UUIDv7 of a millisecond (RFC 9562, 5.7). */
function firstIdOf(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
