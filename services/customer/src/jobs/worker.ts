import { setTimeout as sleep } from 'node:timers/promises';
import { asUnavailable, newId, type Db } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import type { JobHandlers } from './job-handler.ts';
import {
  claimJob,
  endJob,
  MAX_FAILURES,
  postponeJob,
  renewJobs,
  requeueJob,
  saveJobProgress,
  type ClaimedJob,
} from './store.ts';

const POLL_MS = 1000;
const RENEW_MS = 2000; // also how soon a handler between chunks notices a cancellation
const CONCURRENCY = 4; // jobs of one process, at most two of a company
const DRAIN_MS = 6000; // below the shutdown timeout of a process

type Interruption = 'cancelled' | 'lost' | 'stopped';
const messages: Record<Interruption, string> = {
  cancelled: 'The job was cancelled',
  lost: 'Another worker has the job',
  stopped: 'The worker is stopping',
};

/** A job that this process works on. */
type Execution = {
  job: ClaimedJob;
  signal: AbortSignal;
  interruption: () => Interruption | undefined;
  interrupt: (reason: Interruption) => Error;
  ended: Promise<void>;
};

export type JobRunner = {
  /** Looks for jobs at once. */
  wake: () => Promise<void>;
  /** Claims no more, lets current chunks end, and puts the jobs back into the queue. */
  stop: () => Promise<void>;
};

/**
 * Runs jobs: claims them, renews the claims while handlers work, and records how they end. Several processes share the jobs. A job of
 * a worker that died is claimed again, and the earlier worker can commit nothing more.
 * @param options.handlers jobs of other kinds are left to other workers
 * @param options.worker id by which `releaseJobs` finds the jobs of a worker that was killed
 */
export function runJobs(options: { db: Db; handlers: JobHandlers; log: Log; worker?: string }): JobRunner {
  const { db, handlers, log, worker = newId() } = options;
  const kinds = Object.keys(handlers);
  const executions = new Set<Execution>();
  let isStopping = false;

  const claiming = startPeriodicWorker({
    run: async () => {
      if (isStopping || executions.size >= CONCURRENCY) return false;
      const job = await claimJob(db, worker, kinds);
      if (job) start(job);
      return job !== undefined;
    },
    intervalMs: POLL_MS,
    log,
    failureMessage: 'claiming jobs failed and will be retried',
  });
  const renewing = startPeriodicWorker({
    run: () => renewClaims(db, executions),
    intervalMs: RENEW_MS,
    log,
    failureMessage: 'renewing jobs failed and will be retried',
  });

  function start(job: ClaimedJob): void {
    const execution = createExecution(job);
    executions.add(execution);
    if (isStopping) execution.interrupt('stopped');
    execution.ended = execute(execution).finally(() => {
      executions.delete(execution);
      void claiming.runNow();
    });
  }

  async function execute(execution: Execution): Promise<void> {
    const { job } = execution;
    try {
      await settle(execution, await attempt(execution));
    } catch (err) {
      // The claim runs out, and a later attempt finds all committed work.
      log.warn({ err, job_id: job.id, company_id: job.company_id }, 'the end of a job could not be saved');
    }
  }

  /** @returns the handler's error */
  async function attempt(execution: Execution): Promise<unknown> {
    const { job, signal } = execution;
    if (job.cancel_requested) return execution.interrupt('cancelled');
    if (job.failures > MAX_FAILURES) return interruptedTooOften();
    try {
      signal.throwIfAborted();
      await handlers[job.kind]?.(job, {
        signal,
        saveProgress: async (tx, progress) => {
          const result = await saveJobProgress(tx, job, progress);
          if (result !== 'saved') throw execution.interrupt(result);
        },
      });
      signal.throwIfAborted();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async function settle(execution: Execution, error: unknown): Promise<void> {
    const { job } = execution;
    const fields = { job_id: job.id, kind: job.kind, company_id: job.company_id, attempt: job.attempt };
    const interruption = execution.interruption();
    if (interruption === 'lost') log.warn(fields, 'another worker has the job');
    else if (interruption === 'stopped') await requeueJob(db, job);
    else if (interruption === 'cancelled') {
      await endJob(db, job, { status: 'cancelled' });
      log.info(fields, 'job cancelled');
    } else if (error === undefined) {
      await endJob(db, job, { status: 'done' });
      log.info(fields, 'job done');
    } else if (isUnavailable(error) && (await postponeJob(db, job))) {
      log.warn({ ...fields, err: error }, 'job delayed by an unavailable dependency, retrying');
    } else {
      log.warn({ ...fields, err: error }, 'job failed');
      await endJob(db, job, { status: 'failed', error: describeFailure(error) });
    }
  }

  return {
    wake: claiming.runNow,
    stop: async () => {
      isStopping = true;
      await claiming.stop();
      for (const execution of executions) execution.interrupt('stopped');
      const ended = Promise.all([...executions].map((execution) => execution.ended));
      await Promise.race([ended, sleep(DRAIN_MS, undefined, { ref: false })]);
      await renewing.stop();
    },
  };
}

function createExecution(job: ClaimedJob): Execution {
  const aborting = new AbortController();
  let interruption: Interruption | undefined;
  return {
    job,
    signal: aborting.signal,
    interruption: () => interruption,
    interrupt: (reason) => {
      // A worker that stops may learn in its last chunk that the job is cancelled or lost, never the reverse.
      if (interruption === undefined || interruption === 'stopped') interruption = reason;
      const error = new Error(messages[interruption]);
      aborting.abort(error);
      return error;
    },
    ended: Promise.resolve(),
  };
}

async function renewClaims(db: Db, executions: ReadonlySet<Execution>): Promise<void> {
  const current = [...executions];
  if (current.length === 0) return;
  const claims = await renewJobs(
    db,
    current.map(({ job }) => job),
  );
  for (const execution of current) {
    const claim = claims.find(({ id, attempt }) => id === execution.job.id && attempt === execution.job.attempt);
    // One that has ended meanwhile is no longer in the set.
    if (!claim && executions.has(execution)) execution.interrupt('lost');
    else if (claim?.cancel_requested) execution.interrupt('cancelled');
  }
}

const isUnavailable = (error: unknown): boolean =>
  asUnavailable(error) !== undefined || (error instanceof AppError && error.kind === 'unavailable');

const interruptedTooOften = () =>
  new AppError('internal', { detail: 'The job was interrupted too often without any progress' });

/** Describes a failure without anybody's values: only an AppError is meant to be shown. */
function describeFailure(error: unknown): string {
  if (isUnavailable(error)) return 'Something that the job needs was unavailable for too long';
  return error instanceof AppError ? error.message : 'An internal error ended the job';
}
