import {
  dueUntil,
  mapConstraintErrors,
  newId,
  paginateByOffset,
  whereCompany,
  type Db,
  type OffsetPage,
  type Scope,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import { describeProgress, type Progress } from './rules.ts';
import type { Job, JobKind, JobQuery } from './schema.ts';

/** Seconds for which a worker holds a job without renewing it; how soon another one goes on after it was killed. */
export const LEASE_S = 20;
/** How often a job may fail for a lack of something else, or lose its worker, between two chunks of progress. */
export const MAX_FAILURES = 20;
/** Jobs of one company that run at once. */
const RUNNING_PER_COMPANY = 2;

/** One attempt at a job. A statement that names an earlier attempt than the current one changes nothing. */
export type JobAttempt = { company_id: string; id: string; attempt: number };

export type ClaimedJob = JobAttempt & {
  kind: JobKind;
  input: unknown;
  created_by: string;
  request_id: string;
  done: number;
  failures: number;
  cancel_requested: boolean;
};

export type NewJob = {
  id?: string | undefined;
  kind: JobKind;
  input: object;
  created_by: string;
  request_id: string;
};

const columns = [
  'id',
  'kind',
  'status',
  'total',
  'done',
  'error',
  'created_by',
  'created_at',
  'started_at',
  'ended_at',
  'attempt_started_at',
  'attempt_done',
] as const;

type StoredJob = Omit<Job, 'percent' | 'eta'> & Progress;

function toJob({ attempt_started_at, attempt_done, ...job }: StoredJob): Job {
  const progress = { ...job, attempt_started_at, attempt_done };
  return { ...job, ...describeProgress(progress, Date.now()) };
}

const unfinished = (db: Db) => db('jobs').whereRaw(`status in ('queued', 'running')`);
const current = (db: Db, { company_id, id, attempt }: JobAttempt) =>
  db('jobs').where({ company_id, id, attempt, status: 'running' });
const fromNow = (db: Db, ms: number) => db.raw(`now() + ? * interval '1 millisecond'`, [Math.round(ms)]);

/** @throws AppError 409 for an id that another job of the company has */
export async function insertJob(tx: Tx, company_id: string, { id = newId(), input, ...job }: NewJob): Promise<Job> {
  const insert = tx('jobs').insert({ company_id, id, input: JSON.stringify(input), ...job });
  const rows: StoredJob[] = await mapConstraintErrors(insert.returning(columns), {
    jobs_pkey: () => conflict({ resource: 'job', field: 'id' }),
  });
  return toJob(rows[0] as StoredJob);
}

export const countUnfinishedJobs = async (db: Db, company_id: string): Promise<number> => {
  const [row] = await unfinished(db).where({ company_id }).count({ jobs: '*' });
  return Number(row?.['jobs'] ?? 0);
};

export async function findJob(db: Db, company_id: string, id: string): Promise<Job | undefined> {
  const job = (await db('jobs').select(columns).where({ company_id, id }).first()) as StoredJob | undefined;
  return job && toJob(job);
}

export async function listJobs(db: Db, scope: Scope, { limit, offset }: JobQuery): Promise<OffsetPage<Job>> {
  const sort = [{ column: 'created_at', descending: true }];
  const query = whereCompany(db('jobs'), scope);
  const page = await paginateByOffset<StoredJob>(query, columns, { limit, offset, sort }, { isFiltered: true });
  return { ...page, rows: page.rows.map(toJob) };
}

/**
 * Cancels a queued job, and asks the worker of a running one to stop; others stay as they are. Waits for a chunk that is being written.
 * @returns undefined for an unknown job
 */
export async function cancelJob(tx: Tx, company_id: string, id: string): Promise<Job | undefined> {
  await tx.raw(`set local lock_timeout = '4s'`);
  await tx('jobs')
    .where({ company_id, id })
    .whereRaw(`status in ('queued', 'running')`)
    .update({
      cancel_requested: true,
      status: tx.raw(`case status when 'queued' then 'cancelled' else status end`),
      ended_at: tx.raw(`case status when 'queued' then now() end`),
    });
  return findJob(tx, company_id, id);
}

/**
 * Claims the job that has waited longest: a queued one of a company with fewer than two running, or a running one whose worker no
 * longer renews it. Claims exclude each other, so that the limit holds among replicas.
 * @param worker id of the claiming worker
 * @param kinds those that it can handle
 */
export const claimJob = (db: Db, worker: string, kinds: readonly string[]): Promise<ClaimedJob | undefined> =>
  db.transaction(async (tx) => {
    const lock = await tx.raw(`select pg_try_advisory_xact_lock(hashtext('customer jobs')) as acquired`);
    if (!lock.rows[0].acquired) return undefined;
    const { rows } = await tx.raw(claimSql, { worker, kinds, lease: LEASE_S, running: RUNNING_PER_COMPANY });
    return rows[0] as ClaimedJob | undefined;
  });

const claimSql = `
with next as (
  select company_id, id from jobs
   where status in ('queued', 'running') and due_at <= ${dueUntil} and kind = any(cast(:kinds as text[]))
     and (status = 'running' or :running >
       (select count(*) from jobs other where other.company_id = jobs.company_id and other.status = 'running'))
   order by due_at
   limit 1
     for update skip locked
)
update jobs
   set status = 'running',
       failures = failures + case status when 'running' then 1 else 0 end,
       attempt = attempt + 1,
       worker = :worker,
       attempt_started_at = now(),
       attempt_done = done,
       started_at = coalesce(started_at, now()),
       due_at = now() + :lease * interval '1 second'
  from next
 where jobs.company_id = next.company_id and jobs.id = next.id
returning jobs.company_id, jobs.id, attempt, kind, input, created_by, request_id, done, failures, cancel_requested`;

/**
 * Renews attempts and reports their state. One whose row is locked is writing a chunk, which renews it too.
 * @returns the attempts that are still current
 */
export async function renewJobs(
  db: Db,
  attempts: readonly JobAttempt[],
): Promise<(JobAttempt & { cancel_requested: boolean })[]> {
  const keys = attempts.map(({ company_id, id, attempt }) => [company_id, id, attempt]);
  const key = ['company_id', 'id', 'attempt'];
  const isCurrent = () => db('jobs').whereIn(key, keys).where({ status: 'running' });
  await db('jobs')
    .whereIn(key, isCurrent().select(key).forUpdate().skipLocked())
    .update({ due_at: fromNow(db, LEASE_S * 1000) });
  return isCurrent().select('company_id', 'id', 'attempt', 'cancel_requested');
}

/**
 * Saves progress and locks the row.
 * @returns what else the caller must do: roll back, because the job is cancelled or another worker has it
 */
export async function saveJobProgress(
  tx: Tx,
  attempt: JobAttempt,
  { done, total }: { done: number; total?: number | undefined },
): Promise<'saved' | 'cancelled' | 'lost'> {
  const values = { done, failures: 0, due_at: fromNow(tx, LEASE_S * 1000) };
  const [row]: { cancel_requested: boolean }[] = await current(tx, attempt)
    .update(total === undefined ? values : { ...values, total })
    .returning('cancel_requested');
  if (!row) return 'lost';
  return row.cancel_requested ? 'cancelled' : 'saved';
}

export const endJob = (
  db: Db,
  attempt: JobAttempt,
  outcome: { status: 'done' | 'cancelled' | 'failed'; error?: string },
): Promise<number> => current(db, attempt).update({ ...outcome, ended_at: db.fn.now() });

/** Puts a job back into the queue, to be continued at once. */
export const requeueJob = (db: Db, attempt: JobAttempt): Promise<number> =>
  current(db, attempt).update({ status: 'queued', due_at: db.fn.now() });

/**
 * Puts a job back into the queue, to be tried again after 1 s, doubled by each failure since the last progress, up to a minute.
 * @returns false when it has failed `MAX_FAILURES` times
 */
export async function postponeJob(db: Db, attempt: JobAttempt): Promise<boolean> {
  const count = await current(db, attempt)
    .where('failures', '<', MAX_FAILURES)
    .update({
      status: 'queued',
      failures: db.raw('failures + 1'),
      due_at: db.raw(`now() + least(60, power(2, failures)) * interval '1 second'`),
    });
  return count === 1;
}

/** Makes the jobs of a worker that has ended due at once. One that the server still works on follows when its claim runs out. */
export const releaseJobs = (db: Db, worker: string): Promise<number> =>
  db('jobs')
    .whereIn(
      ['company_id', 'id'],
      unfinished(db).select('company_id', 'id').where({ worker, status: 'running' }).forUpdate().skipLocked(),
    )
    .update({ due_at: db.fn.now() });

/** Whether a worker has a job that it has not renewed for a minute: its event loop hangs. */
export const hasStuckJob = async (db: Db, worker: string): Promise<boolean> =>
  (await unfinished(db)
    .where({ worker, status: 'running' })
    .whereRaw(`due_at < now() - (60 - ?::int) * interval '1 second'`, [LEASE_S])
    .first('id')) !== undefined;

export const hasUnfinishedJobs = async (db: Db): Promise<boolean> =>
  (await unfinished(db).select(db.raw('1')).first()) !== undefined;

/** Deletes jobs that ended 30 days ago. @returns their number, at most `limit` */
export const deleteOldJobs = (db: Db, limit: number): Promise<number> =>
  db('jobs')
    .whereIn(
      ['company_id', 'id'],
      db('jobs').select('company_id', 'id').whereRaw(`ended_at < now() - interval '30 days'`).limit(limit),
    )
    .delete();

export type JobCount = { kind: string; status: 'queued' | 'running'; jobs: number; oldest_seconds: number };

/** Counts unfinished jobs by kind and status, with the age of the oldest. */
export const countJobs = (db: Db): Promise<JobCount[]> =>
  unfinished(db)
    .select('kind', 'status')
    .select(db.raw('count(*) as jobs'), db.raw('extract(epoch from now() - min(created_at))::float as oldest_seconds'))
    .groupBy('kind', 'status') as Promise<JobCount[]>;
