import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Logger } from 'pino';
import { deleteExpired } from './idempotency-store.ts';

const defaultInterval = 300_000; // milliseconds
const batchSize = 1000; // rows per statement

/**
 * Deletes expired stored responses (24 hours) periodically. Every replica does; each skips the rows that another one has locked.
 * @param options.every milliseconds between two rounds, default 5 minutes
 */
export function startIdempotencyCleanup(
  db: Db,
  log: Logger,
  options: { every?: number } = {},
): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        while (!stopping.signal.aborted && (await deleteExpired(db, batchSize)) >= batchSize);
      } catch (error) {
        log.warn({ err: error }, 'cleanup of stored responses failed');
      }
      await sleep(options.every ?? defaultInterval, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
