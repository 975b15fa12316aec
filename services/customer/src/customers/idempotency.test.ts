import { randomUUID } from 'node:crypto';
import { serviceTest, type TestService } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(() =>
  createTestCustomer({ pool: 10, rates: { 'customer-patch': { limit: 3, window: 60_000 } } }),
);

const path = '/api/customers';
const customersOf = (service: TestService, id: string) => service.database.owner('customers').where({ company_id: id });

test('50 concurrent POSTs with one Idempotency-Key create one customer and get equal responses', async ({
  service,
}) => {
  const company = service.company();
  const manager = service.user('manager', company);
  const key = randomUUID();
  const body = { email: 'ana@example.com', firstname: 'Ana', phone: '600112233' };
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => manager.post(path, body).set('Idempotency-Key', key)),
  );
  expect(new Set(responses.map(({ status, text, headers }) => `${status} ${headers['etag']} ${text}`)).size).toBe(1);
  expect([responses[0]?.status, responses[0]?.headers['etag']]).toEqual([201, '"1"']);
  expect(await customersOf(service, company.id)).toHaveLength(1);
  const published = (await service.events('customer.created')).filter((event) => event.company_id === company.id);
  expect(published).toHaveLength(1);
});

test('a POST that failed with a 409 can be repeated after the value is free', async ({ service }) => {
  const company = service.company();
  const manager = service.user('manager', company);
  const key = randomUUID();
  const body = { email: 'ana@example.com' };
  const { body: first } = await manager.post(path, body).expect(201);
  await manager.post(path, body).set('Idempotency-Key', key).expect(409);
  await manager.delete(`${path}/${first.customer.id}`).expect(200);
  const { body: second } = await manager.post(path, body).set('Idempotency-Key', key).expect(201);
  expect(second.customer.id).not.toBe(first.customer.id);
});

test('replays the response about a large customer as it was, until the record is removed', async ({ service }) => {
  const company = service.company();
  const admin = service.user('admin', company);
  const key = randomUUID();
  const post = () =>
    admin.post(path, { email: 'long@example.com', metadata: { text: 'x'.repeat(65_000) } }).set('Idempotency-Key', key);
  const first = await post().expect(201);
  const { id } = first.body.customer;
  await admin.put(`${path}/${id}`, { firstname: 'Later' }).expect(200);
  await admin.delete(`${path}/${id}`).expect(200);
  const again = await post().expect(201).expect('Idempotency-Replayed', 'true').expect('ETag', '"1"');
  expect(again.text).toBe(first.text);
  await admin.delete(`${path}/${id}?hard_delete=true`).expect(200);
  expect((await post().expect(404)).body.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
});

test('limits PATCH requests of single customers per user; PUT and other users are not limited', async ({ service }) => {
  const company = service.company();
  const manager = service.user('manager', company);
  const { body } = await manager.post(path, { email: 'ana@example.com' }).expect(201);
  const at = `${path}/${body.customer.id}`;
  for (const firstname of ['a', 'b', 'c']) await manager.patch(at, { firstname }).expect(200);
  const { body: problem, headers } = await manager.patch(at, { firstname: 'd' }).expect(429);
  expect(problem).toMatchObject({ status: 429, error_code: 'RATE_LIMITED' });
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect([headers['ratelimit'], headers['ratelimit-policy']]).toEqual([
    expect.stringMatching(/^"customer-patch"; r=0; t=\d+$/),
    expect.stringMatching(/^"customer-patch"; q=3; w=60;/),
  ]);
  await manager.put(at, { firstname: 'e' }).expect(200);
  await service.user('manager', company).patch(at, { firstname: 'f' }).expect(200);
});
