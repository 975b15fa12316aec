import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Logger } from 'pino';
import { deleteExpired } from './idempotency-store.ts';

const every = 300_000; // milliseconds
const atOnce = 1000; // rows in one statement

/**
 * Removes answers that are kept no longer (24 hours). Every replica does; each takes rows that no other one is at.
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
        while (!stopping.signal.aborted && (await deleteExpired(db, atOnce)) === atOnce);
      } catch (error) {
        log.warn({ err: error }, 'old answers could not be removed');
      }
      await sleep(options.every ?? every, undefined, { signal: stopping.signal }).catch(() => {});
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
