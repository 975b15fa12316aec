import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log, type PeriodicWorker } from '@clientela/runtime';
import { purgeOldFailures } from '../sign-ins/store.ts';
import { deletePastSessions } from './store.ts';

/** Periodically deletes past sessions and expired sign-in failures. Safe to run in every replica. */
export const startSessionCleanup = (db: Db, log: Log): PeriodicWorker =>
  startPeriodicWorker({
    run: async () => {
      await purgeOldFailures(db);
      await deletePastSessions(db);
    },
    intervalMs: 60_000,
    delayFirst: true,
    log,
    failureMessage: 'session cleanup failed, retrying',
  });
