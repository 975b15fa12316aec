import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { newCompany, shared, type Client, type TestStreet } from '../testing/test-fleet.ts';

let street: TestStreet;
let admin: Client;
let database: pg.Client;

shared.beforeAll(async ({ street_with_settings: one }) => {
  street = one;
  admin = await newCompany(street.url);
  database = new pg.Client({ connectionString: street.databases.customer.url });
  await database.connect();
}, 120_000);
afterAll(() => database?.end());

const stored = async (like: string) =>
  Number((await database.query('select count(*) from customers where external_id like $1', [like])).rows[0]?.count);

test('a batch in the middle of which its service is killed goes on when it is sent again: nothing is missing, nothing twice', async () => {
  const key = { 'Idempotency-Key': randomUUID() };
  const operations = Array.from({ length: 120 }, (_, at) => ({
    op: 'create',
    data: { external_id: `killed-${at}`, firstname: 'x' },
  }));
  const cut = admin.post('/api/customers/batch', { operations }, key);
  await expect.poll(() => stored('killed-%'), { interval: 2 }).toBeGreaterThan(5);
  street.kill('customer', 'SIGKILL');
  expect([502, 503]).toContain((await cut).status);
  const begun = await stored('killed-%');
  expect(begun).toBeLessThan(120);

  const again = () => admin.post('/api/customers/batch', { operations }, key);
  await expect.poll(async () => (await again()).status, { timeout: 30_000 }).toBe(200);
  const { body, headers } = await again();
  expect([body.succeeded, body.failed, headers.get('idempotency-replayed')]).toEqual([120, 0, 'true']);
  expect(await stored('killed-%')).toBe(120);
});

test('equal POSTs at once through the gateway make one customer', async () => {
  const key = { 'Idempotency-Key': randomUUID() };
  const customer = { external_id: 'once', firstname: 'x' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => admin.post('/api/customers', customer, key)));
  expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
  expect([answers[0]?.status, await stored('once')]).toEqual([201, 1]);
  expect((await admin.post('/api/customers', { firstname: 'y' }, key)).body.errors).toEqual([
    { path: 'Idempotency-Key', message: expect.any(String) },
  ]);
});

test('CUSTOMER_PATCH_RATE holds for one user', async () => {
  const { customer } = (await admin.post('/api/customers', { firstname: 'x' })).body;
  const patch = (firstname: string) => admin.patch(`/api/customers/${customer.id}`, { firstname });
  expect([(await patch('a')).status, (await patch('b')).status]).toEqual([200, 200]);
  const { status, body, headers } = await patch('c');
  expect([status, body.error_code]).toEqual([429, 'RATE_LIMITED']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(3000);
  expect(headers.get('ratelimit')).toMatch(/^"customer-patch"; r=0; t=\d+$/);
});
