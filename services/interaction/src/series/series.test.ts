import { randomUUID } from 'node:crypto';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction);

const at = (day: string) => `${day}T00:00:00.000Z`;

test('sums orders, their value less refunds, and complaints by interval of UTC', async ({ service }) => {
  const company = service.company({ currency: 'EUR' });
  const [manager, customerService] = [service.user('manager', company), service.callingService('customer', company)];
  const ofCustomer = `/api/customers/${randomUUID()}`;
  const pay = async (values: object) =>
    (
      await manager
        .post(`${ofCustomer}/transactions`, { kind: 'order', direction: 'in', currency: 'EUR', ...values })
        .expect(201)
    ).body.transaction;
  const cancelled = await pay({ amount: 40, occurred_at: '2026-03-02T08:00:00Z', order_id: 'C' });
  await pay({ kind: 'refund', direction: 'out', amount: 40, occurred_at: '2026-03-03T08:00:00Z', order_id: 'C' });
  await manager.patch(`${ofCustomer}/transactions/${cancelled.id}`, { status: 'cancelled' }).expect(200);
  // Sunday evening and Monday morning, by UTC: two weeks and two months.
  await pay({ amount: 10, occurred_at: '2026-03-01T23:59:59.999Z', status: 'pending' });
  await pay({ amount: '20.50', occurred_at: '2026-03-02T01:00:00+01:00', order_id: 'B' });
  await pay({ amount: 7, currency: 'USD', occurred_at: '2026-03-02T10:00:00Z' });
  await pay({ kind: 'payment', amount: 99, occurred_at: '2026-03-02T10:00:00Z' });
  await pay({ kind: 'refund', direction: 'out', amount: 5, occurred_at: '2026-03-31T23:00:00Z', order_id: 'B' });
  await pay({ amount: 1, occurred_at: '2026-02-28T23:59:59.999Z' });
  const record = (values: object) =>
    manager.post(`${ofCustomer}/interactions`, { notes: 'Spoke', type: 'complaint', ...values }).expect(201);
  await record({ occurred_at: '2026-03-02T10:00:00Z', status: 'closed' });
  await record({ occurred_at: '2026-03-02T11:00:00Z' });
  await record({ occurred_at: '2026-03-02T12:00:00Z', type: 'call' });
  const elsewhere = service.user('manager', service.company());
  await elsewhere.post(`${ofCustomer}/transactions`, { kind: 'order', direction: 'in', amount: 3, currency: 'EUR' });

  const series = async (metric: string, interval: string, query = '') => {
    const range = 'from=2026-03-01T00:00:00.000Z&to=2026-03-31T23:59:59.999Z&currency=EUR';
    const url = `/internal/series?metric=${metric}&interval=${interval}&${range}${query}`;
    return (await customerService.get(url).expect(200)).body.points;
  };
  expect(await series('orders', 'day')).toEqual([
    { at: at('2026-03-01'), value: 1 },
    { at: at('2026-03-02'), value: 1 },
  ]);
  expect(await series('order_value', 'week')).toEqual([
    { at: at('2026-02-23'), value: '10.00' },
    { at: at('2026-03-02'), value: '20.50' },
    { at: at('2026-03-30'), value: '-5.00' },
  ]);
  expect(await series('order_value', 'month')).toEqual([{ at: at('2026-03-01'), value: '25.50' }]);
  expect(await series('complaints', 'day')).toEqual([{ at: at('2026-03-02'), value: 2 }]);
});
