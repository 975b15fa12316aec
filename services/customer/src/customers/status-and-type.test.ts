import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events())
    .filter(({ data }) => data['customer_id'] === id)
    .map(({ name, sequence, data }) => ({ name, sequence, data }));
const historyOf = async (admin: TestUser, id: string) =>
  (await admin.get(`${path}/${id}/history`).expect(200)).body.history;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('changes the status; the history has the reason, the event does not', async ({ service, admin, manager }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/status`;
  const { body, headers } = await manager.patch(at, { status: 'suspended', reason: ' Unpaid bills ' }).expect(200);
  expect(body).toEqual({
    message: 'Customer status changed',
    customer: { ...customer, status: 'suspended', is_active: false, updated_at: instant, version: 2 },
  });
  expect(headers['etag']).toBe('"2"');
  expect((await admin.get(`${path}/${customer.id}`)).body.customer).toEqual(body.customer);
  const published = await eventsOf(service, customer.id);
  expect(published[1]).toEqual({
    name: 'customer.status.changed',
    sequence: 2,
    data: { customer_id: customer.id, number: customer.number, from: 'active', to: 'suspended' },
  });
  expect((await historyOf(admin, customer.id))[0]).toEqual({
    id: expect.any(String),
    at: instant,
    actor_id: manager.user_id,
    action: 'customer.status.changed',
    reason: 'Unpaid bills',
    changes: [{ field: 'status', from: 'active', to: 'suspended' }],
  });
  expect((await manager.patch(at, { status: 'inactive', reason: null }).expect(200)).body.customer.status).toBe(
    'inactive',
  );
  expect((await historyOf(admin, customer.id))[0]).not.toHaveProperty('reason');
  await admin.patch(`${path}/${customer.id}`, { city_id: 1 }).expect(200);
  const back = await manager.patch(at, { status: 'active' }).expect(200);
  expect(back.body.customer).toMatchObject({ status: 'active', is_active: true });
});

test('changes the type and publishes customer.updated', async ({ service, admin, manager }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/type`;
  const { body, headers } = await manager.patch(at, { type: 'vip' }).expect(200);
  expect(body).toEqual({
    message: 'Customer type changed',
    customer: { ...customer, type: 'vip', updated_at: instant, version: 2 },
  });
  expect(headers['etag']).toBe('"2"');
  expect((await eventsOf(service, customer.id))[1]).toEqual({
    name: 'customer.updated',
    sequence: 2,
    data: { customer_id: customer.id, number: customer.number, fields_changed: ['type'] },
  });
  expect((await historyOf(admin, customer.id))[0]).toEqual({
    id: expect.any(String),
    at: instant,
    actor_id: manager.user_id,
    action: 'customer.updated',
    changes: [{ field: 'type', from: 'regular', to: 'vip' }],
  });
});

test('the same value again creates no version, event or history', async ({ service, admin }) => {
  const customer = await createCustomer(admin, { full_name: 'Same', status: 'inactive', type: 'premium' });
  const status = await admin
    .patch(`${path}/${customer.id}/status`, { status: 'inactive', reason: 'Again' })
    .expect(200);
  const type = await admin.patch(`${path}/${customer.id}/type`, { type: 'premium' }).expect(200);
  expect([status.body.customer, type.body.customer]).toEqual([customer, customer]);
  expect([status.headers['etag'], type.headers['etag']]).toEqual(['"1"', '"1"']);
  expect(await eventsOf(service, customer.id)).toHaveLength(1);
  expect(await historyOf(admin, customer.id)).toHaveLength(1);
});

test('checks If-Match, rejects a deleted customer, and returns 404 for a removed one', async ({ admin }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}`;
  const changes = () => [
    admin.patch(`${at}/status`, { status: 'suspended' }),
    admin.patch(`${at}/type`, { type: 'vip' }),
  ];
  for (const call of changes())
    expect((await call.set('If-Match', '"2"').expect(412)).body.error_code).toBe('PRECONDITION_FAILED');
  await admin.patch(`${at}/status`, { status: 'inactive' }).set('If-Match', '"1"').expect(200);
  await admin.delete(at).expect(200);
  for (const call of changes()) expect((await call.expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
  expect((await admin.get(at)).body.customer).toMatchObject({ status: 'inactive', type: 'regular' });
  await admin.delete(`${at}?hard_delete=true`).expect(200);
  for (const call of changes()) expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
});

test('rejects other values by name', async ({ admin }) => {
  const { id } = await createCustomer(admin);
  const named = async (rest: string, body: object) =>
    (await admin.patch(`${path}/${id}/${rest}`, body).expect(422)).body.errors.map(
      ({ path }: { path: string }) => path,
    );
  for (const status of ['deleted', 'ACTIV', '', null, 1, undefined])
    expect(await named('status', { status })).toEqual(['status']);
  for (const reason of ['', ' ', 'x'.repeat(501), 5, 'a\u0000'])
    expect(await named('status', { status: 'inactive', reason })).toEqual(['reason']);
  expect(await named('status', { status: 'inactive', type: 'vip' })).toEqual(['type']);
  const status = await admin.patch(`${path}/${id}/status`, { status: 'Suspended' }).expect(200);
  const type = await admin.patch(`${path}/${id}/type`, { type: 'VIP' }).expect(200);
  expect([status.body.customer.status, type.body.customer.type]).toEqual(['suspended', 'vip']);
  for (const type of ['gold', 'V.I.P.', null, undefined]) expect(await named('type', { type })).toEqual(['type']);
  expect(await named('type', { type: 'vip', reason: 'Good' })).toEqual(['reason']);
  await admin.patch(`${path}/x/status`, { status: 'inactive' }).expect(400);
  await admin.patch(`${path}/${id}/status`, { status: 'inactive', reason: '🦊'.repeat(500) }).expect(200);
});

test('requires customers:update: no viewer, no role customer for its own record, no other company', async ({
  service,
  company,
  admin,
}) => {
  const person = service.user('customer', company);
  const customer = await createCustomer(admin, { full_name: 'Own', user_id: person.user_id });
  const calls = (caller: TestUser, id: string) => [
    caller.patch(`${path}/${id}/status`, { status: 'inactive' }),
    caller.patch(`${path}/${id}/type`, { type: 'vip' }),
  ];
  for (const caller of [person, service.user('viewer', company)])
    for (const call of calls(caller, customer.id)) await call.expect(403);
  for (const call of calls(service.anonymous(), customer.id)) await call.expect(401);
  const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
  const stranger = service.user('admin', service.company());
  const unknown = calls(stranger, randomUUID());
  for (const [index, call] of calls(stranger, customer.id).entries())
    expect(strip(await call.expect(404))).toEqual(strip((await unknown[index]?.expect(404)) ?? { body: {} }));
  for (const call of calls(service.user('superuser'), customer.id)) await call.expect(422);
  expect((await admin.get(`${path}/${customer.id}`)).body.customer).toEqual(customer);
});
