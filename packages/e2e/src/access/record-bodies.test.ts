import { expect } from 'vitest';
import { fleetTest as test, newCompany } from '../testing/test-fleet.ts';
import { testRecordBodies } from './record-bodies.ts';

// The main record of each service. All: record-bodies.large.test.ts.
testRecordBodies(
  (path) =>
    /^\/api\/(v1\/users|customers|products|customers\/\{customer_id\}\/interactions)(\/\{\w+_id\})?$/.test(path),
  { changes: 7, creations: 4, records: 4, lists: 3 },
);

test('a customer that was read before an order was recorded is taken back whole', async ({ defaultFleet }) => {
  const admin = await newCompany(defaultFleet.url);
  const { customer } = (await admin.post('/api/customers', { full_name: 'Read Before' })).body;
  const at = `/api/customers/${customer.id}`;
  const order = { kind: 'order', direction: 'in', amount: '10.00' };
  expect((await admin.post(`${at}/transactions`, order)).status).toBe(201);
  const read = async () => (await admin.get(at)).body.customer as Record<string, unknown>;
  await expect.poll(async () => (await read())['total_orders']).toBe(1);
  for (const method of ['PUT', 'PATCH']) expect((await admin.send(method, at, customer)).status, method).toBe(200);
  const update = { op: 'UPDATE', id: customer.id, data: customer };
  const { body } = await admin.post('/api/customers/batch', { operations: [update] });
  expect(body.results).toMatchObject([{ status: 200, customer: { total_orders: 1, lifetime_value: '10.00' } }]);
});
