import { randomUUID } from 'node:crypto';
import type { CustomerTotals } from '@clientela/contracts';
import { someRuns, type Company, type TestUser } from '@clientela/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let company: Company;
let manager: TestUser;
let customerService: TestUser;
let customer_id: string;

beforeAll(async () => {
  service = await createTestInteraction({ pool: 4 });
  company = service.company({ currency: 'EUR' });
  manager = service.user('manager', company);
  customerService = service.callingService('customer', company);
});
beforeEach(() => {
  customer_id = randomUUID();
});
afterAll(() => service.close());

type Values = Record<string, unknown>;
const pathOf = (id = '') => `/api/customers/${customer_id}/transactions${id && `/${id}`}`;
const post = (values: Values) => manager.post(pathOf(), { direction: 'in', ...values });
const order = async (amount: string | number, values: Values = {}): Promise<string> =>
  (await post({ kind: 'order', amount, order_id: 'A-1', ...values }).expect(201)).body.transaction.id;
const postRefund = (amount: string | number, values: Values = {}) =>
  post({ kind: 'refund', direction: 'out', amount, order_id: 'A-1', ...values });
const refund = async (amount: string | number, values: Values = {}): Promise<string> =>
  (await postRefund(amount, values).expect(201)).body.transaction.id;
const patch = (id: string, values: Values) => manager.patch(pathOf(id), values);
const totals = async (): Promise<CustomerTotals> =>
  (await customerService.get(`/internal/customers/totals?customer_id=${customer_id}`).expect(200)).body.totals[0];
const value = async () => {
  const { lifetime_value, returned_orders } = await totals();
  const { summary } = (await customerService.get(`/internal/customers/${customer_id}/orders`).expect(200)).body;
  expect(summary.total_order_value).toBe(lifetime_value);
  return [lifetime_value, returned_orders];
};
const exceeds = { status: 422, body: { error_code: 'REFUND_EXCEEDS_ORDER' } };

describe('a refund', () => {
  test('of a cancelled order no longer counts, neither in value nor in number', async () => {
    const id = await order(10);
    await refund(10);
    expect(await value()).toEqual(['0.00', 1]);
    await patch(id, { status: 'cancelled' }).expect(200);
    expect(await value()).toEqual(['0.00', 0]);
    await refund(4); // of an order that was cancelled before
    expect(await value()).toEqual(['0.00', 0]);
  });

  test.each(['lower case', 'upper case'])('names its order by its id, in %s', async (spelling) => {
    const id = await order(10, { order_id: null });
    const order_id = spelling === 'upper case' ? id.toUpperCase() : id;
    await refund('7.50', { order_id });
    expect(await postRefund('2.51', { order_id: id })).toMatchObject(exceeds);
    await refund('2.50', { order_id: id });
    await patch(id, { status: 'cancelled' }).expect(200);
    expect(await value()).toEqual(['0.00', 0]);
  });

  test('is limited by the sum of the orders with its order_id, pending ones included, in each currency', async () => {
    await order(10);
    const pending = await order(5, { status: 'pending' });
    await order(3, { currency: 'USD' });
    await refund(9, { status: 'pending' });
    expect(await postRefund('6.01')).toMatchObject({
      ...exceeds,
      body: { errors: [{ path: 'amount', message: 'would exceed the amount of the order by 0.01 EUR' }] },
    });
    await refund(6);
    expect(await postRefund('3.01', { currency: 'USD' })).toMatchObject(exceeds);
    await refund(3, { currency: 'USD' });
    expect(await postRefund('0.01', { currency: 'GBP' })).toMatchObject(exceeds);
    expect(await patch(pending, { status: 'cancelled' })).toMatchObject(exceeds);
    expect(await totals()).toMatchObject({ lifetime_value: '0.00', by_currency: { USD: '0.00' }, returned_orders: 3 });
  });

  test('of one order of several with its order_id reduces what is left of all', async () => {
    const first = await order(10);
    await order(20);
    expect(await postRefund(11, { order_id: first })).toMatchObject(exceeds);
    await refund(10, { order_id: first });
    expect(await postRefund(21)).toMatchObject(exceeds);
    await refund(20);
    expect(await value()).toEqual(['0.00', 2]);
  });

  test('counts unbounded without such an order, until one is recorded; what was recorded before is left', async () => {
    await refund(50);
    await refund(60, { order_id: null });
    expect(await value()).toEqual(['-110.00', 2]);
    const id = await order(30, { status: 'pending' });
    expect(await value()).toEqual(['-80.00', 2]);
    expect(await postRefund('0.01')).toMatchObject(exceeds);
    await patch(id, { description: 'Chairs' }).expect(200);
    await patch(id, { amount: 40 }).expect(200);
    expect(await patch(id, { amount: 39 })).toMatchObject(exceeds);
    await patch(id, { status: 'completed' }).expect(200);
  });

  test('of another customer’s order is not limited by it', async () => {
    await order(1);
    customer_id = randomUUID();
    await refund(5);
    expect(await value()).toEqual(['-5.00', 1]);
  });

  test('is judged when either side changes', async () => {
    const id = await order(10, { status: 'pending' });
    const pending = await refund(4, { status: 'pending' });
    const settled = await refund(6, { order_id: 'B-1' });
    await patch(pending, { amount: 10 }).expect(200);
    expect(await patch(pending, { amount: '10.01' })).toMatchObject(exceeds);
    expect(await patch(pending, { currency: 'USD' })).toMatchObject(exceeds);
    expect(await patch(settled, { order_id: 'A-1' })).toMatchObject(exceeds);
    expect(await patch(id, { amount: '9.99' })).toMatchObject(exceeds);
    expect(await patch(id, { currency: 'USD' })).toMatchObject({
      ...exceeds,
      body: { errors: [{ path: 'currency' }] },
    });
    await patch(id, { order_id: 'C-1' }).expect(200);
    expect(await patch(id, { order_id: 'A-1' }).expect(200)).toBeDefined();
    await patch(pending, { status: 'cancelled' }).expect(200);
    await patch(settled, { order_id: 'A-1' }).expect(200);
    expect(await value()).toEqual(['4.00', 1]);
  });

  test('that a repeated external_ref names is answered before it is judged', async () => {
    const id = await order(10, { status: 'pending' });
    await refund(10, { external_ref: 'refund-1' });
    const repeat = postRefund(10, { external_ref: 'refund-1' });
    expect((await repeat.expect(200)).body.message).toBe('Transaction recorded before');
    expect(await postRefund(10, { external_ref: 'refund-2' })).toMatchObject(exceeds);
    await patch(id, { order_id: 'other' }).expect(200);
    expect(await value()).toEqual(['0.00', 1]);
  });

  test('that exceeds its order leaves nothing behind', async () => {
    await order(10);
    const before = [await totals(), (await service.events()).length];
    expect(await postRefund(11, { external_ref: 'too-much' })).toMatchObject(exceeds);
    expect([await totals(), (await service.events()).length]).toEqual(before);
    await refund(10, { external_ref: 'too-much' });
  });

  test('is judged under the customer’s lock: of ten concurrent ones, those that fit are recorded', async () => {
    await order(10);
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => {
        let { status } = await postRefund(3);
        while (status === 503) ({ status } = await postRefund(3)); // a busy machine
        return status;
      }),
    );
    expect(statuses.toSorted()).toEqual([201, 201, 201, ...Array(7).fill(422)]);
    expect(await value()).toEqual(['1.00', 3]);
  });
});

test('an average divides the value of the company’s currency by the orders in it', async () => {
  await order(100, { order_id: null });
  await order(20, { order_id: null, currency: 'USD' });
  const { body } = await customerService.get(`/internal/customers/${customer_id}/orders`).expect(200);
  expect(body.summary).toMatchObject({
    total_orders: 2,
    total_order_value: '100.00',
    average_order_value: '100.00',
  });
  expect(await totals()).toMatchObject({ valued_orders: 1, orders_by_currency: { USD: 1 } });
});

type Row = { id: string; kind: string; key: string | null; cents: number; currency: string; status: string };

/** The same rules, written over plain rows: whether refunds exceed their orders, and the totals. */
const model = {
  ordersOf: (rows: readonly Row[], { key }: Row) =>
    rows.filter((row) => row.kind === 'order' && key !== null && (row.key === key || row.id === key)),
  counts: (rows: readonly Row[], row: Row) => {
    if (row.status === 'cancelled') return false;
    const orders = model.ordersOf(rows, row);
    return row.kind === 'order' || orders.length === 0 || orders.some(({ status }) => status !== 'cancelled');
  },
  totals: (rows: readonly Row[]) => {
    const sums = { EUR: 0, USD: 0 } as Record<string, number>;
    const counted = rows.filter((row) => model.counts(rows, row));
    for (const { kind, cents, currency } of counted) sums[currency]! += kind === 'order' ? cents : -cents;
    const orders = counted.filter(({ kind }) => kind === 'order');
    return {
      total_orders: orders.length,
      valued_orders: orders.filter(({ currency }) => currency === 'EUR').length,
      returned_orders: counted.length - orders.length,
      lifetime_value: (sums['EUR']! / 100).toFixed(2),
      ...(counted.some(({ currency }) => currency === 'USD') && {
        by_currency: { USD: (sums['USD']! / 100).toFixed(2) },
      }),
    };
  },
  /** Whether refunds exceed a known order, or all known orders of one order_id together. */
  isOverdrawn: (rows: readonly Row[]) => {
    const known = rows.filter(({ status }) => status !== 'cancelled');
    const orders = known.filter(({ kind }) => kind === 'order');
    const groups = [
      ...orders.map((row) => ({ orders: [row], names: [row.id] })),
      ...['x', 'y'].map((key) => {
        const group = orders.filter((row) => row.key === key);
        return { orders: group, names: [key, ...group.map(({ id }) => id)] };
      }),
    ];
    return groups.some((group) =>
      ['EUR', 'USD'].some((currency) => {
        const sum = (list: readonly Row[]) =>
          list.filter((row) => row.currency === currency).reduce((cents, row) => cents + row.cents, 0);
        const refunds = known.filter((row) => row.kind === 'refund' && group.names.includes(row.key ?? ''));
        return group.orders.length > 0 && sum(refunds) > sum(group.orders);
      }),
    );
  },
};

test('any sequence of orders, refunds, status and reference changes keeps totals and limits of the model', async () => {
  const change = fc.record({
    kind: fc.constantFrom('order', 'order', 'refund'),
    key: fc.constantFrom('x', 'y', 'first', null),
    cents: fc.integer({ min: 1, max: 5 }),
    currency: fc.constantFrom('EUR', 'EUR', 'USD'),
    status: fc.constantFrom('pending', 'completed', 'cancelled'),
    target: fc.option(fc.nat()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 14 }), async (changes) => {
      customer_id = randomUUID();
      let rows: Row[] = [];
      for (const { kind, key, cents, currency, status, target } of changes) {
        const named = key === 'first' ? (rows.find((row) => row.kind === 'order')?.id ?? null) : key;
        const order_id = kind === 'order' && key === 'first' ? null : named;
        const values = { amount: (cents / 100).toFixed(2), currency, status, order_id };
        const old = target === null ? undefined : rows[target % Math.max(rows.length, 1)];
        const response = old
          ? await patch(old.id, old.status === 'pending' ? values : { order_id, status })
          : await post({ kind, ...values });
        if (response.status === 409 || (response.status === 422 && response.body.error_code !== 'REFUND_EXCEEDS_ORDER'))
          continue; // a transition that no status allows
        const settled =
          old && old.status !== 'pending' ? { key: order_id, status } : { key: order_id, cents, currency, status };
        const next = old
          ? rows.map((row) => (row === old ? { ...row, ...settled } : row))
          : [...rows, { id: response.body.transaction?.id ?? 'new', kind, key: order_id, cents, currency, status }];
        if (response.status === 422) {
          expect(model.isOverdrawn(next)).toBe(true);
          expect(await totals()).toMatchObject(model.totals(rows));
          continue;
        }
        expect(response.status).toBeLessThan(300);
        const isOrder = !old && kind === 'order';
        if (!isOrder && !model.isOverdrawn(rows)) expect(model.isOverdrawn(next)).toBe(false);
        rows = next;
        expect(await totals()).toMatchObject(model.totals(rows));
      }
    }),
    { numRuns: someRuns(12, 4) }, // all: refunds.large.test.ts
  );
});

test('an id names its order in any case, an order_id in its own only', async () => {
  const id = await order(10, { order_id: null });
  const mixed = id.slice(0, 18) + id.slice(18).toUpperCase();
  await refund('7.50', { order_id: mixed });
  expect(await postRefund('2.51', { order_id: id })).toMatchObject(exceeds);
  await refund('2.50', { order_id: id });

  await order(10, { order_id: 'a-1' });
  const unbounded = await refund(15, { order_id: 'A-1' });
  expect(await patch(unbounded, { order_id: 'a-1' })).toMatchObject(exceeds);
});
