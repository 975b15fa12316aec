import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import { cleanSearchIndex } from './store.ts';

/**
 * Sorts what was written lately into the search index: searches read its pending entries one by one, and writes do not pay for it.
 * Safe in several processes.
 */
export const startSearchIndexCleanup = (options: { db: Db; log: Log }) =>
  startPeriodicWorker({
    run: async () => void (await cleanSearchIndex(options.db)),
    intervalMs: 500,
    log: options.log,
    failureMessage: 'sorting new entries into the search index failed and will be retried',
  });
