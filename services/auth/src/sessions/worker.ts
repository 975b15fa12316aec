import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import { forgetOldFailures } from '../sign-ins/store.ts';
import { removePastSessions } from './store.ts';

const every = 60_000; // milliseconds

/** Removes sessions that were over long ago, and failed sign-ins that count no more. Every replica does; it does not matter who comes first. */
export function startCleaning(db: Db, log: Log): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await sleep(every, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        await forgetOldFailures(db);
        await removePastSessions(db);
      } catch (error) {
        log.warn({ err: error }, 'what is past could not be removed');
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
