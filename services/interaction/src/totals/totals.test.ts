import { randomUUID } from 'node:crypto';
import type { CustomerTotals } from '@clientela/contracts';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let company: Company;
let manager: TestUser;
/** The customer service as calling service, for the company. */
let customerService: TestUser;
let customer_id: string;

beforeAll(async () => {
  service = await createTestInteraction();
  company = service.company({ currency: 'EUR' });
  manager = service.user('manager', company);
  customerService = service.callingService('customer', company);
});
beforeEach(() => {
  customer_id = randomUUID();
});
afterAll(() => service.close());

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}T00:00:00.000Z`;
const totalsOf = async (...ids: string[]): Promise<CustomerTotals[]> => {
  const query = ids.map((id) => `customer_id=${id}`).join('&');
  return (await customerService.get(`/internal/customers/totals?${query}`).expect(200)).body.totals;
};
const totals = async () => (await totalsOf(customer_id))[0] as CustomerTotals;
const money = (values: object) =>
  manager.post(`/api/customers/${customer_id}/transactions`, { kind: 'order', direction: 'in', amount: 10, ...values });
const pay = async (values: object): Promise<string> => (await money(values).expect(201)).body.transaction.id;
const settle = (id: string, values: object) =>
  manager.patch(`/api/customers/${customer_id}/transactions/${id}`, values).expect(200);
const record = async (values: object): Promise<string> => {
  const payload = { notes: 'Spoke', ...values };
  const { body } = await manager.post(`/api/customers/${customer_id}/interactions`, payload).expect(201);
  return body.interaction.id;
};
const change = (id: string, values: object) =>
  manager.patch(`/api/customers/${customer_id}/interactions/${id}`, values).expect(200);
const remove = (id: string) => manager.delete(`/api/customers/${customer_id}/interactions/${id}`).expect(200);

const zeroTotals = (id: string = customer_id) => ({
  customer_id: id,
  changes: 0,
  total_orders: 0,
  total_appointments: 0,
  total_complaints: 0,
  open_complaints: 0,
  first_order_date: null,
  last_order_date: null,
  first_appointment_date: null,
  last_appointment_date: null,
  last_complaint_date: null,
  returned_orders: 0,
  cancelled_appointments: 0,
  lifetime_value: '0.00',
  currency: 'EUR',
  by_currency: {},
  valued_orders: 0,
  orders_by_currency: {},
});

/** Each event has the recorded version, and the totals are at that version. */
async function expectNumber(changes: number, expected: object) {
  expect(await totals()).toEqual({ ...zeroTotals(), changes, ...expected });
  const published = (await service.events()).filter(({ data }) => data['customer_id'] === customer_id);
  expect(published.at(-1)?.data['customer_changes']).toBe(changes);
}

describe('the totals of a customer', () => {
  test('are zero without records', async () => {
    expect(await totals()).toEqual(zeroTotals());
  });

  test('include pending and completed orders, and exclude cancelled ones with their dates', async () => {
    const first = await pay({ amount: '100.10', occurred_at: day(1) });
    await expectNumber(1, {
      total_orders: 1,
      valued_orders: 1,
      first_order_date: day(1),
      last_order_date: day(1),
      lifetime_value: '100.10',
    });
    const last = await pay({ amount: '20', occurred_at: day(9), status: 'pending' });
    await pay({ amount: '3', occurred_at: day(5) });
    await settle(last, { amount: '21', occurred_at: day(12) });
    const all = {
      total_orders: 3,
      valued_orders: 3,
      first_order_date: day(1),
      last_order_date: day(12),
      lifetime_value: '124.10',
    };
    await expectNumber(4, all);
    await settle(last, { status: 'completed' });
    await expectNumber(5, all);
    await settle(last, { status: 'cancelled' });
    await settle(first, { status: 'cancelled' });
    await expectNumber(7, {
      total_orders: 1,
      valued_orders: 1,
      first_order_date: day(5),
      last_order_date: day(5),
      lifetime_value: '3.00',
    });
  });

  test('subtract refunds until they are cancelled, and ignore payments', async () => {
    await pay({ amount: 100, occurred_at: day(2) });
    const orders = { total_orders: 1, valued_orders: 1, first_order_date: day(2), last_order_date: day(2) };
    const refund = await pay({ kind: 'refund', direction: 'out', amount: '130.50', occurred_at: day(8) });
    await expectNumber(2, { ...orders, returned_orders: 1, lifetime_value: '-30.50' });
    const payment = await pay({ kind: 'payment', amount: 7, occurred_at: day(9) });
    await settle(payment, { status: 'cancelled' });
    await expectNumber(2, { ...orders, returned_orders: 1, lifetime_value: '-30.50' });
    await settle(refund, { status: 'cancelled' });
    await expectNumber(3, { ...orders, lifetime_value: '100.00' });
  });

  test('sum the company’s currency, and other currencies separately', async () => {
    await pay({ amount: 1, currency: 'USD', occurred_at: day(1) });
    await pay({ amount: '2.5', currency: 'USD', occurred_at: day(2) });
    const pounds = await pay({ amount: 7, currency: 'GBP', occurred_at: day(3), status: 'pending' });
    await pay({ kind: 'refund', direction: 'out', amount: 4, currency: 'USD', occurred_at: day(9) });
    const dates = { first_order_date: day(1), last_order_date: day(3) };
    const spent = { total_orders: 3, returned_orders: 1, ...dates };
    await expectNumber(4, {
      ...spent,
      by_currency: { USD: '-0.50', GBP: '7.00' },
      orders_by_currency: { USD: 2, GBP: 1 },
    });
    await settle(pounds, { currency: 'EUR' });
    await expectNumber(5, {
      ...spent,
      lifetime_value: '7.00',
      by_currency: { USD: '-0.50' },
      valued_orders: 1,
      orders_by_currency: { USD: 2 },
    });
  });

  test('count open complaints through status changes and deletions', async () => {
    const firstComplaint = await record({ type: 'complaint', occurred_at: day(1) });
    const secondComplaint = await record({ type: 'complaint', status: 'in_progress', occurred_at: day(7) });
    await record({ type: 'complaint', status: 'closed', occurred_at: day(3) });
    const phoneCall = await record({ type: 'call', occurred_at: day(20) });
    await change(phoneCall, { notes: 'Spoke again' });
    await expectNumber(3, { total_complaints: 3, open_complaints: 2, last_complaint_date: day(7) });
    await change(firstComplaint, { status: 'resolved' });
    await expectNumber(4, { total_complaints: 3, open_complaints: 1, last_complaint_date: day(7) });
    await change(secondComplaint, { type: 'call' });
    await expectNumber(5, { total_complaints: 2, last_complaint_date: day(3) });
    await change(phoneCall, { type: 'complaint' });
    await expectNumber(6, { total_complaints: 3, open_complaints: 1, last_complaint_date: day(20) });
    await remove(phoneCall);
    await expectNumber(7, { total_complaints: 2, last_complaint_date: day(3) });
    await remove(secondComplaint);
    await expectNumber(7, { total_complaints: 2, last_complaint_date: day(3) });
  });

  test('date appointments by scheduled_at, else by occurred_at, cancelled ones included', async () => {
    const first = await record({ type: 'appointment', occurred_at: day(5), scheduled_at: day(2) });
    const last = await record({ type: 'appointment', occurred_at: day(6) });
    await record({ type: 'appointment', status: 'done', occurred_at: day(4) });
    await change(last, { status: 'cancelled' });
    const counted = { total_appointments: 3, cancelled_appointments: 1 };
    await expectNumber(4, { ...counted, first_appointment_date: day(2), last_appointment_date: day(6) });
    await change(first, { scheduled_at: null });
    await expectNumber(5, { ...counted, first_appointment_date: day(4), last_appointment_date: day(6) });
    await change(last, { scheduled_at: day(30) });
    await expectNumber(6, { ...counted, first_appointment_date: day(4), last_appointment_date: day(30) });
    await remove(last);
    await expectNumber(7, { total_appointments: 2, first_appointment_date: day(4), last_appointment_date: day(5) });
  });

  test('match the views of the same customer', async () => {
    await pay({ amount: '10.01' });
    await pay({ kind: 'refund', direction: 'out', amount: 3 });
    await pay({ amount: 5, currency: 'USD' });
    for (const type of ['complaint', 'appointment']) await record({ type });
    await record({ type: 'appointment', status: 'cancelled', scheduled_at: day(9) });
    const view = async (name: string) =>
      (await customerService.get(`/internal/customers/${customer_id}/${name}`).expect(200)).body.summary;
    const { average_order_value: _, total_order_value: lifetime_value, ...orders } = await view('orders');
    const { resolved_complaints: _resolved, ...complaints } = await view('complaints');
    expect(await totals()).toMatchObject({ lifetime_value, ...orders, ...complaints, ...(await view('appointments')) });
  });

  test('keep their version when a request changes nothing', async () => {
    const id = await pay({ external_ref: 'shop-1', status: 'pending' });
    await money({ external_ref: 'shop-1', status: 'pending' }).expect(200);
    await settle(id, { status: 'pending' });
    await money({ external_ref: 'shop-1', amount: 11 }).expect(409);
    const complaint = await record({ type: 'complaint' });
    await change(complaint, { status: 'open' });
    await manager.patch(`/api/customers/${customer_id}/interactions/${complaint}`, { status: 'done' }).expect(422);
    expect((await totals()).changes).toBe(2);
  });

  test('raise the version once for each of twenty concurrent changes', async () => {
    const crowd = await createTestInteraction({ pool: 10 });
    try {
      const user = crowd.user('manager', crowd.company());
      const payload = { kind: 'order', direction: 'in', amount: 10 };
      const order = async () => {
        // On a busy machine a call can time out with a 503 before it changes anything, so it is retried.
        let { status } = await user.post(`/api/customers/${customer_id}/transactions`, payload);
        while (status === 503) ({ status } = await user.post(`/api/customers/${customer_id}/transactions`, payload));
        return status;
      };
      expect(await Promise.all(Array.from({ length: 20 }, order))).toEqual(Array(20).fill(201));
      const numbers = (await crowd.events()).map(({ data }) => data['customer_changes'] as number);
      expect(numbers.toSorted((firstComplaint, other) => firstComplaint - other)).toEqual(
        Array.from({ length: 20 }, (_, at) => at + 1),
      );
    } finally {
      await crowd.close();
    }
  });
});

describe('totals of several customers', () => {
  test('are returned in the requested order, and never include another company’s', async () => {
    await pay({ amount: 5 });
    const other = customer_id;
    customer_id = randomUUID();
    await record({ type: 'complaint' });
    const unknown = randomUUID();
    const expected = [
      zeroTotals(unknown),
      expect.objectContaining({ customer_id, changes: 1, total_complaints: 1, total_orders: 0 }),
      expect.objectContaining({ customer_id: other, changes: 1, total_orders: 1, total_complaints: 0 }),
    ];
    expect(await totalsOf(unknown, customer_id, other)).toEqual(expected);
    expect(await totalsOf(other, customer_id, unknown)).toEqual(expected.toReversed());
    const otherAdmin = service.callingService('customer', service.company({ currency: 'USD' }));
    const path = `/internal/customers/totals?customer_id=${other}`;
    expect((await otherAdmin.get(path).expect(200)).body.totals).toEqual([{ ...zeroTotals(other), currency: 'USD' }]);
  });

  test('are limited to 1 to 100 ids and to the customer service', async () => {
    const ids = Array.from({ length: 101 }, () => randomUUID());
    expect(await totalsOf(...ids.slice(1))).toHaveLength(100);
    const path = `/internal/customers/totals?${ids.map((id) => `customer_id=${id}`).join('&')}`;
    for (const invalidPath of [path, '/internal/customers/totals', '/internal/customers/totals?customer_id=x'])
      await customerService.get(invalidPath).expect(422);
    for (const callingService of ['auth', 'product', 'favorites', 'interaction'] as const)
      await service.callingService(callingService, company).get(path).expect(403);
    await manager.get(path).expect(403);
  });
});

test('a hard-deleted customer has no totals', async () => {
  await pay({ amount: 5 });
  await record({ type: 'complaint' });
  await service.callingService('customer').post('/internal/events', {
    id: randomUUID(),
    name: 'customer.deleted',
    occurred_at: new Date().toISOString(),
    company_id: company.id,
    actor_id: manager.user_id,
    request_id: 'request-of-the-deletion',
    sequence: 2,
    data: { customer_id, number: 1, hard: true },
  });
  expect(await totals()).toEqual({ ...zeroTotals(), changes: 3 });
});
