import type { Job, JobStatus } from './schema.ts';

/** The part of a job from which its progress is derived. */
export type Progress = {
  status: JobStatus;
  total: number | null;
  done: number;
  attempt_started_at: string | null;
  attempt_done: number;
};

const maxRemainingMs = 366 * 86_400_000; // a later end is a guess from too little work

/** Derives how much is done, and from the rate of the current attempt when the rest probably is. */
export function describeProgress(progress: Progress, now: number): Pick<Job, 'percent' | 'eta'> {
  const { status, total, done, attempt_started_at, attempt_done } = progress;
  if (status === 'done') return { percent: 100, eta: null };
  if (total === null || total <= 0) return { percent: 0, eta: null };
  const percent = Math.min(100, Math.floor((done * 100) / total));
  const progressed = done - attempt_done;
  if (status !== 'running' || attempt_started_at === null || progressed <= 0) return { percent, eta: null };
  const elapsed = Math.max(0, now - Date.parse(attempt_started_at));
  const remaining = (elapsed * Math.max(0, total - done)) / progressed;
  return { percent, eta: remaining > maxRemainingMs ? null : new Date(now + remaining).toISOString() };
}
