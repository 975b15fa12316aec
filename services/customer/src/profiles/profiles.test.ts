import { randomUUID } from 'node:crypto';
import type { InternalUser } from '@clientela/contracts';
import { stubServer, type TestUser, type Company, type StubServer, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createUserClient } from './user-client.ts';

let service: TestService;
let auth: StubServer;
let company: Company;
let admin: TestUser;
/** The users that auth knows. */
const users = new Map<string, InternalUser>();

beforeAll(async () => {
  auth = await stubServer('auth');
  service = await createTestCustomer({ pool: 10, users: (companies) => createUserClient(auth.client, companies) });
});
afterAll(() => Promise.all([service.close(), auth.close()]));
beforeEach(() => {
  company = service.company({ country: 'ES', currency: 'EUR' });
  admin = service.user('admin', company);
  auth.calls.length = 0;
  auth.respond((path) => {
    const user = users.get(path.replace('/internal/users/', ''));
    return user ? { status: 200, body: user } : { status: 404 };
  });
});

const somebody = (values: Partial<InternalUser> = {}): InternalUser => {
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
const create = (user: InternalUser) =>
  service.callingService('auth').post('/api/customers/internal/create', profileOf(user));
const hear = (name: string, user: InternalUser, sequence: number, data: object = {}, id: string = randomUUID()) =>
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
const registered = (user: InternalUser, id?: string) => hear('user.registered', user, 1, { role: user.role }, id);
const updated = (user: InternalUser, sequence: number, fields_changed: string[]) =>
  hear('user.updated', user, sequence, { fields_changed });
const profiles = async (user: InternalUser) =>
  (await service.database.owner('customers').where({ company_id: company.id, user_id: user.id })) as Record<
    string,
    unknown
  >[];
const shown = async (id: string) => (await admin.get(`/api/customers/${id}`).expect(200)).body.customer;
const saidOf = async (id: string) => (await service.events()).filter(({ data }) => data['customer_id'] === id);

describe('a profile that auth asks for', () => {
  test('is made once: 201, then 200 with the same record', async () => {
    const user = somebody({ phone: '+34600111222' });
    const { customer } = (await create(user).expect(201)).body;
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
    expect((await create({ ...user, name: 'Somebody Else' }).expect(200)).body.customer).toEqual(customer);
    expect(await saidOf(customer.id)).toMatchObject([
      { name: 'customer.created', sequence: 1, company_id: company.id, data: { customer_id: customer.id } },
    ]);
    expect(await shown(customer.id)).toEqual(customer);
  });

  test('never adopts a record by its e-mail or phone: what another holds is left out, and said by name only', async () => {
    const { customer: other } = (
      await admin.post('/api/customers', { full_name: 'Old', email: 'Held@Example.com', phone: '+34600333444' })
    ).body;
    const cases = [
      {
        given: { email: 'held@example.com', phone: '+34600555666' },
        left: ['email'],
        email: null,
        phone: '+34600555666',
      },
      { given: { phone: '600 333 444' }, left: ['phone'], phone: null },
      {
        given: { email: 'held@example.com', phone: '+34600333444' },
        left: ['email', 'phone'],
        email: null,
        phone: null,
      },
    ];
    for (const { given, left, ...kept } of cases) {
      const user = somebody(given);
      const { customer } = (await create(user).expect(201)).body;
      expect(customer).toMatchObject({ user_id: user.id, full_name: 'Ana Perez', email: user.email, ...kept });
      expect(customer.id).not.toBe(other.id);
      const [said] = await saidOf(customer.id);
      expect(said?.data).toEqual({ customer_id: customer.id, number: customer.number, fields_left: left });
    }
    expect(await shown(other.id)).toEqual(other);
  });

  test('ten calls at once make one', async () => {
    const user = somebody();
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(user)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array<number>(9).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.customer.id)).size).toBe(1);
    expect(await profiles(user)).toHaveLength(1);
  });

  test('two companies have a profile each for one user; an unknown company has none', async () => {
    const user = somebody();
    await create(user).expect(201);
    await create({ ...user, business_id: service.company().id }).expect(201);
    await create({ ...user, business_id: randomUUID() }).expect(404);
  });

  test('is for auth alone to ask', async () => {
    const user = somebody();
    for (const caller of [admin, service.anonymous(), service.callingService('favorites')]) {
      await caller.post('/api/customers/internal/create', profileOf(user)).expect(403);
    }
    expect(await profiles(user)).toEqual([]);
  });

  test('names every bad field', async () => {
    const answer = await service
      .callingService('auth')
      .post('/api/customers/internal/create', { user_id: 'x', email: 'no', full_name: 'A\u0000', role: 'admin' })
      .expect(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(
      ['business_id', 'email', 'full_name', 'role', 'user_id'].toSorted(),
    );
  });
});

describe('user.registered', () => {
  test('of a customer makes the profile, once, whoever comes first and however often it is heard', async () => {
    const user = somebody();
    const id = randomUUID();
    expect((await registered(user, id).expect(200)).body).toEqual({ processed: true });
    expect((await registered(user, id).expect(200)).body).toEqual({ processed: false });
    await create(user).expect(200);
    expect(await profiles(user)).toMatchObject([{ full_name: 'Ana Perez', email: user.email }]);

    const asked = somebody();
    const { customer } = (await create(asked).expect(201)).body;
    await registered(asked).expect(200);
    expect(await profiles(asked)).toMatchObject([{ id: customer.id, version: 1 }]);
    expect(await saidOf(customer.id)).toHaveLength(1);
  });

  test('while auth does not answer is kept by its sender, and has its effect later', async () => {
    const user = somebody();
    const id = randomUUID();
    auth.respond(() => undefined);
    await registered(user, id).expect(503);
    expect(await profiles(user)).toEqual([]);
    auth.respond(() => ({ status: 200, body: user }));
    await registered(user, id).expect(200);
    expect(await profiles(user)).toHaveLength(1);
  });

  test('of staff makes none, and asks nobody', async () => {
    const user = somebody({ role: 'manager' });
    await registered(user).expect(200);
    expect(await profiles(user)).toEqual([]);
    expect(auth.calls).toEqual([]);
  });

  test('of somebody who is gone makes none', async () => {
    const user = somebody();
    users.delete(user.id);
    expect((await registered(user).expect(200)).body).toEqual({ processed: true });
    expect(await profiles(user)).toEqual([]);
  });

  test('does not bring back a profile that was deleted meanwhile', async () => {
    const user = somebody();
    const { customer } = (await create(user).expect(201)).body;
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    await registered(user).expect(200);
    expect(await profiles(user)).toMatchObject([{ id: customer.id, is_active: false }]);
  });
});

describe('user.updated', () => {
  const change = (user: InternalUser, values: Partial<InternalUser>) => Object.assign(user, values);

  test('moves name, e-mail and phone into the linked customer, each when it changed', async () => {
    const user = somebody();
    const { customer } = (await create(user).expect(201)).body;
    await admin.patch(`/api/customers/${customer.id}`, { phone: '+34600777888' }).expect(200);

    change(user, { name: 'Ana Lopez', last_name: 'Lopez' });
    await updated(user, 2, ['last_name', 'address']).expect(200);
    expect(await shown(customer.id)).toMatchObject({
      full_name: 'Ana Lopez',
      firstname: 'Ana',
      lastname: 'Lopez',
      phone: '+34600777888', // which the user does not have, and nobody changed there
    });

    change(user, { email: `new.${user.email}`, phone: '+34600999000' });
    await updated(user, 3, ['email', 'phone']).expect(200);
    expect(await shown(customer.id)).toMatchObject({ email: `new.${user.id}@example.com`, phone: '+34600999000' });
    expect((await saidOf(customer.id)).at(-1)).toMatchObject({
      name: 'customer.updated',
      sequence: 4,
      data: { fields_changed: ['email', 'phone'] },
    });
    change(user, { phone: null });
    await updated(user, 4, ['phone']).expect(200);
    expect(await shown(customer.id)).toMatchObject({ phone: null });
  });

  test('leaves a value that another record holds, moves the rest, and says so', async () => {
    const user = somebody();
    const { customer } = (await create(user).expect(201)).body;
    await admin.post('/api/customers', { full_name: 'Other', email: 'other@example.com' }).expect(201);
    change(user, { email: 'other@example.com', phone: '+34600121212' });
    await updated(user, 2, ['email', 'phone']).expect(200);
    expect(await shown(customer.id)).toMatchObject({ email: `${user.id}@example.com`, phone: '+34600121212' });
    expect((await saidOf(customer.id)).at(-1)?.data).toEqual({
      customer_id: customer.id,
      number: customer.number,
      fields_changed: ['phone'],
      fields_left: ['email'],
    });
    await updated(user, 3, ['email']).expect(200);
    expect(await saidOf(customer.id)).toHaveLength(2); // nothing moved: nothing said
  });

  test('of an older change than one that was heard is ignored, field by field', async () => {
    const user = somebody();
    const { customer } = (await create(user).expect(201)).body;
    change(user, { name: 'Newest Name', first_name: 'Newest', last_name: 'Name' });
    await updated(user, 5, ['first_name', 'last_name']).expect(200);
    change(user, { name: 'Stale Name', first_name: 'Stale', phone: '+34600343434' });
    await updated(user, 4, ['first_name', 'phone']).expect(200);
    expect(await shown(customer.id)).toMatchObject({ full_name: 'Newest Name', phone: '+34600343434' });
  });

  test('of what a profile does not follow asks nobody and changes nothing', async () => {
    const user = somebody();
    const { customer } = (await create(user).expect(201)).body;
    change(user, { name: 'Other Name' });
    await updated(user, 2, ['password', 'address']).expect(200);
    expect(auth.calls).toEqual([]);
    expect(await shown(customer.id)).toEqual(customer);
  });

  test('rebuilds a name that was built, and reaches a customer that staff linked', async () => {
    const user = somebody({ role: 'viewer' });
    const { customer } = (
      await admin.post('/api/customers', { firstname: 'Ana', lastname: 'Perez', user_id: user.id }).expect(201)
    ).body;
    change(user, { name: 'Eva Perez', first_name: 'Eva' });
    await updated(user, 2, ['first_name']).expect(200);
    expect(await shown(customer.id)).toMatchObject({ full_name: 'Eva Perez', firstname: 'Eva', lastname: 'Perez' });
    await admin.patch(`/api/customers/${customer.id}`, { lastname: 'Ruiz' }).expect(200);
    expect(await shown(customer.id)).toMatchObject({ full_name: 'Eva Ruiz' });
  });

  test('leaves a deleted customer as it is', async () => {
    const user = somebody();
    const { customer } = (await create(user).expect(201)).body;
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    change(user, { name: 'Late Name' });
    await updated(user, 2, ['first_name']).expect(200);
    expect(await shown(customer.id)).toMatchObject({ full_name: 'Ana Perez' });
  });

  test('makes a profile for somebody who became a customer', async () => {
    const user = somebody({ role: 'viewer' });
    await registered(user).expect(200);
    change(user, { role: 'customer' });
    await updated(user, 2, ['role']).expect(200);
    expect(await profiles(user)).toMatchObject([{ full_name: 'Ana Perez', email: user.email }]);
  });
});
