import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { createLog } from '@clientela/runtime';
import { serviceTest, stubServer, type Company, type StubServer, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createUpstreams, type Upstreams } from './upstream-client.ts';

let upstreams: Upstreams;
/** Logged messages. */
const logged: string[] = [];
const log = createLog('customer', 'info', {
  redact: [],
  out: new Writable({
    write: (line, _encoding, done) => {
      logged.push((JSON.parse(String(line)) as { msg: string }).msg);
      done();
    },
  }),
});

/** Creates clients with fresh breakers, budgets and outage state. */
const resetUpstreams = (shop: StubServer, desk: StubServer, options: { timeout?: number; reset?: number } = {}) => {
  const urls = { orders: `${shop.url}/`, complaints: desk.url, appointments: desk.url };
  upstreams = createUpstreams(urls, 'key-of-customer', { log, ...options });
};

const test = serviceTest(() =>
  createTestCustomer({
    upstreams: {
      orders: (query) => upstreams.orders(query),
      complaints: (query) => upstreams.complaints(query),
      appointments: (query) => upstreams.appointments(query),
    },
  }),
)
  .extend('shop', { scope: 'file' }, async ({}, { onCleanup }) => {
    const shop = await stubServer('interaction');
    onCleanup(() => shop.close());

    return shop;
  })
  .extend('desk', { scope: 'file' }, async ({}, { onCleanup }) => {
    const desk = await stubServer('interaction');
    onCleanup(() => desk.close());

    return desk;
  });
test.beforeEach(({ shop, desk }) => {
  for (const one of [shop, desk]) {
    one.calls.length = 0;
    one.respond(() => ({ status: 404 }));
  }
  logged.length = 0;
  resetUpstreams(shop, desk);
});

const createCustomer = async (
  service: TestService,
  company: Company,
  values: object = {},
): Promise<{ id: string; user_id: string | null }> =>
  (
    await service
      .user('admin', company)
      .post('/api/customers', { full_name: 'Ana', ...values })
      .expect(201)
  ).body.customer;
/** Creates a customer with counters. */
const createCounted = async (service: TestService, company: Company) => {
  const customer = await createCustomer(service, company);
  await service
    .callingService('interaction', company)
    .patch(`/api/customers/internal/${customer.id}/statistics`, {
      total_orders: 3,
      lifetime_value: '100.00',
      last_order_date: '2026-02-03T04:05:06.789Z',
      total_complaints: 5,
      open_complaints: 2,
      last_complaint_date: '2026-03-03T00:00:00.000Z',
      total_appointments: 7,
      cancelled_appointments: 1,
      last_appointment_date: '2026-04-03T00:00:00.000Z',
    })
    .expect(200);
  return customer;
};
const countersUpdatedAt = async (service: TestService, id: string) =>
  (await service.database.owner('customer_counters').where({ customer_id: id }).first('counters_updated_at'))
    .counters_updated_at as string;
const storedOrders = {
  total_orders: 3,
  total_order_value: '100.00',
  average_order_value: '33.33',
  last_order_date: '2026-02-03T04:05:06.789Z',
};
const orders = (values: object = {}) => ({
  summary: {
    total_orders: 12,
    total_order_value: '1234.50',
    average_order_value: '102.88',
    last_order_date: '2026-05-06T07:08:09+02:00',
  },
  status_breakdown: { completed: 11, pending: 1 },
  orders: [{ id: 'o-1', total: '10.00', lines: [{ sku: 'a', count: 2 }] }],
  ...values,
});
const viewPath = (id: string, resource = 'orders', query = '') => `/api/customers/${id}/${resource}${query}`;
const sinceIn = (note: string) => /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.exec(note)?.[0] ?? '';

describe('an available upstream', () => {
  test('orders come from the upstream with the time of the call', async ({ service, company, viewer, shop, desk }) => {
    const { id } = await createCounted(service, company);
    shop.respond(() => ({ status: 200, body: orders({ page: 1 }) }));
    const before = new Date().toISOString();
    const { body } = await viewer.get(viewPath(id)).set('X-Request-Id', 'request-of-orders').expect(200);
    const { as_of, ...rest } = body;
    expect(rest).toEqual(orders({ summary: { ...orders().summary, last_order_date: '2026-05-06T05:08:09.000Z' } }));
    expect([before, as_of, new Date().toISOString()].toSorted()[1]).toBe(as_of);
    expect(desk.calls).toEqual([]);
    expect(shop.calls).toMatchObject([
      {
        method: 'GET',
        path: `/internal/customers/${id}/orders?limit=10`,
        headers: {
          'x-service-key': 'key-of-customer',
          'x-user-id': viewer.user_id,
          'x-user-role': 'viewer',
          'x-company-id': company.id,
          'x-client-ip': '192.0.2.7',
          'x-request-id': 'request-of-orders',
        },
      },
    ]);
  });

  test('complaints and appointments come from their own upstreams', async ({
    service,
    company,
    viewer,
    shop,
    desk,
  }) => {
    const { id } = await createCounted(service, company);
    const complaints = {
      summary: {
        total_complaints: 9,
        open_complaints: 1,
        resolved_complaints: 8,
        last_complaint_date: null,
      },
      status_breakdown: { open: 1, resolved: 8 },
      complaints: [{ text: 'late' }],
    };
    const appointments = {
      summary: { total_appointments: 4, cancelled_appointments: 0, last_appointment_date: '2026-05-06T05:08:09.000Z' },
      status_breakdown: {},
      appointments: [],
    };
    desk.respond((path) => ({ status: 200, body: path.includes('complaints') ? complaints : appointments }));
    expect((await viewer.get(viewPath(id, 'complaints')).expect(200)).body).toEqual({
      ...complaints,
      as_of: expect.any(String),
    });
    expect((await viewer.get(viewPath(id, 'appointments')).expect(200)).body).toEqual({
      ...appointments,
      as_of: expect.any(String),
    });
    expect(desk.calls.map(({ path }) => path)).toEqual([
      `/internal/customers/${id}/complaints?limit=10`,
      `/internal/customers/${id}/appointments?limit=10`,
    ]);
    expect(shop.calls).toEqual([]);
  });

  test('limits and filters at the upstream, and cuts longer responses', async ({ service, company, viewer, shop }) => {
    const { id } = await createCustomer(service, company);
    shop.respond(() => ({ status: 200, body: orders({ orders: [{ id: 1 }, { id: 2 }, { id: 3 }] }) }));
    const { body } = await viewer.get(viewPath(id, 'orders', '?limit=2&status=in%20progress%26x')).expect(200);
    expect(body.orders).toEqual([{ id: 1 }, { id: 2 }]);
    expect(new URL(shop.calls[0]?.path ?? '', shop.url).searchParams).toEqual(
      new URLSearchParams({ limit: '2', status: 'in progress&x' }),
    );
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'status=', 'page=1']) {
      const rejected = await viewer.get(viewPath(id, 'orders', `?${query}`)).expect(422);
      expect(rejected.body.errors).toMatchObject([{ path: query.split('=')[0] }]);
    }
    await viewer.get(viewPath(id, 'orders', '?limit=100')).expect(200);
    expect(shop.calls).toHaveLength(2);
  });
});

describe('an upstream without a usable response', () => {
  const failures: Record<string, Parameters<StubServer['respond']>[0]> = {
    disconnects: () => undefined,
    fails: () => ({ status: 500 }),
    'is down behind a proxy': () => ({ status: 503 }),
    rejects: () => ({ status: 403 }),
    'does not know the customer': () => ({ status: 404 }),
    redirects: (path) =>
      path.startsWith('/internal') ? { status: 302, headers: { Location: '/good' } } : { status: 200, body: orders() },
    'sends no JSON': () => ({ status: 200, text: '<html>' }),
    'omits the summary': () => ({ status: 200, body: { ...orders(), summary: undefined } }),
    'sends negative counts': () => ({ status: 200, body: orders({ status_breakdown: { done: -1 } }) }),
    'lists a non-object': () => ({ status: 200, body: orders({ orders: ['o-1'] }) }),
    'lists more than the maximum': () => ({
      status: 200,
      body: orders({ orders: Array.from({ length: 101 }, () => ({})) }),
    }),
    'sends a too large record': () => ({ status: 200, body: orders({ orders: [{ text: 'x'.repeat(17_000) }] }) }),
    'sends too much': () => ({ status: 200, body: { ...orders(), more: 'x'.repeat(1_100_000) } }),
    'nests too deeply': () => ({
      status: 200,
      text: JSON.stringify(orders()).replace('"o-1"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    }),
  };

  test.for(Object.keys(failures))(
    '%s: returns the stored counters and a note with the start of the outage',
    async (how, { service, company, viewer, shop }) => {
      const { id } = await createCounted(service, company);
      const before = new Date().toISOString();
      shop.respond(failures[how] ?? (() => undefined));
      const { body } = await viewer.get(viewPath(id)).expect(200);
      expect(body).toEqual({
        summary: storedOrders,
        status_breakdown: {},
        orders: [],
        as_of: await countersUpdatedAt(service, id),
        note: expect.stringContaining('orders'),
      });
      expect(shop.calls.length).toBeGreaterThan(0);
      const since = sinceIn(body.note);
      expect([before, since, new Date().toISOString()].toSorted()[1]).toBe(since);
      expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|internal|undefined/);
    },
  );

  test('also for complaints and appointments, and for a customer without any', async ({ service, company, viewer }) => {
    const { id } = await createCounted(service, company);
    const age = { as_of: await countersUpdatedAt(service, id), note: expect.any(String), status_breakdown: {} };
    expect((await viewer.get(viewPath(id, 'complaints')).expect(200)).body).toEqual({
      summary: {
        total_complaints: 5,
        open_complaints: 2,
        resolved_complaints: 3,
        last_complaint_date: '2026-03-03T00:00:00.000Z',
      },
      complaints: [],
      ...age,
    });
    expect((await viewer.get(viewPath(id, 'appointments')).expect(200)).body).toEqual({
      summary: {
        total_appointments: 7,
        cancelled_appointments: 1,
        last_appointment_date: '2026-04-03T00:00:00.000Z',
      },
      appointments: [],
      ...age,
    });
    expect((await viewer.get(viewPath((await createCustomer(service, company)).id)).expect(200)).body.summary).toEqual({
      total_orders: 0,
      total_order_value: '0.00',
      average_order_value: '0.00',
      last_order_date: null,
    });
  });

  test('as_of follows the counters; the note keeps the time of the first failure', async ({
    service,
    company,
    viewer,
    shop,
  }) => {
    const { id } = await createCounted(service, company);
    const first = (await viewer.get(viewPath(id)).expect(200)).body;
    await service
      .callingService('interaction', company)
      .patch(`/api/customers/internal/${id}/statistics`, { increment: { total_orders: 1 } });
    const second = (await viewer.get(viewPath(id)).expect(200)).body;
    expect(second.note).toBe(first.note);
    expect(second.as_of > first.as_of).toBe(true);
    expect(second.summary).toMatchObject({ total_orders: 4, average_order_value: '25.00' });

    shop.respond(() => ({ status: 200, body: orders() }));
    expect((await viewer.get(viewPath(id)).expect(200)).body).not.toHaveProperty('note');
    shop.respond(() => undefined);
    const again = (await viewer.get(viewPath(id)).expect(200)).body;
    expect(sinceIn(again.note) > sinceIn(first.note)).toBe(true);
    const unavailable = 'upstream unavailable';
    expect(logged).toEqual([unavailable, 'upstream available again', unavailable]);
  });

  test('an unreachable upstream', async ({ service, company, viewer }) => {
    const { id } = await createCounted(service, company);
    const closed = await stubServer('interaction');
    await closed.close();
    const urls = { orders: closed.url, complaints: closed.url, appointments: closed.url };
    upstreams = createUpstreams(urls, 'key-of-customer', { log });
    expect((await viewer.get(viewPath(id)).expect(200)).body).toMatchObject({ summary: storedOrders, orders: [] });
  });

  test('bounds the time of all attempts when the upstream hangs', async ({ service, company, viewer, shop, desk }) => {
    const { id } = await createCounted(service, company);
    shop.respond(() => new Promise(() => {}));
    expect((await viewer.get(viewPath(id)).expect(200)).body).toMatchObject({ summary: storedOrders, orders: [] });
    expect(shop.calls).toHaveLength(1); // no time left for a retry

    resetUpstreams(shop, desk, { timeout: 300 });
    let calls = 0;
    shop.respond(() => (++calls === 1 ? undefined : new Promise(() => {})));
    expect((await viewer.get(viewPath(id)).expect(200)).body).toMatchObject({ summary: storedOrders, orders: [] });
    expect(calls).toBeLessThanOrEqual(2);
  });
});

describe('retries', () => {
  test('retries an unavailable upstream, but no rejected or unusable response', async ({
    service,
    company,
    viewer,
    shop,
  }) => {
    const { id } = await createCustomer(service, company);
    let calls = 0;
    shop.respond(() => (++calls < 3 ? { status: 503 } : { status: 200, body: orders() }));
    expect((await viewer.get(viewPath(id)).expect(200)).body).not.toHaveProperty('note');
    expect(calls).toBe(3);

    for (const response of [{ status: 404 }, { status: 429 }, { status: 200, text: '?' }]) {
      shop.calls.length = 0;
      shop.respond(() => response);
      await viewer.get(viewPath(id)).expect(200);
      expect(shop.calls).toHaveLength(1);
    }
  });

  test('opens the breaker after many failures and closes it on recovery', async ({
    service,
    company,
    viewer,
    shop,
    desk,
  }) => {
    resetUpstreams(shop, desk, { reset: 200 });
    const { id } = await createCustomer(service, company);
    shop.respond(() => ({ status: 500 }));
    const isShortCircuited = async () => {
      const before = shop.calls.length;
      const { body } = await viewer.get(viewPath(id)).expect(200);
      expect(body).toHaveProperty('note');
      return shop.calls.length === before;
    };
    await expect.poll(isShortCircuited).toBe(true);
    expect(shop.calls.length).toBeGreaterThanOrEqual(10);
    expect(desk.calls).toEqual([]);
    desk.respond(() => ({ status: 404 }));
    await viewer.get(viewPath(id, 'complaints')).expect(200);
    expect(desk.calls).toHaveLength(1); // other upstreams have their own breakers

    shop.respond(() => ({ status: 200, body: orders() }));
    await expect.poll(async () => (await viewer.get(viewPath(id))).body.note).toBeUndefined();
    const before = shop.calls.length;
    for (let call = 0; call < 3; call += 1)
      expect((await viewer.get(viewPath(id)).expect(200)).body).not.toHaveProperty('note');
    expect(shop.calls).toHaveLength(before + 3);
  });

  test('does not open the breaker for unknown customers', async ({ service, company, viewer, shop }) => {
    const { id } = await createCustomer(service, company);
    for (let call = 1; call <= 15; call += 1) {
      await viewer.get(viewPath(id)).expect(200);
      expect(shop.calls).toHaveLength(call);
    }
  });
});

describe('permissions', () => {
  const resources = ['orders', 'complaints', 'appointments'];

  test('role customer reads its own record only; anonymous requests are a 401', async ({
    service,
    company,
    shop,
    desk,
  }) => {
    const person = service.user('customer', company);
    const own = await createCustomer(service, company, { user_id: person.user_id });
    const other = await createCustomer(service, company);
    for (const resource of resources) {
      await person.get(viewPath(own.id, resource)).expect(200);
      const [hidden, unknown] = [
        (await person.get(viewPath(other.id, resource)).expect(404)).body,
        (await person.get(viewPath(randomUUID(), resource)).expect(404)).body,
      ].map(({ request_id: _r, timestamp: _t, ...problem }) => problem);
      expect(hidden).toEqual(unknown);
      await service.anonymous().get(viewPath(own.id, resource)).expect(401);
    }
    expect(shop.calls).toMatchObject([{ headers: { 'x-user-id': person.user_id, 'x-user-role': 'customer' } }]);
    expect(desk.calls).toHaveLength(2);
  });

  test('calls no upstream for an unknown or another company’s customer', async ({
    service,
    company,
    viewer,
    shop,
    desk,
  }) => {
    const { id } = await createCustomer(service, company);
    const stranger = service.user('admin', service.company());
    for (const resource of resources) {
      for (const call of [viewer.get(viewPath(randomUUID(), resource)), stranger.get(viewPath(id, resource))])
        expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      await viewer.get(viewPath('17', resource)).expect(400);
    }
    expect([...shop.calls, ...desk.calls]).toEqual([]);
  });

  test('works for a deleted customer, and for a superuser in the company that it names', async ({
    service,
    company,
    viewer,
    shop,
  }) => {
    const { id } = await createCustomer(service, company);
    await service.user('admin', company).delete(`/api/customers/${id}`).expect(200);
    shop.respond(() => ({ status: 200, body: orders() }));
    expect((await viewer.get(viewPath(id)).expect(200)).body.orders).toHaveLength(1);
    const superuser = service.user('superuser');
    await superuser.get(viewPath(id)).expect(422);
    await superuser.get(viewPath(id, 'orders', `?company_id=${company.id}`)).expect(200);
    expect(shop.calls.at(-1)).toMatchObject({
      path: `/internal/customers/${id}/orders?limit=10`,
      headers: { 'x-company-id': company.id, 'x-user-role': 'superuser' },
    });
  });
});

test('a negative value gives a negative average', async ({ service, company, viewer }) => {
  const { id } = await createCounted(service, company);
  await service
    .callingService('interaction', company)
    .patch(`/api/customers/internal/${id}/statistics`, { lifetime_value: '-0.10' })
    .expect(200);
  const { summary } = (await viewer.get(viewPath(id)).expect(200)).body;
  expect(summary).toMatchObject({ total_order_value: '-0.10', average_order_value: '-0.03' });
});
