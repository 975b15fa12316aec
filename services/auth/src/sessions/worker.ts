import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import { purgeOldFailures } from '../sign-ins/store.ts';
import { deletePastSessions } from './store.ts';

const intervalMs = 60_000;

/** Periodically deletes past sessions and expired sign-in failures. Safe to run in every replica. */
export function startSessionCleanup(db: Db, log: Log): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        await purgeOldFailures(db);
        await deletePastSessions(db);
      } catch (error) {
        log.warn({ err: error }, 'session cleanup failed');
      }
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
