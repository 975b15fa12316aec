import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import type { JobHandlers } from '../job-handler.ts';
import { hasUnfinishedJobs } from '../store.ts';
import { runJobs } from '../worker.ts';

const silent = { info: () => {}, warn: () => {} } as unknown as Log;

/** Runs all jobs of a test's database in this process, as the jobs process does, until none is queued or running. */
export async function drainJobs(db: Db, handlers: JobHandlers, log = silent): Promise<void> {
  const runner = runJobs({ db, handlers, log });
  try {
    while (await hasUnfinishedJobs(db)) await sleep(20);
  } finally {
    await runner.stop();
  }
}
