import { randomUUID } from 'node:crypto';
import type { InternalUser, Role } from '@clientela/contracts';
import { stubServer, type TestUser, type Company, type TestService } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createUserClient } from './user-client.ts';

/** Users known to auth. */
const users = new Map<string, InternalUser>();

const oneHour = 3_600_000;
const test = base
  .extend('auth', { scope: 'file' }, async ({}, { onCleanup }) => {
    const auth = await stubServer('auth');
    onCleanup(() => auth.close());

    return auth;
  })
  .extend('service', { scope: 'file' }, async ({ auth }, { onCleanup }) => {
    const service = await createTestCustomer({
      pool: 10,
      users: (companies) => createUserClient(auth.client, companies),
      rates: { 'customer-patch': { limit: 20, window: oneHour } },
    });
    onCleanup(() => service.close());

    return service;
  })
  .extend('company', ({ service }) => service.company({ country: 'ES', currency: 'EUR' }))
  .extend('admin', ({ service, company }) => service.user('admin', company));
test.beforeEach(({ auth }) => {
  auth.calls.length = 0;
  auth.respond((path) => {
    const user = users.get(path.replace('/internal/users/', ''));
    return user ? { status: 200, body: user } : { status: 404 };
  });
});

const me = '/api/customers/me';
/** Creates a user in auth that has no profile yet. */
const createUser = (service: TestService, company: Company, values: Partial<InternalUser> = {}): TestUser => {
  const id = randomUUID();
  const role: Role = 'customer';
  const user = { first_name: 'Ana', last_name: 'Perez', name: 'Ana Perez', email: `${id}@example.com`, phone: null };
  users.set(id, { id, active: true, role, business_id: company.id, ...user, ...values });
  return service.user(values.role ?? role, company, id);
};
/** Repeats the request after a 503, which a busy machine may return before any change. */
const readUntilServed = async (person: TestUser) => {
  let response = await person.get(me);
  while (response.status === 503) response = await person.get(me);
  return response;
};
const profilesOf = (service: TestService, { user_id }: TestUser) =>
  service.database.owner('customers').where({ user_id });
const createCustomer = async (admin: TestUser, body: object) =>
  (await admin.post('/api/customers', body).expect(201)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events()).filter(({ data }) => data['customer_id'] === id);

describe('the own profile of role customer', () => {
  test('is created on first use and read afterwards; staff see the full record', async ({
    service,
    auth,
    company,
    admin,
  }) => {
    const person = createUser(service, company, { phone: '600 111 222' });
    const { body, headers } = await person.get(me).expect(200);
    const { customer } = body;
    expect(customer).toMatchObject({
      user_id: person.user_id,
      business_id: company.id,
      full_name: 'Ana Perez',
      email: `${person.user_id}@example.com`,
      phone: '+34600111222',
      currency: 'EUR',
    });
    expect(headers['etag']).toBe('"1"');
    expect(await eventsOf(service, customer.id)).toMatchObject([
      { name: 'customer.created', sequence: 1, company_id: company.id },
    ]);
    const { tags, metadata, external_id, ...seen } = (await admin.get(`/api/customers/${customer.id}`)).body.customer;
    expect([tags, metadata, external_id]).toEqual([[], {}, null]);
    expect(customer).toEqual(seen);
    expect(auth.calls).toHaveLength(1);

    auth.respond(() => undefined); // auth is not called again
    expect((await person.get(`${me}/`).expect(200)).body).toEqual(body);
    expect((await person.get(me).set('If-None-Match', '"1"').expect(200)).body).toEqual(body); // counters raise no version
    expect((await person.get(`/api/customers/${customer.id}`).expect(200)).body).toEqual(body);
    expect(await profilesOf(service, person)).toHaveLength(1);
  });

  test('is created by the first of concurrent reads, statistics or a change', async ({ service, company, admin }) => {
    const eager = createUser(service, company);
    const responses = await Promise.all(Array.from({ length: 10 }, () => readUntilServed(eager)));
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(responses.map(({ body }) => body.customer.id)).size).toBe(1);
    expect(await profilesOf(service, eager)).toHaveLength(1);

    const counting = createUser(service, company);
    const nothing = (await counting.get(`${me}/statistics`).expect(200)).body;
    const [profile] = await profilesOf(service, counting);
    expect((await admin.get(`/api/customers/${profile.id}/stats`).expect(200)).body).toEqual(nothing);
    await service.callingService('interaction', company).patch(`/api/customers/internal/${profile.id}/statistics`, {
      increment: { total_orders: 2, lifetime_value: '7.5' },
    });
    expect((await counting.get(`${me}/statistics`).expect(200)).body).toEqual({
      ...nothing,
      total_orders: 2,
      lifetime_value: '7.50',
    });

    const changing = createUser(service, company);
    const { body } = await changing.patch(me, { phone: '600 222 333' }).expect(200);
    expect(body).toMatchObject({
      message: 'Customer updated',
      customer: { full_name: 'Ana Perez', phone: '+34600222333' },
    });
    expect((await eventsOf(service, body.customer.id)).map(({ name, sequence }) => [name, sequence])).toEqual([
      ['customer.created', 1],
      ['customer.updated', 2],
    ]);
  });

  test('is not created when the first change is rejected', async ({ service, company }) => {
    const person = createUser(service, company);
    await person.patch(me, { gender: 'x' }).expect(422);
    await person.patch(me, { metadata: {} }).expect(403);
    expect(await profilesOf(service, person)).toEqual([]);
  });

  test('is created without values of another customer; the history has the reason', async ({
    service,
    company,
    admin,
  }) => {
    const other = await createCustomer(admin, { full_name: 'Other', email: 'held@example.com', phone: '+34600777666' });
    const person = createUser(service, company, { email: 'HELD@example.com', phone: '600777666' });
    const { customer } = (await person.get(me).expect(200)).body;
    expect(customer).toMatchObject({ user_id: person.user_id, full_name: 'Ana Perez', email: null, phone: null });
    expect((await admin.get(`/api/customers/${other.id}`)).body.customer).toEqual(other);
    expect((await admin.get(`/api/customers/${customer.id}/history`).expect(200)).body.history).toMatchObject([
      {
        action: 'customer.created',
        actor_id: person.user_id,
        reason: expect.stringMatching(/^email and phone .*another/),
      },
    ]);
  });

  test('calls auth only to create the profile', async ({ service, auth, company }) => {
    const known = createUser(service, company);
    await known.get(me).expect(200);
    auth.respond(() => undefined);
    await known.patch(me, { firstname: 'Eva' }).expect(200);
    await known.get(`${me}/statistics`).expect(200);
    const unknown = createUser(service, company);
    for (const call of [unknown.get(me), unknown.get(`${me}/statistics`), unknown.patch(me, { firstname: 'Eva' })]) {
      const { headers } = await call.expect(503);
      expect(headers['retry-after']).toMatch(/^\d+$/);
    }
    expect(await profilesOf(service, unknown)).toEqual([]);
  });

  test('is not created for an unknown user, another company or another role', async ({ service, company }) => {
    const unknownUser = service.user('customer', company);
    const elsewhere = createUser(service, company, { business_id: service.company().id });
    const promoted = createUser(service, company);
    Object.assign(users.get(promoted.user_id) ?? {}, { role: 'manager' });
    for (const person of [unknownUser, elsewhere, promoted]) {
      expect((await person.get(me).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      expect(await profilesOf(service, person)).toEqual([]);
    }
  });

  test('is separate for each company', async ({ service, company }) => {
    const person = createUser(service, company);
    const { customer } = (await person.get(me).expect(200)).body;
    const other = service.company();
    Object.assign(users.get(person.user_id) ?? {}, { business_id: other.id });
    const moved = (await service.user('customer', other, person.user_id).get(me).expect(200)).body.customer;
    expect(moved).toMatchObject({ business_id: other.id, user_id: person.user_id });
    expect(moved.id).not.toBe(customer.id);
  });

  test('stays readable and rejects changes after deletion; no second one is created', async ({
    service,
    company,
    admin,
  }) => {
    const person = createUser(service, company);
    const { customer } = (await person.get(me).expect(200)).body;
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    expect((await person.get(me).expect(200)).body.customer).toMatchObject({ id: customer.id, is_active: false });
    await person.get(`${me}/statistics`).expect(200);
    expect((await person.patch(me, { firstname: 'Eva' }).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    expect(await profilesOf(service, person)).toHaveLength(1);
    await admin.patch(`/api/customers/${customer.id}/activate`).expect(200);
    await person.patch(me, { firstname: 'Eva' }).expect(200);
  });
});

describe('changing the own profile', () => {
  test('has the fields, errors and versions of a change by id', async ({ service, company, admin }) => {
    const person = createUser(service, company);
    const { customer } = (await person.get(me).expect(200)).body;
    const changes = {
      full_name: 'Ana Ruiz',
      gender: 'F',
      address: { city: 'Porto' },
      preferences: { newsletter: true },
    };
    const { body, headers } = await person.patch(me, { ...changes, number: customer.number }).set('If-Match', '"1"');
    expect(body.customer).toMatchObject({ full_name: 'Ana Ruiz', gender: 'female', address: { city: 'Porto' } });
    expect(headers['etag']).toBe('"2"');
    for (const hidden of ['tags', 'metadata', 'external_id']) expect(body.customer).not.toHaveProperty(hidden);

    await createCustomer(admin, { full_name: 'Other', phone: '+34600123124' });
    await person.patch(me, { firstname: 'X' }).set('If-Match', '"1"').expect(412);
    const taken = (await person.patch(me, { phone: '600123124' }).expect(409)).body;
    expect(taken.error_code).toBe('CUSTOMER_PHONE_TAKEN');
    expect(taken).not.toHaveProperty('existing');
    for (const [field, value] of Object.entries({
      city_id: 1,
      metadata: {},
      status: 'suspended',
      user_id: randomUUID(),
    }))
      expect((await person.patch(me, { [field]: value }).expect(403)).body.errors).toMatchObject([{ path: field }]);
    expect((await person.patch(me, { nickname: 'x' }).expect(422)).body.errors).toMatchObject([{ path: 'nickname' }]);
    expect((await person.get(me)).body.customer).toEqual(body.customer);
  });

  test('shares its rate limit with changes by id', async ({ service, company }) => {
    const person = createUser(service, company);
    const { customer } = (await person.get(me).expect(200)).body;
    for (let change = 1; change <= 20; change += 1)
      await person.patch(change % 2 ? me : `/api/customers/${customer.id}`, { firstname: `Ana ${change}` }).expect(200);
    for (const path of [me, `/api/customers/${customer.id}`]) {
      const { body, headers } = await person.patch(path, { firstname: 'Eva' }).expect(429);
      expect(body.error_code).toBe('RATE_LIMITED');
      expect(headers['retry-after']).toMatch(/^\d+$/);
    }
    await person.get(me).expect(200);
    await createUser(service, company).patch(me, { firstname: 'Eva' }).expect(200);
  });
});

describe('staff', () => {
  test.for(['viewer', 'manager', 'admin'] as const)(
    'of role %s have no profile, and auth is not called',
    async (role, { service, auth, company }) => {
      const person = createUser(service, company, { role });
      for (const call of [person.get(me), person.get(`${me}/statistics`), person.patch(me, { firstname: 'X' })])
        expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      expect(auth.calls).toEqual([]);
      expect(await profilesOf(service, person)).toEqual([]);
    },
  );

  test('with a profile see all of it; without customers:update they change what role customer may', async ({
    service,
    company,
    admin,
  }) => {
    const viewer = createUser(service, company, { role: 'viewer' });
    const manager = createUser(service, company, { role: 'manager' });
    for (const person of [viewer, manager]) {
      const own = await createCustomer(admin, {
        full_name: 'Own',
        user_id: person.user_id,
        external_id: person.user_id,
      });
      expect((await person.get(me).expect(200)).body).toEqual({ customer: own });
      await person.get(`${me}/statistics`).expect(200);
      const { body } = await person.patch(me, { firstname: 'Eva' }).expect(200);
      expect(body.customer).toMatchObject({ id: own.id, firstname: 'Eva', external_id: person.user_id });
    }
    expect((await viewer.patch(me, { metadata: { vip: true } }).expect(403)).body.errors).toMatchObject([
      { path: 'metadata' },
    ]);
    await manager.patch(me, { metadata: { vip: true } }).expect(200);
  });

  test('a superuser has a profile only in a company that it names', async ({ service, company, admin }) => {
    const superuser = service.user('superuser');
    for (const call of [superuser.get(me), superuser.patch(me, {}), superuser.get(`${me}/statistics`)])
      expect((await call.expect(422)).body.errors).toMatchObject([{ path: 'company_id' }]);
    await superuser.get(`${me}?company_id=${company.id}`).expect(404);
    const own = await createCustomer(admin, { full_name: 'Boss', user_id: superuser.user_id });
    expect((await superuser.get(`${me}?company_id=${company.id}`).expect(200)).body.customer.id).toBe(own.id);
  });

  test('anonymous requests and services have no profile', async ({ service, company }) => {
    for (const path of [me, `${me}/statistics`]) await service.anonymous().get(path).expect(401);
    await service.anonymous().patch(me, {}).expect(401);
    await service.callingService('favorites', company).get(me).expect(403);
  });
});

describe('the profile of a user for other services', () => {
  const at = (user_id: string) => `/api/customers/internal/user/${user_id}`;

  test('is the full record, deleted or not', async ({ service, company, admin }) => {
    const user_id = randomUUID();
    const customer = await createCustomer(admin, {
      full_name: 'Ana',
      user_id,
      metadata: { risk: 'high' },
      external_id: 'crm-9',
    });
    for (const name of ['auth', 'favorites', 'interaction'] as const)
      expect((await service.callingService(name, company).get(at(user_id)).expect(200)).body).toEqual({ customer });
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    const found = await service.callingService('favorites', company).get(at(user_id.toUpperCase())).expect(200);
    expect(found.body.customer).toMatchObject({ id: customer.id, is_active: false });
    const again = await createCustomer(admin, { full_name: 'Ana again', user_id });
    expect((await service.callingService('favorites', company).get(at(user_id))).body).toEqual({ customer: again });
  });

  test('is a 404 for a user without one, and in another company', async ({ service, company, admin }) => {
    const { user_id } = await createCustomer(admin, { full_name: 'Ana', user_id: randomUUID() });
    const favorites = service.callingService('favorites', company);
    expect((await favorites.get(at(randomUUID())).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    await service.callingService('favorites', service.company()).get(at(user_id)).expect(404);
    await favorites.get(at('me')).expect(400);
    await service.callingService('favorites').get(at(user_id)).expect(422);
  });

  test('is available to the allowed services only', async ({ service, company, admin }) => {
    const { user_id } = await createCustomer(admin, { full_name: 'Ana', user_id: randomUUID() });
    for (const caller of [admin, service.anonymous(), service.callingService('product', company)])
      await caller.get(at(user_id)).expect(403);
  });
});
