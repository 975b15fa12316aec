import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import { createLog } from '@clientela/runtime';
import type { JobHandlers } from '../job-handler.ts';
import { hasUnfinishedJobs } from '../store.ts';
import { runJobs } from '../worker.ts';

const log = createLog('customer', 'error', { redact: [] });

/** Runs all jobs of a test's database in this process, as the jobs process does, until none is queued or running. */
export async function drainJobs(db: Db, handlers: JobHandlers): Promise<void> {
  const runner = runJobs({ db, handlers, log });
  try {
    while (await hasUnfinishedJobs(db)) await sleep(20);
  } finally {
    await runner.stop();
  }
}
