import type { Db } from '@clientela/db';
import { startPeriodicWorker } from '@clientela/runtime';

const intervalMs = 60_000;
const batchSize = 10_000; // rows of a statement
const outboxRetention = '10 minutes'; // for which delivered events stay available for inspection
const inboxRetentionDays = 30; // for which a redelivered event is recognized

/** Purges outbox and inbox periodically, a bounded number of rows at a time, until the signal aborts. */
export const runPurge = (db: Db, signal: AbortSignal): Promise<void> =>
  startPeriodicWorker({
    intervalMs,
    signal,
    run: async () => Math.max(...(await Promise.all([purgeOutbox(db), purgeInbox(db)]))) === batchSize,
  }).ended;

/** Deletes events that every subscriber has confirmed and whose retention is over. @returns deleted rows */
export const purgeOutbox = (db: Db): Promise<number> =>
  db('outbox_events')
    .whereIn(
      'id',
      db('outbox_events as e')
        .select('e.id')
        .whereRaw(`e.created_at < now() - interval '${outboxRetention}'`)
        .whereNotExists(db('outbox_deliveries as d').select(db.raw('1')).whereRaw('d.event_id = e.id'))
        .orderBy('e.id')
        .limit(batchSize),
    )
    .delete();

/**
 * Deletes inbox rows whose retention is over. UUIDv7 ids grow with time, so the primary key finds the oldest without another index.
 * @returns deleted rows
 */
export const purgeInbox = (db: Db): Promise<number> =>
  db('inbox_events')
    .whereIn(
      'event_id',
      db('inbox_events')
        .select('event_id')
        .whereRaw(`event_id < ?::uuid and processed_at < now() - interval '${inboxRetentionDays} days'`, [
          smallestIdAt(Date.now() - inboxRetentionDays * 24 * 3600 * 1000),
        ])
        .orderBy('event_id')
        .limit(batchSize),
    )
    .delete();

/** The smallest UUIDv7 of a millisecond (RFC 9562, 5.7). */
function smallestIdAt(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
