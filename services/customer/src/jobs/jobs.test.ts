import { setTimeout as sleep } from 'node:timers/promises';
import { serviceTest, type Company, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createJob } from './actions.ts';
import type { JobHandler } from './job-handler.ts';
import type { Job } from './schema.ts';
import { drainJobs } from './testing/drain-jobs.ts';

const test = serviceTest(() => createTestCustomer({ pool: 8 }));

const queueJob = ({ database }: TestService, company: Company, input: object = {}): Promise<Job> =>
  database.db.transaction((tx) =>
    createJob(
      tx,
      { id: 'service:test', company_id: company.id, request_id: 'request-1' },
      { kind: 'customers.import', input },
    ),
  );

describe('a job', () => {
  test('runs after the commit of the transaction that created it, in chunks, and is read with its progress', async ({
    service,
    company,
    admin,
  }) => {
    const { db } = service.database;
    const rolledBack = db.transaction(async (tx) => {
      await createJob(
        tx,
        { id: admin.user_id, company_id: company.id, request_id: 'request-1' },
        { kind: 'customers.import', input: {} },
      );
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect((await admin.get('/api/v1/jobs').expect(200)).body).toEqual({ jobs: [], total: 0, limit: 20, offset: 0 });

    const queued = await queueJob(service, company, { rows: 10 });
    expect(queued).toMatchObject({ status: 'queued', total: null, done: 0, percent: 0, eta: null, started_at: null });
    const seen: unknown[] = [];
    const handler: JobHandler = async (job, control) => {
      expect(job).toMatchObject({ id: queued.id, input: { rows: 10 }, attempt: 1, done: 0, request_id: 'request-1' });
      for (const done of [5, 10]) {
        await sleep(5);
        await db.transaction((tx) => control.saveProgress(tx, { done, total: 10 }));
        seen.push((await admin.get(`/api/v1/jobs/${job.id}`).expect(200)).body);
      }
    };
    await drainJobs(db, { 'customers.import': handler });
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const running = { status: 'running', total: 10, started_at: instant, ended_at: null, eta: instant };
    expect(seen).toMatchObject([
      { ...running, done: 5, percent: 50 },
      { ...running, done: 10, percent: 100 },
    ]);
    expect((await admin.get(`/api/v1/jobs/${queued.id}`).expect(200)).body).toEqual({
      id: queued.id,
      kind: 'customers.import',
      status: 'done',
      total: 10,
      done: 10,
      percent: 100,
      eta: null,
      error: null,
      created_by: 'service:test',
      created_at: instant,
      started_at: instant,
      ended_at: instant,
    });
  });
});
