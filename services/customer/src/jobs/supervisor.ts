import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { newId, type Db } from '@clientela/db';
import { addCounts, backoff, startPeriodicWorker, type Count, type Log, type PeriodicWorker } from '@clientela/runtime';
import { deleteOldJobs, hasStuckJob, hasUnfinishedJobs, releaseJobs } from './store.ts';

const POLL_MS = 1000;
const IDLE_MS = 10_000; // an idle process costs some 140 MB
const KILL_MS = 8000; // below the shutdown timeout of this process
// Of V8, so that a job stays small, whatever its file: old space, and each half of the young one.
const HEAP_MB = 128;
const SEMI_SPACE_MB = 8;
const STABLE_MS = 60_000;
const afterCrash = { baseMs: 500, maxMs: 5000 };

const PURGE_MS = 3_600_000;
const PURGE_BATCH = 1000;

/**
 * Keeps a child process that runs the jobs while there are any, so that their memory and CPU are not this service's. It is started again
 * after a crash, killed when it hangs, and ends by itself when this process ends.
 * @param options.entry the module that the child process runs
 */
export function superviseJobs(options: { db: Db; log: Log; entry?: string }): PeriodicWorker {
  const { db, log, entry = join(import.meta.dirname, '../jobs-main.ts') } = options;
  let crashes = 0;

  return startPeriodicWorker({
    run: async (stopping) => {
      if (!(await hasUnfinishedJobs(db))) return;
      const startedAt = Date.now();
      const worker = newId();
      const exit = await runChild(db, worker, entry, stopping);
      if (exit === 'ended' || stopping.aborted) crashes = 0;
      else {
        crashes = Date.now() - startedAt > STABLE_MS ? 1 : crashes + 1;
        log.warn({ exit }, 'the process of the jobs ended and will be started again');
      }
      await releaseJobs(db, worker);
    },
    intervalMs: () => (crashes === 0 ? POLL_MS : backoff(crashes - 1, afterCrash)),
    log,
    failureMessage: 'supervising jobs failed and will be retried',
  });
}

/** Runs a child process until there are no more jobs, or this process stops. @returns how it ended */
async function runChild(db: Db, worker: string, entry: string, stopping: AbortSignal): Promise<string> {
  const child = fork(entry, [worker], {
    execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${SEMI_SPACE_MB}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = exitOf(child);
  child.on('message', ({ counts }: { counts: Count[] }) => addCounts(counts));
  let isEnding = false;
  const end = () => {
    if (!isEnding) child.kill('SIGTERM'); // a second one would end it at once
    isEnding = true;
  };
  const stop = () => {
    end();
    setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref();
  };
  stopping.addEventListener('abort', stop, { once: true });
  if (stopping.aborted) stop();
  let lastBusy = Date.now();
  const watch = startPeriodicWorker({
    run: async () => {
      if (await hasStuckJob(db, worker)) child.kill('SIGKILL');
      else if (await hasUnfinishedJobs(db)) lastBusy = Date.now();
      else if (Date.now() - lastBusy > IDLE_MS) end();
    },
    intervalMs: POLL_MS,
  });
  try {
    return await exited;
  } finally {
    stopping.removeEventListener('abort', stop);
    await watch.stop();
  }
}

const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code === 0 ? 'ended' : (signal ?? `exit code ${code}`)));
    child.once('error', (error) => resolve(error.message)); // it could not be started
  });

/** Deletes jobs 30 days after their end. Safe in several processes. */
export const startJobCleanup = ({ db, log }: { db: Db; log: Log }) =>
  startPeriodicWorker({
    run: async () => (await deleteOldJobs(db, PURGE_BATCH)) === PURGE_BATCH,
    intervalMs: PURGE_MS,
    log,
    failureMessage: 'deleting old jobs failed and will be retried',
  });
