import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction);

const recorded = async (manager: TestUser, values: object = {}) => {
  const path = `/api/customers/${randomUUID()}/transactions`;
  const { body } = await manager.post(path, { kind: 'order', direction: 'in', amount: 10, ...values }).expect(201);
  return { ...body.transaction, path: `${path}/${body.transaction.id}` };
};
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();
const publishedOf = async (service: TestInteraction, id: string) =>
  (await service.events('transaction.updated')).filter(({ data }) => data['transaction_id'] === id);
const rowOf = (service: TestInteraction, id: string) => service.database.owner('transactions').where({ id }).first();

test('changes amount, currency and time of a pending transaction; the event has old and new values', async ({
  service,
  company,
  manager,
}) => {
  const { path, ...before } = await recorded(manager, { status: 'pending', order_id: 'A-1' });
  const change = {
    amount: '12.30',
    currency: 'usd',
    occurred_at: '2026-02-01T00:00:00Z',
    order_id: null,
    description: 'Two chairs',
  };
  const { body, headers } = await manager.patch(path, change).expect(200);
  expect(body).toEqual({
    message: 'Transaction updated',
    transaction: {
      ...before,
      ...change,
      currency: 'USD',
      occurred_at: '2026-02-01T00:00:00.000Z',
      updated_at: expect.any(String),
      version: 2,
    },
  });
  expect(headers['etag']).toBe('"2"');
  expect((await manager.get(path)).body.transaction).toEqual(body.transaction);
  expect(await publishedOf(service, before.id)).toEqual([
    expect.objectContaining({
      sequence: 2,
      company_id: company.id,
      data: {
        transaction_id: before.id,
        customer_id: before.customer_id,
        customer_changes: 2,
        kind: 'order',
        direction: 'in',
        fields_changed: ['amount', 'currency', 'order_id', 'description', 'occurred_at'],
        from: { status: 'pending', amount: '10.00', currency: 'EUR', occurred_at: before.occurred_at },
        to: { status: 'pending', amount: '12.30', currency: 'USD', occurred_at: '2026-02-01T00:00:00.000Z' },
      },
    }),
  ]);
});

test('keeps booked fields of a settled transaction immutable and lets its texts change', async ({
  service,
  manager,
}) => {
  for (const status of ['completed', 'cancelled']) {
    const { path, ...before } = await recorded(manager, { status });
    const change = { amount: 11, currency: 'USD', occurred_at: '2026-02-01T00:00:00Z', description: 'Changed' };
    const rejected = await manager.patch(path, change).expect(422);
    expect(errorPaths(rejected)).toEqual(['amount', 'currency', 'occurred_at']);
    expect(rejected.body.errors[0].message).toBe(`cannot change because the transaction is ${status}`);
    const { body } = await manager.patch(path, { description: 'Paid in cash', order_id: 'B-2' }).expect(200);
    expect(body.transaction).toEqual({
      ...before,
      description: 'Paid in cash',
      order_id: 'B-2',
      updated_at: expect.any(String),
      version: 2,
    });
    expect(await publishedOf(service, before.id)).toHaveLength(1);
  }
});

test('changes status from pending to completed to cancelled, never back', async ({ service, manager }) => {
  const statuses = ['pending', 'completed', 'cancelled'] as const;
  const allowed = new Set(['pending completed', 'pending cancelled', 'completed cancelled']);
  for (const from of statuses) {
    for (const to of statuses) {
      const { path, id } = await recorded(manager, { status: from });
      const response = await manager.patch(path, { status: to });
      const isAllowed = from === to || allowed.has(`${from} ${to}`);
      expect([from, to, response.status]).toEqual([from, to, isAllowed ? 200 : 409]);
      if (!isAllowed) expect(response.body.error_code).toBe('CONFLICT');
      expect((await rowOf(service, id)).status).toBe(isAllowed ? to : from);
      const transitions = (await publishedOf(service, id)).map(
        ({ data }) => [data['from'], data['to']] as { status: string }[],
      );
      expect(transitions.map((move) => move.map(({ status }) => status))).toEqual(
        isAllowed && from !== to ? [[from, to]] : [],
      );
    }
  }
});

test('changes nothing when the record is sent unchanged, and names changed read-only fields', async ({
  service,
  manager,
}) => {
  const { path, ...transaction } = await recorded(manager, { description: 'A chair', external_ref: randomUUID() });
  const { body, headers } = await manager.patch(path, transaction).expect(200);
  expect([body.transaction, headers['etag']]).toEqual([transaction, '"1"']);
  const readOnly = {
    id: randomUUID(),
    customer_id: randomUUID(),
    created_by: 'x',
    kind: 'refund',
    direction: 'out',
    product_id: randomUUID(),
    external_ref: 'x',
    created_at: null,
  };
  expect(errorPaths(await manager.patch(path, { ...readOnly, description: 'x' }).expect(422))).toEqual(
    Object.keys(readOnly).toSorted(),
  );
  expect(errorPaths(await manager.patch(path, { colour: 'red', status: null }).expect(422))).toEqual([
    'colour',
    'status',
  ]);
  expect(await publishedOf(service, transaction.id)).toEqual([]);
});

test('accepts a change with If-Match of the current version only', async ({ service, manager }) => {
  const { path, id } = await recorded(manager, { status: 'pending' });
  await manager.patch(path, { status: 'completed' }).set('If-Match', '"1"').expect(200);
  await manager.patch(path, { status: 'cancelled' }).set('If-Match', '"1"').expect(412);
  expect((await rowOf(service, id)).status).toBe('completed');
});
