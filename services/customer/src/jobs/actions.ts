import type { Tx } from '@clientela/db';
import { conflict, notFound } from '@clientela/errors';
import type { EventOrigin } from '@clientela/events';
import type { Job, JobKind } from './schema.ts';
import { cancelJob, countUnfinishedJobs, insertJob } from './store.ts';

const UNFINISHED_PER_COMPANY = 100;

/**
 * Queues a job in the caller's transaction. It starts within seconds after the commit.
 * @param input what the handler needs, without anybody's values
 * @param id default a new one
 * @throws AppError 409 `TOO_MANY_JOBS`
 */
export async function createJob(
  tx: Tx,
  actor: EventOrigin & { company_id: string },
  { id, kind, input }: { id?: string; kind: JobKind; input: object },
): Promise<Job> {
  const { company_id, id: created_by, request_id } = actor;
  if ((await countUnfinishedJobs(tx, company_id)) >= UNFINISHED_PER_COMPANY)
    throw conflict({
      error_code: 'TOO_MANY_JOBS',
      detail: `The company has ${UNFINISHED_PER_COMPANY} unfinished jobs already`,
    });
  return insertJob(tx, company_id, { id, kind, input, created_by, request_id });
}

/**
 * Cancels a job: at once when it is queued, before its next chunk when it runs.
 * @throws AppError 404; 409 when it is done or failed
 */
export async function requestCancellation(tx: Tx, company_id: string, id: string): Promise<Job> {
  const job = await cancelJob(tx, company_id, id);
  if (!job) throw notFound('job');
  if (job.status === 'done' || job.status === 'failed')
    throw conflict({ error_code: 'JOB_ENDED', detail: `The job is ${job.status} already` });
  return job;
}
