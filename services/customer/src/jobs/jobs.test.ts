import { setTimeout as sleep } from 'node:timers/promises';
import { conflict, unavailable } from '@clientela/errors';
import { createLog } from '@clientela/runtime';
import { serviceTest, type Company } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createJob } from './actions.ts';
import type { JobHandler } from './job-handler.ts';
import { jobMetrics } from './metrics.ts';
import type { Job } from './schema.ts';
import { deleteOldJobs } from './store.ts';
import { drainJobs } from './testing/drain-jobs.ts';
import { runJobs } from './worker.ts';

const log = createLog('customer', 'error', { redact: [] });
const test = serviceTest(() => createTestCustomer({ pool: 10 })).extend('queue', ({ service }) => {
  const queueJob = (company: Company, input: object = {}): Promise<Job> =>
    service.database.db.transaction((tx) =>
      createJob(
        tx,
        { id: 'service:test', company_id: company.id, request_id: 'request-1' },
        { kind: 'customers.import', input },
      ),
    );
  return queueJob;
});

const path = '/api/v1/jobs';
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const whenAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a job', () => {
  test('runs after the commit of the transaction that created it, in chunks, and is read with its progress', async ({
    service,
    company,
    admin,
    queue,
  }) => {
    const { db } = service.database;
    const rolledBack = db.transaction(async (tx) => {
      const author = { id: admin.user_id, company_id: company.id, request_id: 'request-1' };
      await createJob(tx, author, { kind: 'customers.import', input: {} });
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect((await admin.get(path).expect(200)).body).toEqual({ jobs: [], total: 0, limit: 20, offset: 0 });

    const queued = await queue(company, { rows: 10 });
    expect(queued).toMatchObject({ status: 'queued', total: null, done: 0, percent: 0, eta: null, started_at: null });
    const seen: unknown[] = [];
    const handler: JobHandler = async (job, control) => {
      expect(job).toMatchObject({ id: queued.id, input: { rows: 10 }, attempt: 1, done: 0, request_id: 'request-1' });
      for (const done of [5, 10]) {
        await sleep(5);
        await db.transaction((tx) => control.saveProgress(tx, { done, total: 10 }));
        seen.push((await admin.get(`${path}/${job.id}`).expect(200)).body);
      }
    };
    await drainJobs(db, { 'customers.import': handler });
    const running = { status: 'running', total: 10, started_at: instant, ended_at: null, eta: instant };
    expect(seen).toMatchObject([
      { ...running, done: 5, percent: 50 },
      { ...running, done: 10, percent: 100 },
    ]);
    const done = {
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
    };
    expect((await admin.get(`${path}/${queued.id}`).expect(200)).body).toEqual(done);
    const second = await queue(company);
    expect((await admin.get(`${path}?limit=1`).expect(200)).body).toEqual({
      jobs: [second],
      total: 2,
      limit: 1,
      offset: 0,
    });
    expect((await admin.get(`${path}?limit=1&offset=1`).expect(200)).body.jobs).toEqual([done]);
    await admin.post(`${path}/${second.id}/cancel`).expect(200);
  });

  test('is cancelled at once while it is queued, before its next chunk while it runs, and never after its end', async ({
    service,
    company,
    admin,
    queue,
  }) => {
    const { db } = service.database;
    const cancel = (id: string) => admin.post(`${path}/${id}/cancel`);
    const queued = await queue(company);
    const cancelled = { id: queued.id, status: 'cancelled', started_at: null, ended_at: instant };
    expect((await cancel(queued.id).expect(200)).body).toMatchObject(cancelled);
    expect((await cancel(queued.id).expect(200)).body).toMatchObject(cancelled);

    const running = await queue(company, { waits: false });
    const waiting = await queue(company, { waits: true });
    await drainJobs(db, {
      'customers.import': async (job, { signal, saveProgress }) => {
        const save = (done: number) => db.transaction((tx) => saveProgress(tx, { done, total: 3 }));
        await save(1);
        expect((await cancel(job.id).expect(200)).body).toMatchObject({ status: 'running', done: 1 });
        if ((job.input as { waits: boolean }).waits) await whenAborted(signal);
        await save(2);
      },
    });
    for (const { id } of [running, waiting])
      expect((await admin.get(`${path}/${id}`).expect(200)).body).toMatchObject({
        status: 'cancelled',
        done: 1,
        percent: 33,
        eta: null,
        ended_at: instant,
      });

    const ended = await queue(company);
    await drainJobs(db, { 'customers.import': async () => {} });
    expect((await cancel(ended.id).expect(409)).body).toMatchObject({ error_code: 'JOB_ENDED' });
  });

  test('of another company is a 404', async ({ service, company, queue }) => {
    const { id } = await queue(company);
    const stranger = service.user('admin', service.company());
    const problems = await Promise.all([
      stranger.get(`${path}/${id}`).expect(404),
      stranger.post(`${path}/${id}/cancel`).expect(404),
      stranger.get(`${path}/019aa000-0000-7000-8000-000000000000`).expect(404),
    ]);
    for (const { body } of problems) expect(body.error_code).toBe('JOB_NOT_FOUND');
    expect((await stranger.get(path).expect(200)).body.jobs).toEqual([]);
    await service.user('admin', company).post(`${path}/${id}/cancel`).expect(200);
  });

  test('runs beside one other of its company, in any process, and not after those of other companies', async ({
    service,
    company,
    queue,
  }) => {
    const { db } = service.database;
    const other = service.company();
    const ids = [await queue(company), await queue(company), await queue(company), await queue(other)].map(
      ({ id }) => id,
    );
    const open = Promise.withResolvers<void>();
    const started: string[] = [];
    let mostRunning = 0;
    const running = new Set<string>();
    const handler: JobHandler = async ({ id, company_id }) => {
      started.push(id);
      if (company_id === company.id) running.add(id);
      mostRunning = Math.max(mostRunning, running.size);
      await open.promise;
      running.delete(id);
    };
    const replicas = [1, 2].map(() => runJobs({ db, handlers: { 'customers.import': handler }, log }));
    try {
      await expect.poll(() => started.length).toBe(3);
      await Promise.all(replicas.map(({ wake }) => wake()));
      expect(started.toSorted()).toEqual([ids[0], ids[1], ids[3]].toSorted());
      open.resolve();
      await expect.poll(() => started.length).toBe(4);
      expect(mostRunning).toBe(2);
      expect(new Set(started)).toEqual(new Set(ids));
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()));
    }
  });

  test('of a stalled worker goes on elsewhere, and the stalled worker can commit nothing when it wakes up', async ({
    service,
    company,
    admin,
    queue,
  }) => {
    const { db, owner } = service.database;
    const { id } = await queue(company);
    const stalled = Promise.withResolvers<void>();
    const takenOver = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<unknown>();
    const handler: JobHandler = async ({ attempt }, { saveProgress }) => {
      const write = () =>
        db.transaction(async (tx) => {
          await saveProgress(tx, { done: attempt * 10, total: 20 });
          const change = { company_id: company.id, currency: `A0${attempt}` };
          await tx('company_currency_changes').insert(change).onConflict('company_id').merge();
        });
      if (attempt === 1) {
        stalled.resolve();
        await takenOver.promise;
        await write().then(() => outcome.resolve('committed'), outcome.resolve);
      } else {
        await write();
        takenOver.resolve();
        await outcome.promise; // the job still runs here when the stalled worker writes
      }
    };
    const first = runJobs({ db, handlers: { 'customers.import': handler }, log });
    await stalled.promise;
    await owner('jobs').where({ id }).update({ due_at: '2026-01-01' });
    const second = runJobs({ db, handlers: { 'customers.import': handler }, log });
    try {
      expect(await outcome.promise).toMatchObject({ message: 'Another worker has the job' });
      await expect.poll(async () => (await admin.get(`${path}/${id}`)).body.status).toBe('done');
      expect((await admin.get(`${path}/${id}`)).body).toMatchObject({ status: 'done', done: 20 });
      expect(await owner('company_currency_changes').select('currency')).toEqual([{ currency: 'A02' }]);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  test('that its stopping process leaves goes on at once elsewhere, after the chunk that was being written', async ({
    service,
    company,
    admin,
    queue,
  }) => {
    const { db } = service.database;
    const { id } = await queue(company);
    const inChunk = Promise.withResolvers<void>();
    const starts: number[] = [];
    const handler: JobHandler = async (job, { signal, saveProgress }) => {
      starts.push(job.done);
      for (let done = job.done + 1; done <= 3; done += 1) {
        signal.throwIfAborted();
        await db.transaction(async (tx) => {
          await saveProgress(tx, { done, total: 3 });
          inChunk.resolve();
          await sleep(50);
        });
      }
    };
    const runner = runJobs({ db, handlers: { 'customers.import': handler }, log });
    await inChunk.promise;
    await runner.stop();
    expect((await admin.get(`${path}/${id}`)).body).toMatchObject({ status: 'queued', done: 1, eta: null });
    await drainJobs(db, { 'customers.import': handler });
    expect(starts).toEqual([0, 1]);
    expect((await admin.get(`${path}/${id}`)).body).toMatchObject({ status: 'done', done: 3 });
  });

  test('is retried while something is unavailable, else fails with a reason that names nobody', async ({
    service,
    queue,
  }) => {
    const { db, owner } = service.database;
    const failures = {
      refused: () => conflict({ detail: 'The file is no longer there' }),
      unexpected: () => new Error('insert failed for ana@example.com'),
      unavailable: () => unavailable('The source is unavailable'),
      lost: () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    };
    const attempts: Record<string, number> = {};
    const handler: JobHandler = async ({ input, attempt }) => {
      const { reason } = input as { reason: keyof typeof failures };
      attempts[reason] = attempt;
      throw failures[reason]();
    };
    const reasons = Object.keys(failures);
    const jobs = await Promise.all(reasons.map((reason) => queue(service.company(), { reason })));
    const runner = runJobs({ db, handlers: { 'customers.import': handler }, log });
    const rows = () =>
      owner('jobs').whereIn(
        'id',
        jobs.map(({ id }) => id),
      );
    const count = async (status: string) => (await rows().where({ status })).length;
    try {
      await expect.poll(() => [attempts['unavailable'], attempts['lost']]).toEqual([2, 2]);
      await expect.poll(() => count('queued')).toBe(2);
      await rows().where({ status: 'queued' }).update({ failures: 20, due_at: '2026-01-01' });
      await expect.poll(() => count('failed')).toBe(4);
    } finally {
      await runner.stop();
    }
    const errors = Object.fromEntries((await rows()).map(({ input, error }) => [input.reason, error]));
    const unavailableForLong = 'Something that the job needs was unavailable for too long';
    expect(errors).toEqual({
      refused: 'The file is no longer there',
      unexpected: 'An internal error ended the job',
      unavailable: unavailableForLong,
      lost: unavailableForLong,
    });
    expect(attempts).toEqual({ refused: 1, unexpected: 1, unavailable: 3, lost: 3 });
  });

  test('that ends its process each time fails in the end', async ({ service, company, admin, queue }) => {
    const { id } = await queue(company);
    await service.database
      .owner('jobs')
      .where({ id })
      .update({ status: 'running', failures: 20, due_at: '2026-01-01' });
    await drainJobs(service.database.db, { 'customers.import': () => Promise.reject(new Error('never called')) });
    expect((await admin.get(`${path}/${id}`)).body).toMatchObject({
      status: 'failed',
      error: 'The job was interrupted too often without any progress',
    });
  });
});

describe('jobs', () => {
  test('are at most 100 unfinished of a company, are counted in the metrics, and are deleted 30 days after their end', async ({
    service,
    company,
    admin,
    queue,
  }) => {
    const { db, owner } = service.database;
    for (let number = 0; number < 100; number += 1) await queue(company);
    await expect(queue(company)).rejects.toMatchObject({ kind: 'conflict', error_code: 'TOO_MANY_JOBS' });
    expect(await jobMetrics(db).metrics()).toContain('clientela_jobs{kind="customers.import",status="queued"} 100');
    const { body } = await admin.get(path).expect(200);
    await owner('jobs')
      .where({ company_id: company.id })
      .update({ status: 'done', ended_at: db.raw(`now() - interval '29 days'`) });
    expect(await deleteOldJobs(db, 1000)).toBe(0);
    await owner('jobs')
      .where({ company_id: company.id })
      .whereNot({ id: body.jobs[0].id })
      .update({ ended_at: db.raw(`now() - interval '31 days'`) });
    expect(await deleteOldJobs(db, 60)).toBe(60);
    expect(await deleteOldJobs(db, 60)).toBe(39);
    expect((await admin.get(path).expect(200)).body.total).toBe(1);
  });
});
