import { randomUUID } from 'node:crypto';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { customerAt, interactionUnderTest, type InteractionUnderTest } from '../testing/test-interaction.ts';

let service: InteractionUnderTest;
let company: Company;
let manager: TestUser;

beforeAll(async () => {
  service = await interactionUnderTest({ pool: 10 });
  company = service.company();
  manager = service.user('manager', company);
});
beforeEach(() => service.customers.respond((path) => customerAt(path)));
afterAll(() => service.close());

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/transactions`;
const order = { kind: 'order', direction: 'in', amount: '10.00' };
const newRef = () => `ref ${randomUUID()}`;
const rowsOf = (external_ref: string) => service.database.owner('transactions').where({ external_ref }).select();
/** As clients do: a 503 says come again, and on a busy machine it may. */
const insist = async (send: () => ReturnType<TestUser['post']>) => {
  for (const until = Date.now() + 10_000; ;) {
    const answer = await send();
    if (answer.status !== 503 || Date.now() > until) return answer;
  }
};
const saidOf = async (id: string) => (await service.events()).filter(({ data }) => data['transaction_id'] === id);

test('what is sent again under its external_ref is the same record, as it is now, and is said once', async () => {
  const path = pathOf();
  const external_ref = newRef();
  const sent = { ...order, status: 'pending', description: 'A chair', external_ref };
  const first = await manager.post(path, sent).expect(201);
  const again = await manager.post(path, { ...sent, amount: 10, description: ' A chair ' }).expect(200);
  expect(again.body).toEqual({ message: 'Transaction recorded before', transaction: first.body.transaction });
  expect(again.headers['etag']).toBe('"1"');

  const { id } = first.body.transaction;
  await manager.patch(`${path}/${id}`, { status: 'completed', description: null }).expect(200);
  const later = await service.user('admin', company).post(path, sent).expect(200);
  expect(later.body.transaction).toMatchObject({ id, status: 'completed', created_by: manager.user_id });
  expect(later.headers['etag']).toBe('"2"');
  expect(await rowsOf(external_ref)).toHaveLength(1);
  expect((await saidOf(id)).map(({ name }) => name)).toEqual(['transaction.recorded', 'transaction.updated']);
});

test('a repeat needs nobody else: neither a product that has gone since nor the customer service', async () => {
  const path = pathOf();
  const product_id = randomUUID();
  const sent = { ...order, product_id, external_ref: newRef() };
  service.products.respond(() => ({ status: 200, body: { id: product_id, number: 1, is_active: true } }));
  const first = await manager.post(path, sent).expect(201);
  service.products.respond(() => ({ status: 404 }));
  service.customers.respond(() => undefined);
  expect((await manager.post(path, sent).expect(200)).body.transaction).toEqual(first.body.transaction);
});

test('another content under a known external_ref is a 409 that names it and shows the record', async () => {
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
  const sent = others.map((other) => [pathOf(customer_id), { ...order, external_ref, ...other }] as const);
  for (const [path, body] of [...sent, [pathOf(), { ...order, external_ref }] as const]) {
    const answer = await manager.post(path, body).expect(409);
    expect(answer.body).toMatchObject({
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
  expect(await rowsOf(external_ref)).toHaveLength(1);
});

test('an external_ref is the company’s own: another company has its own record of it', async () => {
  const external_ref = newRef();
  const customer_id = randomUUID();
  const elsewhere = service.user('manager', service.company());
  const one = await manager.post(pathOf(customer_id), { ...order, external_ref }).expect(201);
  const other = await elsewhere.post(pathOf(customer_id), { ...order, amount: 7, external_ref }).expect(201);
  expect(other.body.transaction.id).not.toBe(one.body.transaction.id);
});

test('of many who send the same at once one records it', async () => {
  const path = pathOf();
  const external_ref = newRef();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => insist(() => manager.post(path, { ...order, external_ref }))),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  expect(new Set(answers.map(({ body }) => body.transaction.id)).size).toBe(1);
  expect(await rowsOf(external_ref)).toHaveLength(1);
  expect(await saidOf(answers[0]?.body.transaction.id)).toHaveLength(1);
});

test('of two customers who get the same external_ref at once one has it', async () => {
  const external_ref = newRef();
  const answers = await Promise.all(
    [pathOf(), pathOf()].map((path) => insist(() => manager.post(path, { ...order, external_ref }))),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
  expect(await rowsOf(external_ref)).toHaveLength(1);
});

test('of many who cancel one at once, one does, and it is said once', async () => {
  const path = pathOf();
  const { id } = (await manager.post(path, order).expect(201)).body.transaction;
  const cancel = () => manager.patch(`${path}/${id}`, { status: 'cancelled' });
  const answers = await Promise.all(Array.from({ length: 6 }, () => insist(cancel)));
  expect(answers.map(({ status, headers }) => [status, headers['etag']])).toEqual(
    Array.from({ length: 6 }, () => [200, '"2"']),
  );
  expect((await saidOf(id)).map(({ name }) => name)).toEqual(['transaction.recorded', 'transaction.updated']);
});
