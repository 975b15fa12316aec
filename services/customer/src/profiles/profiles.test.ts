import { randomUUID } from 'node:crypto';
import type { InternalUser } from '@clientela/contracts';
import { stubServer, type TestUser, type Company, type TestService } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createUserClient } from './user-client.ts';

/** Users known to auth. */
const users = new Map<string, InternalUser>();

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

const createUser = (company: Company, values: Partial<InternalUser> = {}): InternalUser => {
  const id = randomUUID();
  const user = {
    id,
    active: true,
    role: 'customer' as const,
    business_id: company.id,
    name: 'Ana Perez',
    first_name: 'Ana',
    last_name: 'Perez',
    email: `${id}@example.com`,
    phone: null,
    ...values,
  };
  users.set(id, user);
  return user;
};
const profileOf = ({ id: user_id, business_id, email, name: full_name, phone }: InternalUser) => ({
  user_id,
  business_id,
  email,
  full_name,
  phone,
});
const create = (service: TestService, user: InternalUser) =>
  service.callingService('auth').post('/api/customers/internal/create', profileOf(user));
const postEvent = (
  service: TestService,
  name: string,
  user: InternalUser,
  sequence: number,
  data: object = {},
  id: string = randomUUID(),
) =>
  service.callingService('auth').post('/internal/events', {
    id,
    name,
    occurred_at: new Date().toISOString(),
    company_id: user.business_id,
    actor_id: user.id,
    request_id: 'request-1',
    sequence,
    data: { user_id: user.id, ...data },
  });
const registered = (service: TestService, user: InternalUser, id?: string) =>
  postEvent(service, 'user.registered', user, 1, { role: user.role }, id);
const updated = (service: TestService, user: InternalUser, sequence: number, fields_changed: string[]) =>
  postEvent(service, 'user.updated', user, sequence, { fields_changed });
const profiles = async (service: TestService, company: Company, user: InternalUser) =>
  (await service.database.owner('customers').where({ company_id: company.id, user_id: user.id })) as Record<
    string,
    unknown
  >[];
const readCustomer = async (admin: TestUser, id: string) =>
  (await admin.get(`/api/customers/${id}`).expect(200)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events()).filter(({ data }) => data['customer_id'] === id);

describe('POST internal/create', () => {
  test('creates a profile once: 201, then 200 with the same record', async ({ service, company, admin }) => {
    const user = createUser(company, { phone: '+34600111222' });
    const { customer } = (await create(service, user).expect(201)).body;
    expect(customer).toMatchObject({
      user_id: user.id,
      business_id: company.id,
      full_name: 'Ana Perez',
      email: user.email,
      phone: '+34600111222',
      status: 'active',
      currency: 'EUR',
      tags: [],
    });
    expect((await create(service, { ...user, name: 'Somebody Else' }).expect(200)).body.customer).toEqual(customer);
    expect(await eventsOf(service, customer.id)).toMatchObject([
      { name: 'customer.created', sequence: 1, company_id: company.id, data: { customer_id: customer.id } },
    ]);
    expect(await readCustomer(admin, customer.id)).toEqual(customer);
  });

  test('takes any e-mail of RFC 6531, and omits one that a customer has in the other spelling of its domain', async ({
    service,
    company,
  }) => {
    const first = createUser(company, { email: 'sales&buy@bücher.example', phone: '+1 415 555 2671 x101' });
    const profile = (await create(service, first).expect(201)).body.customer;
    expect(profile).toMatchObject({ email: 'sales&buy@xn--bcher-kva.example', phone: '+14155552671;ext=101' });
    const second = createUser(company, { email: 'Sales&Buy@xn--bcher-kva.example', phone: '+14155552671;ext=102' });
    const other = (await create(service, second).expect(201)).body.customer;
    expect(other).toMatchObject({ email: null, phone: '+14155552671;ext=102' });
  });

  test('never links a record by e-mail or phone: a taken value is omitted, and the event names the field', async ({
    service,
    company,
    admin,
  }) => {
    const { customer: other } = (
      await admin.post('/api/customers', { full_name: 'Old', email: 'Held@Example.com', phone: '+34600333444' })
    ).body;
    const cases = [
      {
        input: { email: 'held@example.com', phone: '+34600555666' },
        left: ['email'],
        email: null,
        phone: '+34600555666',
      },
      { input: { phone: '600 333 444' }, left: ['phone'], phone: null },
      {
        input: { email: 'held@example.com', phone: '+34600333444' },
        left: ['email', 'phone'],
        email: null,
        phone: null,
      },
    ];
    for (const { input, left, ...expected } of cases) {
      const user = createUser(company, input);
      const { customer } = (await create(service, user).expect(201)).body;
      expect(customer).toMatchObject({ user_id: user.id, full_name: 'Ana Perez', email: user.email, ...expected });
      expect(customer.id).not.toBe(other.id);
      const [published] = await eventsOf(service, customer.id);
      const ids = { customer_id: customer.id, number: customer.number, user_id: user.id };
      expect(published?.data).toEqual({ ...ids, fields_left: left });
    }
    expect(await readCustomer(admin, other.id)).toEqual(other);
  });

  test('ten concurrent calls create one profile', async ({ service, company }) => {
    const user = createUser(company);
    const responses = await Promise.all(Array.from({ length: 10 }, () => create(service, user)));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([...Array<number>(9).fill(200), 201]);
    expect(new Set(responses.map(({ body }) => body.customer.id)).size).toBe(1);
    expect(await profiles(service, company, user)).toHaveLength(1);
  });

  test('creates one profile per company; an unknown company is a 404', async ({ service, company }) => {
    const user = createUser(company);
    await create(service, user).expect(201);
    await create(service, { ...user, business_id: service.company().id }).expect(201);
    await create(service, { ...user, business_id: randomUUID() }).expect(404);
  });

  test('is available to auth only', async ({ service, company, admin }) => {
    const user = createUser(company);
    for (const caller of [admin, service.anonymous(), service.callingService('favorites')]) {
      await caller.post('/api/customers/internal/create', profileOf(user)).expect(403);
    }
    expect(await profiles(service, company, user)).toEqual([]);
  });

  test('names every invalid field', async ({ service }) => {
    const response = await service
      .callingService('auth')
      .post('/api/customers/internal/create', { user_id: 'x', email: 'no', full_name: 'A\u0000', role: 'admin' })
      .expect(422);
    expect(response.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(
      ['business_id', 'email', 'full_name', 'role', 'user_id'].toSorted(),
    );
  });
});

describe('user.registered', () => {
  test('of role customer creates the profile once, in any order and however often it is delivered', async ({
    service,
    company,
  }) => {
    const user = createUser(company);
    const id = randomUUID();
    expect((await registered(service, user, id).expect(200)).body).toEqual({ processed: true });
    expect((await registered(service, user, id).expect(200)).body).toEqual({ processed: false });
    await create(service, user).expect(200);
    expect(await profiles(service, company, user)).toMatchObject([{ full_name: 'Ana Perez', email: user.email }]);

    const requested = createUser(company);
    const { customer } = (await create(service, requested).expect(201)).body;
    await registered(service, requested).expect(200);
    expect(await profiles(service, company, requested)).toMatchObject([{ id: customer.id, version: 1 }]);
    expect(await eventsOf(service, customer.id)).toHaveLength(1);
  });

  test('is rejected while auth is unavailable and processed later', async ({ service, auth, company }) => {
    const user = createUser(company);
    const id = randomUUID();
    auth.respond(() => undefined);
    await registered(service, user, id).expect(503);
    expect(await profiles(service, company, user)).toEqual([]);
    auth.respond(() => ({ status: 200, body: user }));
    await registered(service, user, id).expect(200);
    expect(await profiles(service, company, user)).toHaveLength(1);
  });

  test('of staff creates no profile and calls no service', async ({ service, auth, company }) => {
    const user = createUser(company, { role: 'manager' });
    await registered(service, user).expect(200);
    expect(await profiles(service, company, user)).toEqual([]);
    expect(auth.calls).toEqual([]);
  });

  test('of an unknown user creates no profile', async ({ service, company }) => {
    const user = createUser(company);
    users.delete(user.id);
    expect((await registered(service, user).expect(200)).body).toEqual({ processed: true });
    expect(await profiles(service, company, user)).toEqual([]);
  });

  test('does not restore a deleted profile', async ({ service, company, admin }) => {
    const user = createUser(company);
    const { customer } = (await create(service, user).expect(201)).body;
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    await registered(service, user).expect(200);
    expect(await profiles(service, company, user)).toMatchObject([{ id: customer.id, is_active: false }]);
  });
});

describe('user.updated', () => {
  const change = (user: InternalUser, values: Partial<InternalUser>) => Object.assign(user, values);

  test('copies changed name, e-mail and phone to the linked customer', async ({ service, company, admin }) => {
    const user = createUser(company);
    const { customer } = (await create(service, user).expect(201)).body;
    await admin.patch(`/api/customers/${customer.id}`, { phone: '+34600777888' }).expect(200);

    change(user, { name: 'Ana Lopez', last_name: 'Lopez' });
    await updated(service, user, 2, ['last_name', 'address']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({
      full_name: 'Ana Lopez',
      firstname: 'Ana',
      lastname: 'Lopez',
      phone: '+34600777888', // not copied, because the user's phone did not change
    });

    change(user, { email: `new.${user.email}`, phone: '+34600999000' });
    await updated(service, user, 3, ['email', 'phone']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({
      email: `new.${user.id}@example.com`,
      phone: '+34600999000',
    });
    expect((await eventsOf(service, customer.id)).at(-1)).toMatchObject({
      name: 'customer.updated',
      sequence: 4,
      data: { fields_changed: ['email', 'phone'] },
    });
    change(user, { phone: null });
    await updated(service, user, 4, ['phone']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({ phone: null });
  });

  test('omits a value that another customer has, copies the others, and publishes both', async ({
    service,
    company,
    admin,
  }) => {
    const user = createUser(company);
    const { customer } = (await create(service, user).expect(201)).body;
    await admin.post('/api/customers', { full_name: 'Other', email: 'other@example.com' }).expect(201);
    change(user, { email: 'other@example.com', phone: '+34600121212' });
    await updated(service, user, 2, ['email', 'phone']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({
      email: `${user.id}@example.com`,
      phone: '+34600121212',
    });
    expect((await eventsOf(service, customer.id)).at(-1)?.data).toEqual({
      customer_id: customer.id,
      number: customer.number,
      user_id: user.id,
      fields_changed: ['phone'],
      fields_left: ['email'],
      followed: true,
    });
    await updated(service, user, 3, ['email']).expect(200);
    expect(await eventsOf(service, customer.id)).toHaveLength(2); // nothing changed: no event
  });

  test('ignores changes older than the newest one of each field', async ({ service, company, admin }) => {
    const user = createUser(company);
    const { customer } = (await create(service, user).expect(201)).body;
    change(user, { name: 'Newest Name', first_name: 'Newest', last_name: 'Name' });
    await updated(service, user, 5, ['first_name', 'last_name']).expect(200);
    change(user, { name: 'Stale Name', first_name: 'Stale', phone: '+34600343434' });
    await updated(service, user, 4, ['first_name', 'phone']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({ full_name: 'Newest Name', phone: '+34600343434' });
  });

  test('of other fields calls no service and changes nothing', async ({ service, auth, company, admin }) => {
    const user = createUser(company);
    const { customer } = (await create(service, user).expect(201)).body;
    change(user, { name: 'Other Name' });
    await updated(service, user, 2, ['password', 'address']).expect(200);
    expect(auth.calls).toEqual([]);
    expect(await readCustomer(admin, customer.id)).toEqual(customer);
  });

  test('rebuilds a built name, also of a customer that staff linked', async ({ service, company, admin }) => {
    const user = createUser(company, { role: 'viewer' });
    const { customer } = (
      await admin.post('/api/customers', { firstname: 'Ana', lastname: 'Perez', user_id: user.id }).expect(201)
    ).body;
    change(user, { name: 'Eva Perez', first_name: 'Eva' });
    await updated(service, user, 2, ['first_name']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({
      full_name: 'Eva Perez',
      firstname: 'Eva',
      lastname: 'Perez',
    });
    await admin.patch(`/api/customers/${customer.id}`, { lastname: 'Ruiz' }).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({ full_name: 'Eva Ruiz' });
  });

  test('does not change a deleted customer', async ({ service, company, admin }) => {
    const user = createUser(company);
    const { customer } = (await create(service, user).expect(201)).body;
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    change(user, { name: 'Late Name' });
    await updated(service, user, 2, ['first_name']).expect(200);
    expect(await readCustomer(admin, customer.id)).toMatchObject({ full_name: 'Ana Perez' });
  });

  test('creates a profile for a user whose role became customer', async ({ service, company }) => {
    const user = createUser(company, { role: 'viewer' });
    await registered(service, user).expect(200);
    change(user, { role: 'customer' });
    await updated(service, user, 2, ['role']).expect(200);
    expect(await profiles(service, company, user)).toMatchObject([{ full_name: 'Ana Perez', email: user.email }]);
  });
});
