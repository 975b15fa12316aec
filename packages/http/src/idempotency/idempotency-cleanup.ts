import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import { deleteExpired } from './idempotency-store.ts';

const batchSize = 1000; // rows per statement

/**
 * Deletes expired stored responses (24 hours) periodically. Every replica does; each skips the rows that another one has locked.
 * @param options.intervalMs between two rounds, default 5 minutes
 */
export const startIdempotencyCleanup = (db: Db, log: Log, options: { intervalMs?: number } = {}) =>
  startPeriodicWorker({
    run: async () => (await deleteExpired(db, batchSize)) >= batchSize,
    intervalMs: options.intervalMs ?? 300_000,
    log,
    failureMessage: 'cleanup of stored responses failed, retrying',
  });
