import { randomUUID } from 'node:crypto';
import type { CustomerTotals } from '@clientela/contracts';
import { someRuns, type Company, type TestService, type TestUser } from '@clientela/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { recount } from '../stats/recount.ts';
import { createTestCustomer } from '../testing/test-customer.ts';
import { applyCurrencyChanges } from './worker.ts';

type Transaction = { kind: 'order' | 'refund'; cents: number; currency: string };

let service: TestService;
let company: Company;
let admin: TestUser;
/** What the interaction service has recorded, with the currency that it holds in its cache. */
const recorded = new Map<string, { transactions: Transaction[]; changes: number }>();
let cachedCurrency: string;

const decimal = (cents: number) => (cents / 100).toFixed(2);
/** The totals of a customer, as the interaction service computes them. */
function totalsOf(customer_id: string): CustomerTotals {
  const { transactions = [], changes = 0 } = recorded.get(customer_id) ?? {};
  const currencies = [...new Set(transactions.map(({ currency }) => currency))];
  const orders = (currency: string) =>
    transactions.filter((row) => row.kind === 'order' && row.currency === currency).length;
  const value = (currency: string) =>
    transactions
      .filter((row) => row.currency === currency)
      .reduce((sum, { kind, cents }) => sum + (kind === 'order' ? cents : -cents), 0);
  const others = currencies.filter((currency) => currency !== cachedCurrency);
  return {
    customer_id,
    changes,
    total_orders: transactions.filter(({ kind }) => kind === 'order').length,
    total_appointments: 0,
    total_complaints: 0,
    open_complaints: 0,
    first_order_date: null,
    last_order_date: null,
    first_appointment_date: null,
    last_appointment_date: null,
    last_complaint_date: null,
    returned_orders: transactions.filter(({ kind }) => kind === 'refund').length,
    cancelled_appointments: 0,
    lifetime_value: decimal(value(cachedCurrency)),
    currency: cachedCurrency,
    by_currency: Object.fromEntries(others.map((currency) => [currency, decimal(value(currency))])),
    valued_orders: orders(cachedCurrency),
    orders_by_currency: Object.fromEntries(
      others.filter((currency) => orders(currency) > 0).map((currency) => [currency, orders(currency)]),
    ),
  };
}
const totals = async (_company: string, ids: readonly string[]) => ids.map(totalsOf);

beforeAll(async () => {
  service = await createTestCustomer({ pool: 4, totals });
});
beforeEach(async () => {
  await service.database.owner('customers').delete();
  await service.database.owner('company_currency_changes').delete();
  company = service.company({ currency: 'EUR' });
  cachedCurrency = 'EUR';
  admin = service.user('admin', company);
});
afterAll(() => service.close());

const createCustomer = async (): Promise<string> =>
  (await admin.post('/api/customers', { full_name: 'Ana' }).expect(201)).body.customer.id;
const statsOf = async (id: string) => (await admin.get(`/api/customers/${id}/stats`).expect(200)).body;
const deliver = (caller: 'auth' | 'interaction', name: string, data: object) =>
  service
    .callingService(caller)
    .post('/internal/events', {
      id: randomUUID(),
      name,
      occurred_at: new Date().toISOString(),
      company_id: company.id,
      actor_id: admin.user_id,
      request_id: 'request-of-the-change',
      sequence: 1,
      data,
    })
    .expect(200);
const pay = (customer_id: string, transaction: Transaction) => {
  const { transactions = [], changes = 0 } = recorded.get(customer_id) ?? {};
  recorded.set(customer_id, { transactions: [...transactions, transaction], changes: changes + 1 });
};
const deliverTotals = (customer_id: string) =>
  deliver('interaction', 'transaction.recorded', {
    transaction_id: randomUUID(),
    customer_id,
    customer_changes: recorded.get(customer_id)?.changes,
    kind: 'order',
    direction: 'in',
    status: 'completed',
    amount: '1.00',
    currency: 'EUR',
    occurred_at: '2026-01-01T00:00:00Z',
  });
const changeCurrency = async (currency: string) => {
  company.currency = currency;
  await deliver('auth', 'company.updated', { company_id: company.id, fields_changed: ['currency'] });
};
const run = () => applyCurrencyChanges(service.database.db);
const check = () =>
  recount(service.database.db, totals, { repair: false, request_id: 'recount', reportedGroups: new Set() });
const changes = () => service.database.owner('company_currency_changes').select('currency');

describe('a company that changes its currency', () => {
  test('has all figures in the new one: the value moves to by_currency, and back', async () => {
    const id = await createCustomer();
    pay(id, { kind: 'order', cents: 10_000, currency: 'EUR' });
    pay(id, { kind: 'order', cents: 2000, currency: 'USD' });
    pay(id, { kind: 'order', cents: 300, currency: 'GBP' });
    await deliverTotals(id);
    await changeCurrency('USD');
    await run();
    const record = (await admin.get(`/api/customers/${id}`)).body.customer;
    expect(record).toMatchObject({ lifetime_value: '20.00', currency: 'USD' });
    expect(await statsOf(id)).toMatchObject({
      lifetime_value: '20.00',
      currency: 'USD',
      by_currency: { EUR: '100.00', GBP: '3.00' },
      total_orders: 3,
    });
    expect((await admin.get(`/api/customers/${id}/orders`)).body.summary).toMatchObject({
      total_order_value: '20.00',
      average_order_value: '20.00',
    });
    await changeCurrency('EUR');
    await run();
    expect(await statsOf(id)).toMatchObject({
      lifetime_value: '100.00',
      currency: 'EUR',
      by_currency: { USD: '20.00', GBP: '3.00' },
    });
    expect(await check()).toEqual({ customers: 1, equal: 1, behind: 0, different: 0 });
  });

  test('has 0.00 in a currency without orders, and no entry of an amount that was never there', async () => {
    const [ana, ben] = [await createCustomer(), await createCustomer()];
    pay(ana, { kind: 'order', cents: 10_000, currency: 'EUR' });
    await deliverTotals(ana);
    await changeCurrency('USD');
    await run();
    expect(await statsOf(ana)).toMatchObject({
      lifetime_value: '0.00',
      currency: 'USD',
      by_currency: { EUR: '100.00' },
    });
    expect(await statsOf(ben)).toMatchObject({ lifetime_value: '0.00', currency: 'USD', by_currency: {} });
  });

  test('has outside figures in the new one, too', async () => {
    const id = await createCustomer();
    const orders = service.callingService('orders', company);
    const path = `/api/customers/internal/${id}/statistics`;
    await orders.patch(path, { total_orders: 2, lifetime_value: '50', by_currency: { USD: '7' } }).expect(200);
    await changeCurrency('USD');
    await run();
    expect(await statsOf(id)).toMatchObject({ lifetime_value: '7.00', currency: 'USD', by_currency: { EUR: '50.00' } });
    await orders.patch(path, { lifetime_value: '8', currency: 'USD' }).expect(200);
    await orders.patch(path, { lifetime_value: '8', currency: 'EUR' }).expect(409);
  });

  test('keeps it although caches still have the earlier one for a while', async () => {
    const id = await createCustomer();
    pay(id, { kind: 'order', cents: 500, currency: 'EUR' });
    await deliverTotals(id);
    await changeCurrency('USD');
    await run();
    company.currency = 'EUR'; // as a cache has it that was filled before the change
    pay(id, { kind: 'order', cents: 200, currency: 'USD' });
    await deliverTotals(id);
    expect(await statsOf(id)).toMatchObject({ lifetime_value: '2.00', currency: 'USD', by_currency: { EUR: '5.00' } });
    expect((await statsOf(await createCustomer())).currency).toBe('USD');
    expect(await check()).toMatchObject({ different: 0, behind: 0 });
  });

  test('has its change applied in batches, and repeated until no cache can have the earlier currency', async () => {
    await service.database.owner.raw(
      `with inserted as (
         insert into customers (company_id, id, full_name, full_name_built, preferences, search_text)
         select ?, gen_random_uuid(), 'Many', false, '{}', 'many' from generate_series(1, 2500) returning company_id, id
       )
       insert into customer_counters (company_id, customer_id, currency, customer_created_at, lifetime_value, total_orders)
       select company_id, id, 'EUR', now(), 1, 1 from inserted`,
      [company.id],
    );
    await changeCurrency('USD');
    await run();
    const currencies = () =>
      service.database.owner('customer_counters').select('currency', 'by_currency').count('* as rows').groupBy(1, 2);
    expect(await currencies()).toEqual([{ currency: 'USD', by_currency: { EUR: '1.00' }, rows: 2500 }]);
    // Earlier code writes the earlier currency meanwhile.
    await service.database
      .owner('customer_counters')
      .limit(1)
      .update({ currency: 'EUR', lifetime_value: 3, by_currency: '{}' });
    await run();
    expect((await currencies()).every(({ currency }) => currency === 'USD')).toBe(true);
    expect(await changes()).toEqual([{ currency: 'USD' }]);
    await service.database.owner('company_currency_changes').update({ changed_at: '2026-01-01' });
    await run();
    expect(await changes()).toEqual([]);
  });

  test('is noticed by company.updated with the field currency only', async () => {
    await deliver('auth', 'company.updated', { company_id: company.id, fields_changed: ['name'] });
    expect(await changes()).toEqual([]);
  });

  test('has analytics in the new currency before its customers follow', async () => {
    const id = await createCustomer();
    pay(id, { kind: 'order', cents: 10_000, currency: 'EUR' });
    pay(id, { kind: 'order', cents: 2000, currency: 'USD' });
    await deliverTotals(id);
    const statistics = async () => (await admin.get('/api/customers/analytics').expect(200)).body.order_statistics;
    expect(await statistics()).toEqual({
      total_orders: 2,
      total_order_value: '100.00',
      average_order_value: '100.00',
    });
    await changeCurrency('USD');
    expect(await statistics()).toEqual({ total_orders: 2, total_order_value: '20.00', average_order_value: '20.00' });
  });
});

test('counts of earlier code are unknown where there are several currencies, until the next totals', async () => {
  const id = await createCustomer();
  pay(id, { kind: 'order', cents: 10_000, currency: 'EUR' });
  pay(id, { kind: 'order', cents: 2000, currency: 'USD' });
  await deliverTotals(id);
  const average = async () => (await admin.get(`/api/customers/${id}/orders`)).body.summary.average_order_value;
  expect(await average()).toBe('100.00');
  await service.database.owner('customer_counters').update({ totals_version: 3, total_orders: 3, lifetime_value: 200 });
  expect(await average()).toBeNull();
  recorded.get(id)!.changes = 3;
  pay(id, { kind: 'order', cents: 100, currency: 'USD' });
  await deliverTotals(id);
  expect(await average()).toBe('100.00');
});

test('any sequence of orders, refunds, late events and changes of currency ends with the recorded figures', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('pay' as const),
      customer: fc.nat(1),
      kind: fc.constantFrom('order' as const, 'order' as const, 'refund' as const),
      cents: fc.constantFrom(100, 100, 250),
      currency: fc.constantFrom('EUR', 'USD', 'GBP'),
    }),
    fc.record({ do: fc.constant('deliver' as const), customer: fc.nat(1) }),
    fc.record({ do: fc.constant('change' as const), currency: fc.constantFrom('EUR', 'USD', 'GBP') }),
    fc.record({ do: fc.constant('cache' as const) }),
    fc.record({ do: fc.constant('run' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 16 }), async (steps) => {
      await service.database.owner('customers').delete();
      await service.database.owner('company_currency_changes').delete();
      company.currency = 'EUR';
      cachedCurrency = 'EUR';
      const ids = [await createCustomer(), await createCustomer()] as const;
      for (const one of steps) {
        if (one.do === 'pay') pay(ids[one.customer] ?? '', one);
        else if (one.do === 'deliver') await deliverTotals(ids[one.customer] ?? '');
        else if (one.do === 'change') await changeCurrency(one.currency);
        else if (one.do === 'cache') cachedCurrency = company.currency;
        else await run();
      }
      for (const id of ids) if (recorded.has(id)) await deliverTotals(id);
      await run();
      expect(await check()).toEqual({ customers: 2, equal: 2, behind: 0, different: 0 });
      cachedCurrency = company.currency;
      expect(await check()).toEqual({ customers: 2, equal: 2, behind: 0, different: 0 });
      for (const id of ids) {
        const { lifetime_value, by_currency, total_orders } = totalsOf(id);
        expect(await statsOf(id)).toMatchObject({ currency: company.currency, lifetime_value, total_orders });
        expect((await statsOf(id)).by_currency).toEqual(by_currency);
      }
    }),
    { numRuns: someRuns(15, 4) }, // all: currencies.large.test.ts
  );
});
