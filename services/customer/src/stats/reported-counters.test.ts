import { randomUUID } from 'node:crypto';
import { outsideServices, type CustomerTotals, type OutsideService } from '@clientela/contracts';
import { isInternal, parseServiceKeys } from '@clientela/http';
import type { Company, TestService, TestUser } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../app.ts';
import { createTestCustomer } from '../testing/test-customer.ts';
import { groupsReportedElsewhere } from '../upstreams/rules.ts';
import { recount } from './recount.ts';
import { counterGroups } from './rules.ts';

let service: TestService;
let company: Company;
let admin: TestUser;
const outside = {} as Record<OutsideService, TestUser>;
/** The interaction service's totals of each customer. */
let recorded: Partial<CustomerTotals> = {};
const noTotals = {
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
};
const totals = async (_company: string, ids: readonly string[]) =>
  ids.map((customer_id) => ({ ...noTotals, ...recorded, customer_id }));

beforeAll(async () => {
  service = await createTestCustomer({ pool: 4, totals, reportedGroups: ['orders'] });
});
beforeEach(() => {
  company = service.company({ currency: 'EUR' });
  admin = service.user('admin', company);
  for (const name of outsideServices) outside[name] = service.callingService(name, company);
  recorded = {};
});
afterAll(() => service.close());

const createCustomer = async (values: object = {}): Promise<string> =>
  (await admin.post('/api/customers', { full_name: 'Ana', ...values }).expect(201)).body.customer.id;
const path = (id: string) => `/api/customers/internal/${id}/statistics`;
const statsOf = async (id: string) => (await admin.get(`/api/customers/${id}/stats`).expect(200)).body;
const deliver = (customer_id: string, customer_changes: number, name = 'interaction.recorded') =>
  service.callingService('interaction').post('/internal/events', {
    id: randomUUID(),
    name,
    occurred_at: new Date().toISOString(),
    company_id: company.id,
    actor_id: admin.user_id,
    request_id: 'request-of-the-change',
    sequence: 1,
    data: {
      interaction_id: randomUUID(),
      customer_id,
      customer_changes,
      type: 'complaint',
      status: 'open',
      occurred_at: '2026-01-01T00:00:00Z',
      scheduled_at: null,
    },
  });

const date = '2026-01-02T03:04:05.006Z';
const sample: Record<string, unknown> = {
  total_orders: 15,
  total_appointments: 5,
  total_complaints: 4,
  open_complaints: 2,
  first_order_date: date,
  last_order_date: date,
  first_appointment_date: date,
  last_appointment_date: date,
  last_complaint_date: date,
  returned_orders: 1,
  cancelled_appointments: 1,
  lifetime_value: '150.00',
  by_currency: { USD: '7.00' },
};

describe('orders that an outside service reports', () => {
  test('stay as reported when a complaint is recorded', async () => {
    const id = await createCustomer();
    const { body } = await outside.orders.patch(path(id), { total_orders: 15, lifetime_value: 150 }).expect(200);
    expect(body.customer).toMatchObject({ id, total_orders: 15, lifetime_value: '150.00' });
    recorded = { changes: 1, total_complaints: 1, open_complaints: 1 };
    await deliver(id, 1).expect(200);
    expect(await statsOf(id)).toMatchObject({
      total_orders: 15,
      lifetime_value: '150.00',
      total_complaints: 1,
      open_complaints: 1,
    });
  });

  test('are neither compared nor repaired by a recount; the other counters are', async () => {
    await service.database.owner('customers').delete();
    const id = await createCustomer();
    await outside.orders.patch(path(id), { total_orders: 15, by_currency: { USD: 3 } }).expect(200);
    const run = (repair: boolean) =>
      recount(service.database.db, totals, { repair, request_id: 'recount', reportedGroups: new Set(['orders']) });
    expect(await run(false)).toEqual({ customers: 1, equal: 1, behind: 0, different: 0 });
    await service.database.owner('customer_counters').update({ total_complaints: 3 });
    expect(await run(true)).toMatchObject({ different: 1 });
    expect(await statsOf(id)).toMatchObject({ total_orders: 15, by_currency: { USD: '3.00' }, total_complaints: 0 });
    expect(await run(false)).toMatchObject({ equal: 1 });
  });

  test('have an average only where the number of orders in the currency is known', async () => {
    const id = await createCustomer();
    const average = async () => [
      (await admin.get(`/api/customers/${id}/orders`).expect(200)).body.summary.average_order_value,
      (await service.user('viewer', company).get('/api/customers/analytics').expect(200)).body.order_statistics
        .average_order_value,
    ];
    await outside.orders.patch(path(id), { total_orders: 4, lifetime_value: '10', by_currency: { USD: '1' } });
    expect(await average()).toEqual([null, null]);
    company = service.company({ currency: 'EUR' }); // analytics are cached
    admin = service.user('admin', company);
    const other = await createCustomer();
    await service.callingService('orders', company).patch(path(other), { total_orders: 4, lifetime_value: '10' });
    expect((await admin.get(`/api/customers/${other}/orders`)).body.summary.average_order_value).toBe('2.50');
    const { body } = await admin.get('/api/customers/analytics').expect(200);
    expect(body.order_statistics.average_order_value).toBe('2.50');
  });

  test('have no series: a 409 REPORTED_ELSEWHERE; complaints and customers have one', async () => {
    const read = (metric: string) => admin.get(`/api/customers/analytics/series?metric=${metric}&interval=day`);
    for (const metric of ['orders', 'order_value'])
      expect((await read(metric).expect(409)).body.error_code).toBe('REPORTED_ELSEWHERE');
    for (const metric of ['complaints', 'customers']) await read(metric).expect(200);
  });
});

describe('an outside service', () => {
  test.each(outsideServices)('%s writes the counters of its own group, absolutely or by increments', async (name) => {
    const id = await createCustomer();
    const own: readonly string[] = counterGroups[name];
    const report = Object.fromEntries(own.map((field) => [field, sample[field]]));
    await outside[name].patch(path(id), report).expect(200);
    expect(await statsOf(id)).toMatchObject(report);
    for (const [field, value] of Object.entries(sample)) {
      const status = own.includes(field) ? 200 : 403;
      for (const body of [{ [field]: value }, { increment: { [field]: value } }]) {
        const response = await outside[name].patch(path(id), body).expect(status);
        if (status === 403) expect(response.body.errors).toMatchObject([{ path: field }]);
      }
    }
    const unchanged = await statsOf(id);
    const foreign = Object.keys(sample).find((field) => !own.includes(field)) ?? '';
    await outside[name].patch(path(id), { ...report, [foreign]: sample[foreign] }).expect(403);
    expect(await statsOf(id)).toEqual(unchanged);
  });

  test('may name the currency of its amounts; another one than the record’s is a 409', async () => {
    const id = await createCustomer();
    await outside.orders.patch(path(id), { lifetime_value: 5, currency: 'eur' }).expect(200);
    const { body } = await outside.orders.patch(path(id), { lifetime_value: 6, currency: 'USD' }).expect(409);
    expect(body.error_code).toBe('CUSTOMER_CURRENCY_DIFFERS');
    await outside.scheduling.patch(path(id), { currency: 'USD' }).expect(409);
    await outside.orders.patch(path(randomUUID()), { currency: 'EUR' }).expect(404);
    expect(await statsOf(id)).toMatchObject({ lifetime_value: '5.00', currency: 'EUR' });
  });

  test('reports once for each Idempotency-Key', async () => {
    const id = await createCustomer();
    const increment = (by: number, key = 'report-1') =>
      outside.orders.patch(path(id), { increment: { total_orders: by } }).set('Idempotency-Key', key);
    const first = await increment(2).expect(200);
    const again = await increment(2).expect(200);
    expect([again.body, again.headers['idempotency-replayed']]).toEqual([first.body, 'true']);
    await increment(3).expect(422);
    await increment(3, 'report-2').expect(200);
    expect((await statsOf(id)).total_orders).toBe(5);

    const user_id = randomUUID();
    const create = () =>
      outside.orders
        .post('/api/customers/internal/create', {
          user_id,
          business_id: company.id,
          email: 'a@example.com',
          full_name: 'A',
        })
        .set('Idempotency-Key', 'create-1');
    await create().expect(201);
    expect((await create().expect(201)).headers['idempotency-replayed']).toBe('true');
  });

  test('acts in the company of X-Company-Id only, which is required', async () => {
    const id = await createCustomer();
    const [without, elsewhere] = [
      service.callingService('orders'),
      service.callingService('orders', service.company()),
    ];
    const missing = await without.patch(path(id), { total_orders: 1 }).expect(422);
    expect(missing.body.errors).toEqual([{ path: 'X-Company-Id', message: 'is required' }]);
    await elsewhere.patch(path(id), { total_orders: 1 }).expect(404);
    const user_id = randomUUID();
    const profile = { user_id, business_id: company.id, email: 'b@example.com', full_name: 'B' };
    await without.post('/api/customers/internal/create', profile).expect(422);
    await elsewhere.post('/api/customers/internal/create', profile).expect(403);
    await outside.orders.post('/api/customers/internal/create', profile).expect(201);
    await without.get(`/api/customers/internal/user/${user_id}`).expect(422);
    await elsewhere.get(`/api/customers/internal/user/${user_id}`).expect(404);
    await outside.orders.get(`/api/customers/internal/user/${user_id}`).expect(200);
  });

  test('cannot act as a user: identity headers have no effect', async () => {
    const id = await createCustomer();
    const stranger = service.callingService('orders', service.company());
    await stranger
      .patch(`${path(id)}?company_id=${company.id}`, { total_orders: 1 })
      .set({ 'X-User-Id': admin.user_id, 'X-User-Role': 'superuser' })
      .expect(403);
    await outside.complaints
      .patch(path(id), { total_orders: 1 })
      .set({ 'X-User-Id': admin.user_id, 'X-User-Role': 'admin' })
      .expect(403);
    expect((await statsOf(id)).total_orders).toBe(0);
  });

  const opened = new Set([
    'post /api/customers/internal/create',
    'patch /api/customers/internal/{customer_id}/statistics',
    'get /api/customers/internal/user/{user_id}',
  ]);
  test('finds every other route closed', async () => {
    const declared = routes({} as never);
    expect(declared.filter(isInternal).length).toBeGreaterThan(5);
    for (const { method, path: template } of declared) {
      if (opened.has(`${method} ${template}`)) continue;
      const target = template.replaceAll(/\{\w+\}/g, randomUUID());
      for (const name of outsideServices)
        expect((await outside[name][method](target)).status, `${name}: ${method} ${template}`).toBe(403);
    }
  });
});

test('the names of outside services are accepted in SERVICE_KEY_HASHES where the service takes them only', () => {
  const setting = `gateway=${'a'.repeat(64)};orders=${'b'.repeat(64)},${'c'.repeat(64)};scheduling=${'d'.repeat(64)}`;
  expect(parseServiceKeys(setting, outsideServices).map(({ service: name }) => name)).toEqual([
    'gateway',
    'orders',
    'orders',
    'scheduling',
  ]);
  expect(() => parseServiceKeys(setting)).toThrow('unknown service name');
  expect(() => parseServiceKeys(`billing=${'a'.repeat(64)}`, outsideServices)).toThrow('unknown service name');
});

test('a group is reported where its address is another than the interaction service’s', () => {
  const INTERACTION_SERVICE_URL = 'http://127.0.0.1:8003';
  const groups = (settings: object) => [...groupsReportedElsewhere({ INTERACTION_SERVICE_URL, ...settings })];
  expect(groups({})).toEqual([]);
  expect(
    groups({ ORDERS_SERVICE_URL: 'http://localhost:8003/', COMPLAINT_SERVICE_URL: 'HTTP://127.0.0.1:8003' }),
  ).toEqual([]);
  expect(groups({ ORDERS_SERVICE_URL: 'https://shop.example/crm' })).toEqual(['orders']);
  expect(
    groups({ ORDER_SERVICE_URL: 'http://127.0.0.1:9000', SCHEDULING_SERVICE_URL: 'http://127.0.0.1:9000' }),
  ).toEqual(['orders', 'scheduling']);
  expect(groups({ COMPLAINT_SERVICE_URL: 'http://desk:80' })).toEqual(['complaints']);
});
