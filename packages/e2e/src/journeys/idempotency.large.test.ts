import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { queryOf } from '../testing/query.ts';
import { fleetTest as test, newCompany } from '../testing/test-fleet.ts';

test('a batch whose service is killed half-way resumes when it is repeated: nothing is missing or done twice', async ({
  configuredFleet: fleet,
}) => {
  const admin = await newCompany(fleet.url);
  const stored = async () =>
    (await queryOf(fleet)('customer', `select id from customers where external_id like 'killed-%'`)).length;
  const key = { 'Idempotency-Key': randomUUID() };
  const operations = Array.from({ length: 120 }, (_, at) => ({
    op: 'create',
    data: { external_id: `killed-${at}`, firstname: 'x' },
  }));
  const cut = admin.post('/api/customers/batch', { operations }, key);
  await expect.poll(() => stored(), { interval: 2 }).toBeGreaterThan(5);
  fleet.kill('customer', 'SIGKILL');
  expect([502, 503]).toContain((await cut).status);
  const begun = await stored();
  expect(begun).toBeLessThan(120);

  const again = () => admin.post('/api/customers/batch', { operations }, key);
  await expect.poll(async () => (await again()).status, { timeout: 45_000 }).toBe(200);
  const { body, headers } = await again();
  expect([body.succeeded, body.failed, headers.get('idempotency-replayed')]).toEqual([120, 0, 'true']);
  expect(await stored()).toBe(120);
});
