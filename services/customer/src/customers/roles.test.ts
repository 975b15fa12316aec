import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import type { Test } from 'supertest';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer).extend('person', ({ service, company }) =>
  service.user('customer', company),
);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object) =>
  (await admin.post(path, body).expect(201)).body.customer;

test('a viewer reads and cannot change; anonymous requests are a 401', async ({ service, company, admin }) => {
  const customer = await createCustomer(admin, { full_name: 'Seen' });
  const at = `${path}/${customer.id}`;
  const viewer = service.user('viewer', company);
  await viewer.get(at).expect(200);
  await viewer.get(path).expect(200);
  for (const caller of [viewer, service.anonymous()]) {
    const status = caller === viewer ? 403 : 401;
    for (const call of [
      caller.post(path, { full_name: 'X' }),
      caller.put(at, {}),
      caller.patch(at, {}),
      caller.delete(at),
      caller.patch(`${at}/activate`),
    ])
      await call.expect(status);
  }
  await service.anonymous().get(at).expect(401);
  await service.callingService('auth', company).get(at).expect(403);
  expect((await admin.get(at)).body.customer).toEqual(customer);
});

test('a superuser reads, creates and changes in the company that it names', async ({ service, company, admin }) => {
  const customer = await createCustomer(admin, { full_name: 'Far' });
  const superuser = service.user('superuser');
  const at = `${path}/${customer.id}`;
  for (const call of [
    superuser.get(at),
    superuser.post(path, { full_name: 'X' }),
    superuser.patch(at, {}),
    superuser.delete(at),
    superuser.patch(`${at}/activate`),
  ]) {
    expect((await call.expect(422)).body.errors).toMatchObject([{ path: 'company_id' }]);
  }
  await superuser.patch(`${at}?company_id=${company.company_id}`, { city_id: 5 }).expect(200);
  const response = await superuser
    .post(`${path}?company_id=${company.id}`, { full_name: 'Made', business_id: company.id })
    .expect(201);
  expect(response.body.customer.business_id).toBe(company.id);
  await superuser.delete(`${at}?company_id=${company.id}&hard_delete=true`).expect(200);
});

describe('role customer', () => {
  test('reads and changes its own record without the fields of staff', async ({ admin, person }) => {
    const own = await createCustomer(admin, {
      firstname: 'Eu',
      lastname: 'Mesma',
      user_id: person.user_id,
      metadata: { risk: 'high' },
      external_id: 'crm-1',
      city_id: 3,
    });
    const at = `${path}/${own.id}`;
    const { tags: _t, metadata: _m, external_id: _e, ...seen } = own;
    expect((await person.get(at).expect(200)).body).toEqual({ customer: seen });
    const changes = {
      firstname: 'Outra',
      phone: '612000111',
      gender: 'f',
      birthday: '1999-09-09',
      address: { city: 'Porto' },
      preferences: { newsletter: true },
    };
    const { body } = await person.patch(at, changes).expect(200);
    expect(body.customer).toMatchObject({
      full_name: 'Outra Mesma',
      phone: '+34612000111',
      gender: 'female',
      preferences: { newsletter: true },
    });
    for (const hidden of ['tags', 'metadata', 'external_id']) expect(body.customer).not.toHaveProperty(hidden);
    expect((await person.put(at, body.customer).expect(200)).body.customer).toEqual(body.customer);
  });

  test('cannot write other fields: a 403 names each', async ({ service, company, admin }) => {
    const user = service.user('customer', company);
    const own = await createCustomer(admin, { full_name: 'Own', user_id: user.user_id, external_id: 'crm-2' });
    const at = `${path}/${own.id}`;
    const rejected = {
      city_id: 9,
      document_type: 'cedula',
      document_number: '1',
      last_auth_at: '2024-01-01T00:00:00Z',
      user_id: randomUUID(),
      status: 'suspended',
      metadata: own.metadata,
      tags: [],
      external_id: 'crm-2',
    };
    for (const [field, value] of Object.entries(rejected)) {
      if (field === 'document_number') continue; // requires its type
      const { body } = await user.patch(at, { full_name: 'New', [field]: value }).expect(403);
      expect(body).toMatchObject({ error_code: 'FORBIDDEN', errors: [{ path: field }] });
    }
    const { body } = await user.put(at, { full_name: 'New', ...rejected }).expect(403);
    expect(body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(Object.keys(rejected).toSorted());
    expect((await admin.get(at)).body.customer).toEqual(own);
  });

  test('gets a 404 for another record, like for an unknown one, and cannot list', async ({
    service,
    company,
    admin,
  }) => {
    const user = service.user('customer', company);
    const other = await createCustomer(admin, { full_name: 'Other', phone: '+34600123123' });
    const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
    expect(strip(await user.get(`${path}/${other.id}`).expect(404))).toEqual(
      strip(await user.get(`${path}/${randomUUID()}`).expect(404)),
    );
    expect(strip(await user.patch(`${path}/${other.id}`, { full_name: 'X' }).expect(404))).toEqual(
      strip(await user.patch(`${path}/${randomUUID()}`, { full_name: 'X' }).expect(404)),
    );
    await user.get(path).expect(403);
    await user.post(path, { full_name: 'X' }).expect(403);
    await user.delete(`${path}/${other.id}`).expect(403);
    await user.patch(`${path}/${other.id}/activate`).expect(403);
    const own = await createCustomer(admin, { full_name: 'Own', user_id: user.user_id });
    await user.delete(`${path}/${own.id}`).expect(403);
    const { body } = await user.patch(`${path}/${own.id}`, { phone: '600 123 123' }).expect(409);
    expect(body.error_code).toBe('CUSTOMER_PHONE_TAKEN');
    expect(body).not.toHaveProperty('existing');
  });
});

describe('another company’s customer', () => {
  test('is the same 404 as an unknown customer on every route', async ({ service, company, admin }) => {
    const customer = await createCustomer(admin, { full_name: 'Secret', email: 'secret@example.com' });
    const strip = ({ body, headers }: { body: Record<string, unknown>; headers: Record<string, string> }) => [
      { ...body, timestamp: '', request_id: '' },
      headers['etag'],
      headers['content-length'],
    ];
    const stranger = service.user('admin', service.company());
    const calls: ((at: string) => Test)[] = [
      (at) => stranger.get(at),
      (at) => stranger.put(at, { full_name: 'Stolen' }),
      (at) => stranger.patch(at, { full_name: 'Stolen' }),
      (at) => stranger.patch(at, { email: null, status: 'x' }),
      (at) => stranger.patch(at, {}).set('If-Match', '"7"'),
      (at) => stranger.delete(at),
      (at) => stranger.delete(`${at}?hard_delete=true`),
      (at) => stranger.patch(`${at}/activate`),
    ];
    for (const call of calls)
      expect(strip(await call(`${path}/${customer.id}`).expect(404))).toEqual(
        strip(await call(`${path}/${randomUUID()}`).expect(404)),
      );
    expect((await stranger.get(`${path}?search=secret&active_only=false`)).body).toMatchObject({
      customers: [],
      total: 0,
    });
    await stranger.get(`${path}/${customer.id}?company_id=${company.id}`).expect(403);
    await stranger.post(path, { email: 'secret@example.com' }).expect(201);
    expect((await admin.get(`${path}/${customer.id}`)).body.customer).toEqual(customer);
  });
});
