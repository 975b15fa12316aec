import { randomBytes, randomUUID } from 'node:crypto';
import { hashOf } from '@clientela/fleet';
import { stubServer } from '@clientela/testing';
import { expect, test, vi } from 'vitest';
import { client, newCompany, startTestFleet } from '../testing/test-fleet.ts';

// On fleets of their own: what a company's currency and an outside order service do to figures everywhere.

test('all figures are in a company’s new currency within a minute', async () => {
  const fleet = await startTestFleet();
  try {
    const admin = await newCompany(fleet.url);
    const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
    const path = `/api/customers/${customer.id}`;
    const order = { kind: 'order', direction: 'in', amount: 100, currency: 'EUR' };
    expect((await admin.post(`${path}/transactions`, order)).status).toBe(201);
    const figures = async () => {
      const [record, stats, orders, analytics] = await Promise.all(
        [path, `${path}/stats`, `${path}/orders`, '/api/customers/analytics'].map((at) => admin.get(at)),
      );
      return {
        record: [record?.body.customer.lifetime_value, record?.body.customer.currency],
        stats: [stats?.body.lifetime_value, stats?.body.currency, stats?.body.by_currency],
        view: orders?.body.summary.total_order_value,
        analytics: analytics?.body.order_statistics.total_order_value,
      };
    };
    const before = { record: ['100.00', 'EUR'], stats: ['100.00', 'EUR', {}], view: '100.00', analytics: '100.00' };
    await expect.poll(figures, { timeout: 65_000, interval: 250 }).toEqual(before);
    const changed = await admin.put(`/api/v1/companies/${admin.user.business_id}`, { currency: 'USD' });
    expect(changed.status).toBe(200);
    const startedAt = Date.now();
    await expect.poll(figures, { timeout: 60_000, interval: 250 }).toEqual({
      record: ['0.00', 'USD'],
      stats: ['0.00', 'USD', { EUR: '100.00' }],
      view: '0.00',
      analytics: '0.00',
    });
    expect(Date.now() - startedAt).toBeLessThan(60_000);
    expect((await admin.post('/api/customers', { full_name: 'Ben' })).body.customer.currency).toBe('USD');
  } finally {
    await fleet.end();
  }
}, 240_000);

test('orders that an outside service reports stay when a complaint is recorded', async () => {
  const shop = await stubServer('interaction');
  const key = randomBytes(32).toString('base64url');
  const fleet = await startTestFleet({ ORDERS_SERVICE_URL: shop.url, SERVICE_KEY_HASHES: `orders=${hashOf(key)}` });
  try {
    const admin = await newCompany(fleet.url);
    const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
    const identity = { 'X-Service-Key': key, 'X-Company-Id': admin.user.business_id };
    const internal = client(`http://127.0.0.1:${fleet.ports.customer}`);
    const statistics = `/api/customers/internal/${customer.id}/statistics`;
    expect((await internal.patch(statistics, { total_orders: 15 }, identity)).status).toBe(200);
    expect((await client(fleet.url).patch(statistics, { total_orders: 16 }, identity)).status).toBe(404);
    const complaint = { notes: 'Late', type: 'complaint' };
    expect((await admin.post(`/api/customers/${customer.id}/interactions`, complaint)).status).toBe(201);
    const stats = async () => (await admin.get(`/api/customers/${customer.id}/stats`)).body;
    await vi.waitUntil(async () => (await stats()).total_complaints === 1, { timeout: 20_000, interval: 50 });
    expect(await stats()).toMatchObject({ total_orders: 15, total_complaints: 1, open_complaints: 1 });
    const auth = client(`http://127.0.0.1:${fleet.ports.auth}`);
    expect((await auth.get(`/internal/users/${admin.user.id}`, identity)).body).toEqual({
      id: admin.user.id,
      active: true,
      role: 'admin',
      business_id: admin.user.business_id,
    });
    const product = client(`http://127.0.0.1:${fleet.ports.product}`);
    expect((await product.get(`/internal/products/${randomUUID()}`, identity)).status).toBe(401);
  } finally {
    await Promise.all([fleet.end(), shop.close()]);
  }
}, 240_000);
