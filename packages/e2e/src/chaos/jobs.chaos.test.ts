import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { allReady, newCompany, startTestFleet, type Client, type TestFleet } from '../testing/test-fleet.ts';
import { log } from './seed.ts';

const rows = 4000;

let fleet: TestFleet;
let admin: Client;
beforeAll(async () => {
  fleet = await startTestFleet();
  admin = await newCompany(fleet.url);
});
afterAll(() => fleet?.end());

/** Finds the process that runs this fleet's jobs. */
function jobsProcess(): number | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const isJobs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('jobs-main.ts');
      if (isJobs && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(fleet.folder)) return Number(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined;
}
const memoryOf = (pid: number) => /VmHWM:\s+(\d+ kB)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

async function upload(): Promise<string> {
  const lines = Array.from({ length: rows }, (_, index) => `${index},Person ${index},person-${index}@example.com`);
  const form = new FormData();
  form.append('file', new Blob([['external_id,full_name,email', ...lines].join('\n')]), 'customers.csv');
  const { status, body } = await admin.post('/api/customers/imports', form);
  expect(status).toBe(202);
  return body.import.id;
}

const job = async (id: string) => (await admin.get(`/api/v1/jobs/${id}`)).body;
async function waitForRows(id: string, count: number): Promise<void> {
  await vi.waitUntil(async () => ((await job(id).catch(() => undefined))?.done ?? 0) >= count, {
    timeout: 60_000,
    interval: 50,
  });
}

test('an import goes on after its process and the customer service were killed, and ends as if nothing had happened', async () => {
  const id = await upload();
  await waitForRows(id, 500);
  const first = jobsProcess();
  log(`jobs process: ${first}, peak memory ${first && memoryOf(first)}`);
  expect(first).toBeDefined();
  process.kill(first as number, 'SIGKILL');
  await waitForRows(id, (await job(id)).done + 500);

  const second = jobsProcess();
  expect(second).not.toBe(first);
  fleet.kill('customer', 'SIGKILL');
  await vi.waitUntil(() => jobsProcess() !== second, { timeout: 10_000 });
  await allReady(fleet);
  await waitForRows(id, rows);
  await vi.waitUntil(async () => (await job(id)).status === 'done', { timeout: 10_000 });

  expect((await admin.get(`/api/customers/imports/${id}`)).body.import).toMatchObject({
    status: 'done',
    read: rows,
    created: rows,
    skipped: 0,
    failed: 0,
  });
  expect((await admin.get('/api/customers?per_page=1')).body.total).toBe(rows);
}, 180_000);
