import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { expect } from 'vitest';
import { customerResponse, createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(() => createTestInteraction({ pool: 10 }));
test.beforeEach(({ service }) => {
  service.customers.respond((path) => customerResponse(path));
});

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/transactions`;
const order = { kind: 'order', direction: 'in', amount: '10.00' };
const newRef = () => `ref ${randomUUID()}`;
const rowsOf = (service: TestInteraction, external_ref: string) =>
  service.database.owner('transactions').where({ external_ref }).select();
/** Retries a 503 like clients do; it can occur on a busy machine. */
const retryUnavailable = async (send: () => ReturnType<TestUser['post']>) => {
  for (const until = Date.now() + 10_000; ;) {
    const response = await send();
    if (response.status !== 503 || Date.now() > until) return response;
  }
};
const publishedOf = async (service: TestInteraction, id: string) =>
  (await service.events()).filter(({ data }) => data['transaction_id'] === id);

test('returns the current record for a repeated external_ref, and publishes one event', async ({
  service,
  company,
  manager,
}) => {
  const path = pathOf();
  const external_ref = newRef();
  const payload = { ...order, status: 'pending', description: 'A chair', external_ref };
  const first = await manager.post(path, payload).expect(201);
  const repeated = await manager.post(path, { ...payload, amount: 10, description: ' A chair ' }).expect(200);
  expect(repeated.body).toEqual({ message: 'Transaction recorded before', transaction: first.body.transaction });
  expect(repeated.headers['etag']).toBe('"1"');

  const { id } = first.body.transaction;
  await manager.patch(`${path}/${id}`, { status: 'completed', description: null }).expect(200);
  const later = await service.user('admin', company).post(path, payload).expect(200);
  expect(later.body.transaction).toMatchObject({ id, status: 'completed', created_by: manager.user_id });
  expect(later.headers['etag']).toBe('"2"');
  expect(await rowsOf(service, external_ref)).toHaveLength(1);
  expect((await publishedOf(service, id)).map(({ name }) => name)).toEqual([
    'transaction.recorded',
    'transaction.updated',
  ]);
});

test('answers a repeat without calling the product or the customer service', async ({ service, manager }) => {
  const path = pathOf();
  const product_id = randomUUID();
  const payload = { ...order, product_id, external_ref: newRef() };
  service.products.respond(() => ({ status: 200, body: { id: product_id, number: 1, is_active: true } }));
  const first = await manager.post(path, payload).expect(201);
  service.products.respond(() => ({ status: 404 }));
  service.customers.respond(() => undefined);
  expect((await manager.post(path, payload).expect(200)).body.transaction).toEqual(first.body.transaction);
});

test('rejects other content under a known external_ref with a 409 that shows the record', async ({
  service,
  manager,
}) => {
  const customer_id = randomUUID();
  const external_ref = newRef();
  const { transaction } = (await manager.post(pathOf(customer_id), { ...order, external_ref }).expect(201)).body;
  const others = [
    { amount: '10.01' },
    { kind: 'payment' },
    { direction: 'out' },
    { currency: 'USD' },
    { status: 'cancelled' },
    { description: 'Another' },
    { order_id: 'B-2' },
    { product_id: randomUUID() },
    { occurred_at: '2026-01-01T00:00:00Z' },
  ];
  const payload = others.map((other) => [pathOf(customer_id), { ...order, external_ref, ...other }] as const);
  for (const [path, body] of [...payload, [pathOf(), { ...order, external_ref }] as const]) {
    const response = await manager.post(path, body).expect(409);
    expect(response.body).toMatchObject({
      error_code: 'TRANSACTION_EXTERNAL_REF_TAKEN',
      errors: [{ path: 'external_ref' }],
      existing: {
        id: transaction.id,
        customer_id,
        kind: 'order',
        status: 'completed',
        amount: '10.00',
        currency: 'EUR',
        external_ref,
      },
    });
  }
  expect(await rowsOf(service, external_ref)).toHaveLength(1);
});

test('scopes external_ref to the company', async ({ service, manager }) => {
  const external_ref = newRef();
  const customer_id = randomUUID();
  const otherAdmin = service.user('manager', service.company());
  const one = await manager.post(pathOf(customer_id), { ...order, external_ref }).expect(201);
  const other = await otherAdmin.post(pathOf(customer_id), { ...order, amount: 7, external_ref }).expect(201);
  expect(other.body.transaction.id).not.toBe(one.body.transaction.id);
});

test('records one transaction for concurrent identical requests', async ({ service, manager }) => {
  const path = pathOf();
  const external_ref = newRef();
  const responses = await Promise.all(
    Array.from({ length: 8 }, () => retryUnavailable(() => manager.post(path, { ...order, external_ref }))),
  );
  expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  expect(new Set(responses.map(({ body }) => body.transaction.id)).size).toBe(1);
  expect(await rowsOf(service, external_ref)).toHaveLength(1);
  expect(await publishedOf(service, responses[0]?.body.transaction.id)).toHaveLength(1);
});

test('records one transaction for concurrent requests of two customers with the same external_ref', async ({
  service,
  manager,
}) => {
  const external_ref = newRef();
  const responses = await Promise.all(
    [pathOf(), pathOf()].map((path) => retryUnavailable(() => manager.post(path, { ...order, external_ref }))),
  );
  expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  expect(await rowsOf(service, external_ref)).toHaveLength(1);
});

test('cancels once and publishes one event for concurrent cancellations', async ({ service, manager }) => {
  const path = pathOf();
  const { id } = (await manager.post(path, order).expect(201)).body.transaction;
  const cancel = () => manager.patch(`${path}/${id}`, { status: 'cancelled' });
  const responses = await Promise.all(Array.from({ length: 6 }, () => retryUnavailable(cancel)));
  expect(responses.map(({ status, headers }) => [status, headers['etag']])).toEqual(
    Array.from({ length: 6 }, () => [200, '"2"']),
  );
  expect((await publishedOf(service, id)).map(({ name }) => name)).toEqual([
    'transaction.recorded',
    'transaction.updated',
  ]);
});
