import { Instant, offsetPageSchema, offsetQuery, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';

/** What a job does. Each kind has a handler in `job-handlers.ts`. */
export const jobKinds = ['customers.import', 'customers.import.undo'] as const;
export type JobKind = (typeof jobKinds)[number];
const statuses = ['queued', 'running', 'done', 'cancelled', 'failed'] as const;
export type JobStatus = (typeof statuses)[number];

export const Job = z.strictObject({
  id: Uuid,
  kind: z.enum(jobKinds),
  status: z.enum(statuses),
  total: z.int().nullable().meta({ description: 'Amount of work, such as rows; null while unknown' }),
  done: z.int().meta({ description: 'Amount of finished work' }),
  percent: z.int().min(0).max(100),
  eta: Instant.nullable().meta({ description: 'When a running job probably ends; null when unknown' }),
  error: z.string().nullable().meta({ description: 'Why the job failed' }),
  created_by: z.string().meta({ description: 'A user, or service:<name>' }),
  created_at: Instant,
  started_at: Instant.nullable(),
  ended_at: Instant.nullable(),
});
export type Job = z.infer<typeof Job>;

export const JobParams = z.strictObject({ job_id: Uuid });
export const JobQuery = z.strictObject(offsetQuery);
export type JobQuery = z.infer<typeof JobQuery>;
export const JobList = offsetPageSchema('jobs', Job);

nameSchemas({ Job, JobList });
