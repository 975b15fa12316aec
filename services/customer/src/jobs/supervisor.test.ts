import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '@clientela/runtime';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createJob } from './actions.ts';
import { superviseJobs } from './supervisor.ts';

const test = serviceTest(() => createTestCustomer({ pool: 4 }));
const chunks = 40;

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a job goes on after its process was killed, writes each chunk once, and its process ends with the service', async ({
  service,
  company,
  admin,
}) => {
  const { db, owner, url } = service.database;
  await owner.raw('create table written_chunks (job_id uuid, chunk integer, pid integer)');
  const author = { id: admin.user_id, company_id: company.id, request_id: 'request-1' };
  const job = await db.transaction((tx) => createJob(tx, author, { kind: 'customers.import', input: { chunks } }));
  process.env['TEST_DATABASE_URL'] = url;
  const supervisor = superviseJobs({
    db,
    log: createLog('customer', 'error', { redact: [] }),
    entry: new URL('testing/jobs-child.ts', import.meta.url).pathname,
  });
  const written = () => owner('written_chunks').select('chunk', 'pid').orderBy('chunk');
  const pidOf = async (chunk: number) => {
    for (;;) {
      const rows = await written();
      if (rows.length >= chunk) return Number(rows.at(-1).pid);
      await sleep(20);
    }
  };
  try {
    const killed = await pidOf(5);
    process.kill(killed, 'SIGKILL');
    const second = await pidOf(chunks);
    expect(second).not.toBe(killed);
    expect((await written()).map(({ chunk }) => chunk)).toEqual(
      Array.from({ length: chunks }, (_, index) => index + 1),
    );
    await expect
      .poll(async () => (await admin.get(`/api/v1/jobs/${job.id}`)).body)
      .toMatchObject({ status: 'done', done: chunks, percent: 100 });
    expect(isAlive(second)).toBe(true);
    await supervisor.stop();
    expect(isAlive(second)).toBe(false);
  } finally {
    await supervisor.stop();
  }
}, 30_000);
