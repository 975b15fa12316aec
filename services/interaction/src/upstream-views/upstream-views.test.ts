import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction)
  .extend('company', ({ service }) => service.company({ currency: 'EUR' }))
  .extend('customerService', ({ service, company }) => service.callingService('customer', company));

type Record = { id: string };
const viewOf = (customer_id: string, name: string) => `/internal/customers/${customer_id}/${name}`;
const pay = async (manager: TestUser, customer_id: string, values: object): Promise<Record> => {
  const payload = { kind: 'order', direction: 'in', amount: 10, ...values };
  return (await manager.post(`/api/customers/${customer_id}/transactions`, payload).expect(201)).body.transaction;
};
const record = async (manager: TestUser, customer_id: string, values: object): Promise<Record> => {
  const payload = { notes: 'Between us: difficult', ...values };
  return (await manager.post(`/api/customers/${customer_id}/interactions`, payload).expect(201)).body.interaction;
};
const day = (number: number) => `2026-01-0${number}T00:00:00.000Z`;
const ids = (records: Record[]) => records.map(({ id }) => id);

describe('orders', () => {
  test('are summed like the counters and listed newest first', async ({ manager, customerService }) => {
    const customer_id = randomUUID();
    const first = await pay(manager, customer_id, {
      amount: 100,
      occurred_at: day(1),
      order_id: 'A-1',
      description: 'Two chairs',
      external_ref: 'shop-1',
    });
    const pending = await pay(manager, customer_id, { amount: '50.01', occurred_at: day(3), status: 'pending' });
    const dollars = await pay(manager, customer_id, { amount: 7, currency: 'USD', occurred_at: day(2) });
    const cancelled = await pay(manager, customer_id, { amount: 1000, status: 'cancelled', occurred_at: day(5) });
    await pay(manager, customer_id, { kind: 'payment', amount: 5000, occurred_at: day(6) });
    await pay(manager, customer_id, { kind: 'refund', direction: 'out', amount: 20, occurred_at: day(6) });
    await pay(manager, customer_id, {
      kind: 'refund',
      direction: 'out',
      amount: 3,
      status: 'cancelled',
      occurred_at: day(6),
    });
    await pay(manager, randomUUID(), { amount: 1 });

    const { body } = await customerService.get(viewOf(customer_id, 'orders')).expect(200);
    expect(body).toEqual({
      summary: {
        total_orders: 3,
        total_order_value: '130.01',
        average_order_value: '65.01',
        last_order_date: day(3),
      },
      status_breakdown: { pending: 1, completed: 2, cancelled: 1 },
      orders: expect.any(Array),
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(ids(body.orders)).toEqual(ids([cancelled, pending, dollars, first]));
    expect(body.orders.at(-1)).toEqual({
      id: first.id,
      order_id: 'A-1',
      status: 'completed',
      direction: 'in',
      amount: '100.00',
      currency: 'EUR',
      product_id: null,
      description: 'Two chairs',
      external_ref: 'shop-1',
      occurred_at: day(1),
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const { orders, summary } = (await customerService.get(`${viewOf(customer_id, 'orders')}?status=completed&limit=1`))
      .body;
    expect([ids(orders), summary]).toEqual([[dollars.id], body.summary]);
  });
});

describe('complaints', () => {
  test('are open until they are resolved, and include no notes of staff', async ({ manager, customerService }) => {
    const customer_id = randomUUID();
    const records: Record[] = [];
    for (const [at, status] of ['closed', 'open', 'in_progress', 'resolved'].entries()) {
      const payload = { type: 'complaint', status, occurred_at: day(at + 1), priority: 'high', category: 'parts' };
      records.unshift(await record(manager, customer_id, payload));
    }
    await record(manager, customer_id, { type: 'call', occurred_at: day(9) });
    const { body } = await customerService.get(viewOf(customer_id, 'complaints')).expect(200);
    expect(body).toEqual({
      summary: { total_complaints: 4, open_complaints: 2, resolved_complaints: 2, last_complaint_date: day(4) },
      status_breakdown: { open: 1, in_progress: 1, resolved: 1, closed: 1 },
      complaints: expect.any(Array),
      as_of: expect.any(String),
    });
    expect(ids(body.complaints)).toEqual(ids(records));
    expect(body.complaints[0]).toEqual({
      id: records[0]?.id,
      status: 'resolved',
      priority: 'high',
      category: 'parts',
      notes: expect.any(String),
      order_id: null,
      resolved_at: expect.any(String),
      occurred_at: day(4),
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const open = (await customerService.get(`${viewOf(customer_id, 'complaints')}?status=open`)).body;
    expect([ids(open.complaints), open.summary]).toEqual([[records[2]?.id], body.summary]);
    expect(open.complaints[0]).toMatchObject({ notes: 'Between us: difficult', order_id: null, resolved_at: null });
  });

  test('have the time since when they are resolved or closed, also when earlier code wrote their status', async ({
    service,
    manager,
    customerService,
  }) => {
    const customer_id = randomUUID();
    const { id } = await record(manager, customer_id, { type: 'complaint', occurred_at: day(4) });
    const resolvedAt = async () =>
      (await customerService.get(viewOf(customer_id, 'complaints')).expect(200)).body.complaints[0].resolved_at;
    const change = (values: object) =>
      manager.patch(`/api/customers/${customer_id}/interactions/${id}`, values).expect(200);
    expect(await resolvedAt()).toBeNull();
    await change({ status: 'resolved' });
    const first = await resolvedAt();
    expect(Math.abs(Date.parse(first) - Date.now())).toBeLessThan(60_000);
    await change({ status: 'closed', notes: 'Settled' });
    expect(await resolvedAt()).toBe(first);
    await change({ status: 'in_progress' });
    expect(await resolvedAt()).toBeNull();
    await service.database.owner('interactions').where({ id }).update({ status: 'closed' });
    expect(await resolvedAt()).not.toBeNull();
    await change({ type: 'call' });
    expect(await service.database.owner('interactions').where({ id }).first('resolved_at')).toEqual({
      resolved_at: null,
    });
    const closed = await record(manager, customer_id, { type: 'complaint', status: 'closed', occurred_at: day(9) });
    expect([closed.id, await resolvedAt()]).toEqual([closed.id, expect.any(String)]);
  });
});

describe('appointments', () => {
  test('are dated by scheduled_at, else by occurred_at', async ({ manager, customerService }) => {
    const customer_id = randomUUID();
    const scheduled = await record(manager, customer_id, {
      type: 'appointment',
      occurred_at: day(1),
      scheduled_at: day(8),
    });
    const occurred = await record(manager, customer_id, { type: 'appointment', status: 'done', occurred_at: day(5) });
    const cancelled = await record(manager, customer_id, {
      type: 'appointment',
      status: 'cancelled',
      occurred_at: day(7),
      scheduled_at: day(2),
    });
    const { body } = await customerService.get(viewOf(customer_id, 'appointments')).expect(200);
    expect(body).toEqual({
      summary: { total_appointments: 3, cancelled_appointments: 1, last_appointment_date: day(8) },
      status_breakdown: { booked: 1, done: 1, cancelled: 1 },
      appointments: expect.any(Array),
      as_of: expect.any(String),
    });
    expect(ids(body.appointments)).toEqual(ids([scheduled, occurred, cancelled]));
    expect(body.appointments[0]).toEqual({
      id: scheduled.id,
      status: 'booked',
      scheduled_at: day(8),
      category: null,
      occurred_at: day(1),
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
  });
});

const emptySummaries = {
  orders: {
    summary: { total_orders: 0, total_order_value: '0.00', average_order_value: '0.00', last_order_date: null },
    status_breakdown: { pending: 0, completed: 0, cancelled: 0 },
  },
  complaints: {
    summary: { total_complaints: 0, open_complaints: 0, resolved_complaints: 0, last_complaint_date: null },
    status_breakdown: { open: 0, in_progress: 0, resolved: 0, closed: 0 },
  },
  appointments: {
    summary: { total_appointments: 0, cancelled_appointments: 0, last_appointment_date: null },
    status_breakdown: { booked: 0, done: 0, cancelled: 0 },
  },
};

describe.each(['orders', 'complaints', 'appointments'] as const)('the view of %s', (name) => {
  const recordMany = async (manager: TestUser, customer_id: string, count: number) => {
    const type = name === 'complaints' ? 'complaint' : 'appointment';
    for (let index = 0; index < count; index += 1)
      await (name === 'orders' ? pay(manager, customer_id, {}) : record(manager, customer_id, { type }));
  };

  test('is empty without records, and never includes another company’s', async ({
    service,
    manager,
    customerService,
  }) => {
    const customer_id = randomUUID();
    await recordMany(manager, customer_id, 1);
    const empty = { ...emptySummaries[name], [name]: [], as_of: expect.any(String) };
    expect((await customerService.get(viewOf(randomUUID(), name)).expect(200)).body).toEqual(empty);
    const otherAdmin = service.callingService('customer', service.company());
    expect((await otherAdmin.get(viewOf(customer_id, name)).expect(200)).body).toEqual(empty);
  });

  test('lists ten records by default, or the requested limit', async ({ manager, customerService }) => {
    const customer_id = randomUUID();
    await recordMany(manager, customer_id, 12);
    const listed = async (query: string) =>
      (await customerService.get(`${viewOf(customer_id, name)}${query}`).expect(200)).body[name].length;
    expect([await listed(''), await listed('?limit=3'), await listed('?limit=100')]).toEqual([10, 3, 12]);
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'status=lost', 'status=', 'page=1', 'status=a&status=b'])
      await customerService.get(`${viewOf(customer_id, name)}?${query}`).expect(422);
    await customerService.get(viewOf('not-an-id', name)).expect(400);
  });

  test('is available to the customer service only, and requires a company', async ({ service, company, manager }) => {
    const path = viewOf(randomUUID(), name);
    for (const callingService of ['auth', 'product', 'favorites', 'interaction'] as const)
      await service.callingService(callingService, company).get(path).expect(403);
    await manager.get(path).expect(403);
    await service.callingService('customer').get(path).expect(422);
  });
});
