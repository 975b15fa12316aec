import fc from 'fast-check';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createCache } from '../cache.ts';
import { average } from './rules.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers/analytics';
const createCustomer = async (shop: TestUser, body: object): Promise<string> =>
  (await shop.post('/api/customers', body).expect(201)).body.customer.id;
const counted = (service: TestService, customer_id: string, values: object) =>
  service.database.owner('customer_counters').where({ customer_id }).update(values);

describe('GET analytics', () => {
  test('counts customers, orders and complaints of one company only, and caches the result for a minute', async ({
    service,
  }) => {
    const company = service.company({ currency: 'COP' });
    const shop = service.user('admin', company);
    const ana = await createCustomer(shop, { full_name: 'Ana', type: 'vip' });
    const inactiveId = await createCustomer(shop, { full_name: 'Old', status: 'inactive' });
    const suspendedId = await createCustomer(shop, { full_name: 'Held', status: 'suspended', type: 'premium' });
    const deletedId = await createCustomer(shop, { full_name: 'Gone' });
    await counted(service, ana, { total_orders: 2, lifetime_value: '100.00', total_complaints: 3, open_complaints: 1 });
    await counted(service, inactiveId, { total_orders: 1, lifetime_value: '0.01' });
    await counted(service, suspendedId, { total_orders: 4, lifetime_value: '7.00', currency: 'EUR' });
    await counted(service, deletedId, { total_orders: 4, lifetime_value: '50.00', total_complaints: 1 });
    await service.database.owner('customers').where({ id: inactiveId }).update({ created_at: '2020-01-01' });
    await shop.delete(`/api/customers/${deletedId}`).expect(200);
    await createCustomer(service.user('admin', service.company()), { full_name: 'Elsewhere' });

    const { body } = await service.user('viewer', company).get(path).expect(200);
    expect(body).toEqual({
      total_customers: 3,
      customers_by_status: { active: 1, inactive: 1, suspended: 1 },
      customers_by_type: { regular: 1, premium: 1, vip: 1 },
      order_statistics: { total_orders: 11, total_order_value: '150.01', average_order_value: '21.43' },
      complaint_statistics: { total_complaints: 4, open_complaints: 1 },
      new_customers_this_month: 2,
      generated_at: expect.any(String),
    });
    // Cached within the minute.
    await createCustomer(shop, { full_name: 'New' });
    expect((await shop.get(path).expect(200)).body).toEqual(body);
    expect((await service.user('superuser').get(`${path}?company_id=${company.company_id}`).expect(200)).body).toEqual(
      body,
    );
  });

  test('returns zeros for a company without customers', async ({ service }) => {
    const { body } = await service.user('admin', service.company()).get(path).expect(200);
    expect(body).toMatchObject({
      total_customers: 0,
      customers_by_status: { active: 0, inactive: 0, suspended: 0 },
      customers_by_type: { regular: 0, premium: 0, vip: 0 },
      order_statistics: { total_orders: 0, total_order_value: '0.00', average_order_value: '0.00' },
      new_customers_this_month: 0,
    });
  });

  test('requires a company and a permitted role', async ({ service }) => {
    await service.user('superuser').get(path).expect(422);
    await service.user('customer', service.company()).get(path).expect(403);
    await service.user('admin', service.company()).get(`${path}?company_id=${service.company().id}`).expect(403);
  });
});

test('rounds an average to two decimal places', () => {
  expect(average('10.00', 3)).toBe('3.33');
  expect(average('20.00', 3)).toBe('6.67');
  expect(average('0.01', 2)).toBe('0.01');
  expect(average('-0.01', 2)).toBe('-0.01');
  expect(average('5.00', 0)).toBe('0.00');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 20 }), (cents, parts) => {
      const value = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
      return Math.abs(Number(average(value, parts)) * 100 * parts - cents) <= parts / 2 + 1e-3 * parts;
    }),
  );
});

describe('createCache', () => {
  test('shares concurrent lookups of a key and repeats them after the time to live', async () => {
    let [clock, lookups] = [0, 0];
    const cached = createCache<number>({ ttlMs: 60, maxEntries: 10, now: () => clock });
    const find = async () => (lookups += 1);
    expect(await Promise.all([cached('a', find), cached('a', find), cached('b', find)])).toEqual([1, 1, 2]);
    clock = 59;
    expect(await cached('a', find)).toBe(1);
    clock = 60;
    expect(await cached('a', find)).toBe(3);
  });

  test('caches no failures and evicts the oldest entry when full', async () => {
    const cached = createCache<string>({ ttlMs: 60, maxEntries: 2, now: () => 0 });
    await expect(cached('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    const all = [];
    for (const key of ['a', 'b', 'c', 'b', 'a']) all.push(await cached(key, async () => `${key}${all.length}`));
    expect(all).toEqual(['a0', 'b1', 'c2', 'b1', 'a4']);
  });
});
