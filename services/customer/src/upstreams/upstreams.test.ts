import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { createLog } from '@clientela/runtime';
import { stubServer, type TestUser, type Company, type StubServer, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createRetryBudget } from './retry-budget.ts';
import { createUpstreams, type Upstreams } from './upstream-client.ts';

let service: TestService;
let company: Company;
let viewer: TestUser;
/** Who knows the orders, and who knows the rest. */
let shop: StubServer;
let desk: StubServer;
let upstreams: Upstreams;
/** What was logged. */
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

/** New ones: nothing is remembered of what the others met. */
const meet = (patience: { timeout?: number; reset?: number } = {}) => {
  const urls = { orders: `${shop.url}/`, complaints: desk.url, appointments: desk.url };
  upstreams = createUpstreams(urls, 'key-of-customer', { log, ...patience });
};

beforeAll(async () => {
  [shop, desk] = await Promise.all([stubServer('interaction'), stubServer('interaction')]);
  service = await createTestCustomer({
    upstreams: {
      orders: (question) => upstreams.orders(question),
      complaints: (question) => upstreams.complaints(question),
      appointments: (question) => upstreams.appointments(question),
    },
  });
  company = service.company();
  viewer = service.user('viewer', company);
});
afterAll(() => Promise.all([service.close(), shop.close(), desk.close()]));
beforeEach(() => {
  for (const one of [shop, desk]) {
    one.calls.length = 0;
    one.answer(() => ({ status: 404 }));
  }
  logged.length = 0;
  meet();
});

const created = async (values: object = {}): Promise<{ id: string; user_id: string | null }> =>
  (
    await service
      .user('admin', company)
      .post('/api/customers', { full_name: 'Ana', ...values })
      .expect(201)
  ).body.customer;
/** A customer of whom something is counted here. */
const counted = async () => {
  const customer = await created();
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
const movedAt = async (id: string) =>
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
const view = (id: string, what = 'orders', query = '') => `/api/customers/${id}/${what}${query}`;
const sinceIn = (note: string) => /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.exec(note)?.[0] ?? '';

describe('what an upstream knows', () => {
  test('is answered as it says it, as of now: orders', async () => {
    const { id } = await counted();
    shop.answer(() => ({ status: 200, body: orders({ page: 1 }) }));
    const before = new Date().toISOString();
    const { body } = await viewer.get(view(id)).set('X-Request-Id', 'request-of-orders').expect(200);
    const { as_of, ...told } = body;
    expect(told).toEqual(orders({ summary: { ...orders().summary, last_order_date: '2026-05-06T05:08:09.000Z' } }));
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

  test('and complaints, and appointments, each of its own upstream', async () => {
    const { id } = await counted();
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
    desk.answer((path) => ({ status: 200, body: path.includes('complaints') ? complaints : appointments }));
    expect((await viewer.get(view(id, 'complaints')).expect(200)).body).toEqual({
      ...complaints,
      as_of: expect.any(String),
    });
    expect((await viewer.get(view(id, 'appointments')).expect(200)).body).toEqual({
      ...appointments,
      as_of: expect.any(String),
    });
    expect(desk.calls.map(({ path }) => path)).toEqual([
      `/internal/customers/${id}/complaints?limit=10`,
      `/internal/customers/${id}/appointments?limit=10`,
    ]);
    expect(shop.calls).toEqual([]);
  });

  test('is limited and filtered there; more than was asked for is cut here', async () => {
    const { id } = await created();
    shop.answer(() => ({ status: 200, body: orders({ orders: [{ id: 1 }, { id: 2 }, { id: 3 }] }) }));
    const { body } = await viewer.get(view(id, 'orders', '?limit=2&status=in%20progress%26x')).expect(200);
    expect(body.orders).toEqual([{ id: 1 }, { id: 2 }]);
    expect(new URL(shop.calls[0]?.path ?? '', shop.url).searchParams).toEqual(
      new URLSearchParams({ limit: '2', status: 'in progress&x' }),
    );
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'status=', 'page=1']) {
      const refused = await viewer.get(view(id, 'orders', `?${query}`)).expect(422);
      expect(refused.body.errors).toMatchObject([{ path: query.split('=')[0] }]);
    }
    await viewer.get(view(id, 'orders', '?limit=100')).expect(200);
    expect(shop.calls).toHaveLength(2);
  });
});

describe('an upstream with nothing to say that can be used', () => {
  const silences: Record<string, Parameters<StubServer['answer']>[0]> = {
    'hangs up': () => undefined,
    fails: () => ({ status: 500 }),
    'is down behind a proxy': () => ({ status: 503 }),
    refuses: () => ({ status: 403 }),
    'knows no such customer': () => ({ status: 404 }),
    'sends elsewhere': (path) =>
      path.startsWith('/internal') ? { status: 302, headers: { Location: '/good' } } : { status: 200, body: orders() },
    'speaks no JSON': () => ({ status: 200, text: '<html>' }),
    'leaves out the summary': () => ({ status: 200, body: { ...orders(), summary: undefined } }),
    'counts below zero': () => ({ status: 200, body: orders({ status_breakdown: { done: -1 } }) }),
    'lists what is no record': () => ({ status: 200, body: orders({ orders: ['o-1'] }) }),
    'lists more than anybody may ask for': () => ({
      status: 200,
      body: orders({ orders: Array.from({ length: 101 }, () => ({})) }),
    }),
    'says too much of one record': () => ({ status: 200, body: orders({ orders: [{ text: 'x'.repeat(17_000) }] }) }),
    'says too much': () => ({ status: 200, body: { ...orders(), more: 'x'.repeat(1_100_000) } }),
    'nests without end': () => ({
      status: 200,
      text: JSON.stringify(orders()).replace('"o-1"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    }),
  };

  test.each(Object.keys(silences))('%s: what is counted here is answered, and a note says since when', async (how) => {
    const { id } = await counted();
    const before = new Date().toISOString();
    shop.answer(silences[how] ?? (() => undefined));
    const { body } = await viewer.get(view(id)).expect(200);
    expect(body).toEqual({
      summary: storedOrders,
      status_breakdown: {},
      orders: [],
      as_of: await movedAt(id),
      note: expect.stringContaining('orders'),
    });
    expect(shop.calls.length).toBeGreaterThan(0);
    const since = sinceIn(body.note);
    expect([before, since, new Date().toISOString()].toSorted()[1]).toBe(since);
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|internal|undefined/);
  });

  test('the same of complaints and appointments, and of a customer with whom nothing happened', async () => {
    const { id } = await counted();
    const age = { as_of: await movedAt(id), note: expect.any(String), status_breakdown: {} };
    expect((await viewer.get(view(id, 'complaints')).expect(200)).body).toEqual({
      summary: {
        total_complaints: 5,
        open_complaints: 2,
        resolved_complaints: 3,
        last_complaint_date: '2026-03-03T00:00:00.000Z',
      },
      complaints: [],
      ...age,
    });
    expect((await viewer.get(view(id, 'appointments')).expect(200)).body).toEqual({
      summary: {
        total_appointments: 7,
        cancelled_appointments: 1,
        last_appointment_date: '2026-04-03T00:00:00.000Z',
      },
      appointments: [],
      ...age,
    });
    expect((await viewer.get(view((await created()).id)).expect(200)).body.summary).toEqual({
      total_orders: 0,
      total_order_value: '0.00',
      average_order_value: '0.00',
      last_order_date: null,
    });
  });

  test('as_of moves with the counters, since stays that of the first failure until it answers', async () => {
    const { id } = await counted();
    const first = (await viewer.get(view(id)).expect(200)).body;
    await service
      .callingService('interaction', company)
      .patch(`/api/customers/internal/${id}/statistics`, { increment: { total_orders: 1 } });
    const second = (await viewer.get(view(id)).expect(200)).body;
    expect(second.note).toBe(first.note);
    expect(second.as_of > first.as_of).toBe(true);
    expect(second.summary).toMatchObject({ total_orders: 4, average_order_value: '25.00' });

    shop.answer(() => ({ status: 200, body: orders() }));
    expect((await viewer.get(view(id)).expect(200)).body).not.toHaveProperty('note');
    shop.answer(() => undefined);
    const again = (await viewer.get(view(id)).expect(200)).body;
    expect(sinceIn(again.note) > sinceIn(first.note)).toBe(true);
    const unavailable = 'upstream unavailable';
    expect(logged).toEqual([unavailable, 'upstream available again', unavailable]);
  });

  test('that is not there at all', async () => {
    const { id } = await counted();
    const gone = await stubServer('interaction');
    await gone.close();
    const urls = { orders: gone.url, complaints: gone.url, appointments: gone.url };
    upstreams = createUpstreams(urls, 'key-of-customer', { log });
    expect((await viewer.get(view(id)).expect(200)).body).toMatchObject({ summary: storedOrders, orders: [] });
  });

  test('that never answers is waited for only so long, first try and repetition together', async () => {
    const { id } = await counted();
    shop.answer(() => new Promise(() => {}));
    expect((await viewer.get(view(id)).expect(200)).body).toMatchObject({ summary: storedOrders, orders: [] });
    expect(shop.calls).toHaveLength(1); // the time is up: nothing is repeated

    meet({ timeout: 300 });
    let asked = 0;
    shop.answer(() => (++asked === 1 ? undefined : new Promise(() => {})));
    expect((await viewer.get(view(id)).expect(200)).body).toMatchObject({ summary: storedOrders, orders: [] });
    expect(asked).toBeLessThanOrEqual(2);
  });
});

describe('asking again', () => {
  test('helps when nobody answered; a refusal and what cannot be used are answers', async () => {
    const { id } = await created();
    let asked = 0;
    shop.answer(() => (++asked < 3 ? { status: 503 } : { status: 200, body: orders() }));
    expect((await viewer.get(view(id)).expect(200)).body).not.toHaveProperty('note');
    expect(asked).toBe(3);

    for (const answer of [{ status: 404 }, { status: 429 }, { status: 200, text: '?' }]) {
      shop.calls.length = 0;
      shop.answer(() => answer);
      await viewer.get(view(id)).expect(200);
      expect(shop.calls).toHaveLength(1);
    }
  });

  test('has a budget: ten times, and then once for ten calls', () => {
    const budget = createRetryBudget();
    const spent = (times: number) => Array.from({ length: times }, () => budget.tryWithdraw()).filter(Boolean).length;
    expect(spent(20)).toBe(10);
    for (let call = 0; call < 25; call += 1) budget.deposit();
    expect(spent(20)).toBe(2);
    for (let call = 0; call < 1000; call += 1) budget.deposit();
    expect(spent(20)).toBe(10);
  });

  test('ends for a while after many failures, and begins again by itself', async () => {
    meet({ reset: 200 });
    const { id } = await created();
    shop.answer(() => ({ status: 500 }));
    const spared = async () => {
      const before = shop.calls.length;
      const { body } = await viewer.get(view(id)).expect(200);
      expect(body).toHaveProperty('note');
      return shop.calls.length === before;
    };
    await expect.poll(spared).toBe(true);
    expect(shop.calls.length).toBeGreaterThanOrEqual(10);
    expect(desk.calls).toEqual([]);
    desk.answer(() => ({ status: 404 }));
    await viewer.get(view(id, 'complaints')).expect(200);
    expect(desk.calls).toHaveLength(1); // the others have breakers of their own

    shop.answer(() => ({ status: 200, body: orders() }));
    await expect.poll(async () => (await viewer.get(view(id))).body.note).toBeUndefined();
    const before = shop.calls.length;
    for (let call = 0; call < 3; call += 1)
      expect((await viewer.get(view(id)).expect(200)).body).not.toHaveProperty('note');
    expect(shop.calls).toHaveLength(before + 3);
  });

  test('does not end for customers whom the upstream does not know', async () => {
    const { id } = await created();
    for (let call = 1; call <= 15; call += 1) {
      await viewer.get(view(id)).expect(200);
      expect(shop.calls).toHaveLength(call);
    }
  });
});

describe('who may ask, and about whom', () => {
  const whats = ['orders', 'complaints', 'appointments'];

  test('role customer about its own record, and nobody without leave', async () => {
    const person = service.user('customer', company);
    const own = await created({ user_id: person.user_id });
    const other = await created();
    for (const what of whats) {
      await person.get(view(own.id, what)).expect(200);
      const [hidden, unknown] = [
        (await person.get(view(other.id, what)).expect(404)).body,
        (await person.get(view(randomUUID(), what)).expect(404)).body,
      ].map(({ request_id: _r, timestamp: _t, ...problem }) => problem);
      expect(hidden).toEqual(unknown);
      await service.anonymous().get(view(own.id, what)).expect(401);
    }
    expect(shop.calls).toMatchObject([{ headers: { 'x-user-id': person.user_id, 'x-user-role': 'customer' } }]);
    expect(desk.calls).toHaveLength(2);
  });

  test('nobody is asked about an unknown customer or another company’s', async () => {
    const { id } = await created();
    const stranger = service.user('admin', service.company());
    for (const what of whats) {
      for (const call of [viewer.get(view(randomUUID(), what)), stranger.get(view(id, what))])
        expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      await viewer.get(view('17', what)).expect(400);
    }
    expect([...shop.calls, ...desk.calls]).toEqual([]);
  });

  test('a deleted customer’s are still read; a superuser carries the company that it names', async () => {
    const { id } = await created();
    await service.user('admin', company).delete(`/api/customers/${id}`).expect(200);
    shop.answer(() => ({ status: 200, body: orders() }));
    expect((await viewer.get(view(id)).expect(200)).body.orders).toHaveLength(1);
    const superuser = service.user('superuser');
    await superuser.get(view(id)).expect(422);
    await superuser.get(view(id, 'orders', `?company_id=${company.id}`)).expect(200);
    expect(shop.calls.at(-1)).toMatchObject({
      path: `/internal/customers/${id}/orders?limit=10`,
      headers: { 'x-company-id': company.id, 'x-user-role': 'superuser' },
    });
  });
});

test('more may have been refunded than was ever ordered here', async () => {
  const { id } = await counted();
  await service
    .callingService('interaction', company)
    .patch(`/api/customers/internal/${id}/statistics`, { lifetime_value: '-0.10' })
    .expect(200);
  const { summary } = (await viewer.get(view(id)).expect(200)).body;
  expect(summary).toMatchObject({ total_order_value: '-0.10', average_order_value: '-0.03' });
});
