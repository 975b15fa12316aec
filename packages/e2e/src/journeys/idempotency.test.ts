import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { newCompany, fleetTest, type Client, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
let admin: Client;
let database: pg.Client;

fleetTest.beforeAll(async ({ configuredFleet }) => {
  fleet = configuredFleet;
  admin = await newCompany(fleet.url);
  database = new pg.Client({ connectionString: fleet.databases.customer.url });
  await database.connect();
}, 120_000);
afterAll(() => database?.end());

const stored = async (like: string) =>
  Number((await database.query('select count(*) from customers where external_id like $1', [like])).rows[0]?.count);

// A batch whose service is killed: idempotency.large.test.ts.

test('concurrent POSTs with one idempotency key create one customer', async () => {
  const key = { 'Idempotency-Key': randomUUID() };
  const customer = { external_id: 'once', firstname: 'x' };
  const responses = await Promise.all(Array.from({ length: 20 }, () => admin.post('/api/customers', customer, key)));
  expect(new Set(responses.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
  expect([responses[0]?.status, await stored('once')]).toEqual([201, 1]);
  expect((await admin.post('/api/customers', { firstname: 'y' }, key)).body.errors).toEqual([
    { path: 'Idempotency-Key', message: expect.any(String) },
  ]);
});

test('CUSTOMER_PATCH_RATE limits one user', async () => {
  const { customer } = (await admin.post('/api/customers', { firstname: 'x' })).body;
  const patch = (firstname: string) => admin.patch(`/api/customers/${customer.id}`, { firstname });
  expect([(await patch('a')).status, (await patch('b')).status]).toEqual([200, 200]);
  const { status, body, headers } = await patch('c');
  expect([status, body.error_code]).toEqual([429, 'RATE_LIMITED']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(3000);
  expect(headers.get('ratelimit')).toMatch(/"customer-patch"; r=0; t=\d+$/);
});
