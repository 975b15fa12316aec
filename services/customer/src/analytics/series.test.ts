import { unavailable } from '@clientela/errors';
import { serviceTest } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { resolveSeries } from './rules.ts';
import type { SeriesClient } from './series-client.ts';

/** What the interaction service was asked, and what it responds. */
const requests: Parameters<SeriesClient>[1][] = [];
let respond: SeriesClient = async () => [];
const series: SeriesClient = async (company_id, request, request_id) => {
  requests.push(request);
  return respond(company_id, request, request_id);
};
const test = serviceTest(() => createTestCustomer({ series }));

const path = '/api/customers/analytics/series';
const at = (day: string) => `${day}T00:00:00.000Z`;

describe('GET analytics/series', () => {
  test('counts undeleted customers by created_at, with 0 for empty intervals, and caches them', async ({ service }) => {
    const company = service.company();
    const admin = service.user('admin', company);
    const created = async (day: string, body: object = {}) => {
      const { id } = (await admin.post('/api/customers', { full_name: 'Ana', ...body }).expect(201)).body.customer;
      await service.database.owner('customers').where({ id }).update({ created_at: day });
      return id as string;
    };
    await created('2026-02-28T23:59:59.999Z');
    await created('2026-03-01T00:00:00Z', { status: 'suspended' });
    await created('2026-03-01T23:59:59.999Z');
    await created('2026-03-04T12:00:00Z', { status: 'inactive' });
    await admin.delete(`/api/customers/${await created('2026-03-04T12:00:00Z')}`).expect(200);
    await service.user('admin', service.company()).post('/api/customers', { full_name: 'Elsewhere' }).expect(201);

    const query = '?metric=Customers&interval=day&from=2026-03-01&to=2026-03-04';
    const { body } = await service.user('viewer', company).get(`${path}${query}`).expect(200);
    expect(body).toEqual({
      metric: 'customers',
      interval: 'day',
      points: [
        { at: at('2026-03-01'), value: 2 },
        { at: at('2026-03-02'), value: 0 },
        { at: at('2026-03-03'), value: 0 },
        { at: at('2026-03-04'), value: 1 },
      ],
      generated_at: expect.any(String),
    });
    await created('2026-03-02T00:00:00Z');
    expect((await admin.get(`${path}${query}`).expect(200)).body).toEqual(body);
    const weeks = (await admin.get(`${path}?metric=customers&interval=week`).expect(200)).body;
    expect(weeks.points).toHaveLength(30);
    expect(new Set(weeks.points.map((point: { at: string }) => new Date(point.at).getUTCDay()))).toEqual(new Set([1]));
  });

  test('has orders and their value in the present currency, and complaints, from the interaction service', async ({
    service,
  }) => {
    const admin = service.user('admin', service.company({ currency: 'BRL' }));
    requests.length = 0;
    respond = async (_company, { metric }) => [
      { at: at('2026-02-01'), value: metric === 'order_value' ? '1234.50' : 3 },
    ];
    const read = async (metric: string) =>
      (await admin.get(`${path}?metric=${metric}&interval=month&from=2026-01-15&to=2026-03-02`).expect(200)).body;
    const values = (...all: unknown[]) =>
      ['2026-01-01', '2026-02-01', '2026-03-01'].map((day, index) => ({ at: at(day), value: all[index] }));
    expect(await read('orders')).toMatchObject({ currency: 'BRL', points: values(0, 3, 0) });
    expect(await read('order_value')).toMatchObject({ currency: 'BRL', points: values('0.00', '1234.50', '0.00') });
    const complaints = await read('complaints');
    expect(complaints.points).toEqual(values(0, 3, 0));
    expect(complaints).not.toHaveProperty('currency');
    expect(requests[0]).toEqual({
      metric: 'orders',
      interval: 'month',
      from: at('2026-01-01'),
      to: '2026-03-31T23:59:59.999Z',
      currency: 'BRL',
    });
    expect(requests).toHaveLength(3);
    await read('orders');
    expect(requests).toHaveLength(3);
    respond = () => Promise.reject(unavailable('The interaction service is unavailable'));
    await admin.get(`${path}?metric=orders&interval=day`).expect(503);
  });

  test('rejects an unknown metric or interval, an empty range, more than 400 points, and role customer', async ({
    service,
  }) => {
    const company = service.company();
    const admin = service.user('admin', company);
    for (const [query, field] of [
      ['metric=visits&interval=day', 'metric'],
      ['metric=orders&interval=year', 'interval'],
      ['metric=customers', 'interval'],
      ['metric=customers&interval=day&from=2026-02-01&to=2026-01-31', 'from'],
      ['metric=customers&interval=day&from=2025-01-01&to=2026-02-05', 'from'],
      ['metric=customers&interval=week&from=0001-01-01', 'from'],
    ] as const) {
      const { body } = await admin.get(`${path}?${query}`).expect(422);
      expect(body.errors.map((error: { path: string }) => error.path)).toEqual([field]);
    }
    for (const query of ['from=2025-01-01&to=2026-02-04', 'from=9999-11-01&to=9999-12-31', 'to=0001-01-01'])
      await admin.get(`${path}?metric=customers&interval=day&${query}`).expect(200);
    expect((await service.user('customer', company).get(path).expect(403)).body.missing).toBe('analytics:read');
  });
});

test('resolves whole intervals of UTC, by default the last 30', () => {
  const now = Date.parse('2026-03-29T12:00:00Z'); // a Sunday
  const ends = ({ starts, from, to }: ReturnType<typeof resolveSeries>) => [starts.length, from, starts.at(-1), to];
  expect(ends(resolveSeries('day', {}, now))).toEqual([
    30,
    at('2026-02-28'),
    at('2026-03-29'),
    '2026-03-29T23:59:59.999Z',
  ]);
  expect(ends(resolveSeries('week', {}, now))).toEqual([
    30,
    at('2025-09-01'),
    at('2026-03-23'),
    '2026-03-29T23:59:59.999Z',
  ]);
  expect(ends(resolveSeries('month', {}, now))).toEqual([
    30,
    at('2023-10-01'),
    at('2026-03-01'),
    '2026-03-31T23:59:59.999Z',
  ]);
  expect(ends(resolveSeries('week', { to: '9999-12-31T00:00:00.000Z' }, now)).at(-1)).toBe('9999-12-31T23:59:59.999Z');
  expect(ends(resolveSeries('month', { to: '0001-02-01T00:00:00.000Z' }, now)).slice(0, 2)).toEqual([
    2,
    at('0001-01-01'),
  ]);
});
