import { createLog } from '@clientela/runtime';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { superviseJobs } from './supervisor.ts';
import { isAlive, queueChunkJob, upTo } from './testing/chunk-job.ts';

const test = serviceTest(() => createTestCustomer({ pool: 4 }));

test('a job goes on after its process was killed, writes each chunk once, and its process ends with the service', async ({
  service,
  company,
  admin,
}) => {
  const { db, url } = service.database;
  const job = await queueChunkJob(service, company.id, { chunks: 20 });
  process.env['TEST_DATABASE_URL'] = url;
  const supervisor = superviseJobs({
    db,
    log: createLog('customer', 'error', { redact: [] }),
    entry: new URL('testing/jobs-child.ts', import.meta.url).pathname,
  });
  try {
    const killed = await job.pidOfChunk(5);
    const claimEnd = Date.parse((await service.database.owner('jobs').where({ id: job.id }).first('due_at')).due_at);
    process.kill(killed, 'SIGKILL');
    const second = await job.pidOfChunk(20);
    expect(second).not.toBe(killed);
    expect(await job.chunks()).toEqual(upTo(20));
    expect(await job.firstChunkOf(second)).toBeLessThan(claimEnd); // it did not wait for the end of the first one's claim
    await expect
      .poll(async () => (await admin.get(`/api/v1/jobs/${job.id}`)).body)
      .toMatchObject({ status: 'done', done: 20, percent: 100 });
    expect(isAlive(second)).toBe(true);
    await supervisor.stop();
    expect(isAlive(second)).toBe(false);
  } finally {
    await supervisor.stop();
  }
}, 120_000);
