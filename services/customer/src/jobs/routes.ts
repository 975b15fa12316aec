import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { requestCancellation } from './actions.ts';
import { Job, JobList, JobParams, JobQuery } from './schema.ts';
import { findJob, listJobs } from './store.ts';

export const jobRoutes: Route[] = [
  route({
    method: 'get',
    path: '/api/v1/jobs',
    operation: 'jobs.list',
    summary: 'List jobs',
    description:
      'Imports and other work that outlives a request, newest first. They are kept for 30 days after their end.',
    allow: 'customers:import',
    tenancy: 'company-or-all',
    query: JobQuery,
    responses: { 200: JobList },
    isPolled: true,
    handle: async ({ db, scope, query }) => {
      const { rows: jobs, ...counted } = await listJobs(db, scope, query);
      return { jobs, ...counted, ...query };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/jobs/{job_id}',
    operation: 'jobs.get',
    errors: { 404: ['JOB_NOT_FOUND'] },
    summary: 'Get a job',
    allow: 'customers:import',
    params: JobParams,
    responses: { 200: Job },
    isPolled: true,
    handle: async ({ db, actor, params }) => {
      const job = await findJob(db, actor.company_id, params.job_id);
      if (!job) throw notFound('job');
      return job;
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/jobs/{job_id}/cancel',
    operation: 'jobs.cancel',
    errors: { 404: ['JOB_NOT_FOUND'], 409: ['JOB_ENDED'] },
    summary: 'Cancel a job',
    description:
      'A queued job is cancelled at once. A running one keeps what it has finished and is cancelled before its next chunk. ' +
      'A job that is done or failed is a 409 JOB_ENDED.',
    allow: 'customers:import',
    params: JobParams,
    responses: { 200: Job },
    handle: ({ tx, actor, params }) => requestCancellation(tx, actor.company_id, params.job_id),
  }),
];
