import type { Tx } from '@clientela/db';
import type { JobKind } from './schema.ts';

/** A job as its handler sees it. `created_by`, `company_id` and `request_id` are the author of its changes. */
export type RunningJob = {
  company_id: string;
  id: string;
  kind: JobKind;
  created_by: string;
  request_id: string;
  input: unknown;
  /** Grows with each start of the same job. */
  attempt: number;
  /** Work that earlier attempts have committed. */
  done: number;
};

export type JobControl = {
  /** Aborts when the job is cancelled, the process stops, or another worker has the job. Chunks end early, and the handler throws. */
  signal: AbortSignal;
  /**
   * Saves progress in the transaction of a chunk, and locks the job's row until its end: call it first.
   * @throws Error when the job is cancelled or another worker has it; the transaction must be rolled back
   */
  saveProgress: (tx: Tx, progress: { done: number; total?: number }) => Promise<void>;
};

/**
 * Does the work of a job in chunks, each in one transaction that begins with `saveProgress`. A new attempt continues after the
 * committed chunks. Returning ends the job as done, unless the signal has aborted. An AppError ends it as failed, with its detail; an
 * unavailable dependency is retried with a backoff.
 */
export type JobHandler = (job: RunningJob, control: JobControl) => Promise<void>;

export type JobHandlers = Partial<Record<JobKind, JobHandler>>;
