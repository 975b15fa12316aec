import { randomUUID } from 'node:crypto';
import { outsideServices } from '@clientela/contracts';
import { isInternal } from '@clientela/http';
import { stubServer, type TestUser, type StubServer } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../app.ts';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';
import { createProfileClient } from './customer-profiles.ts';
import type { User } from './schema.ts';

let auth: TestAuth;
let customer: StubServer;
let admin: TestUser;
let company: { id: string; key: string };

beforeAll(async () => {
  customer = await stubServer('customer');
  auth = await createTestAuth({ createProfile: createProfileClient(customer.client) });
  const { user, client } = await auth.register();
  admin = client;
  company = { id: user.business_id ?? '', key: user.company_id ?? '' };
  await admin.put(`/api/v1/companies/${company.key}`, { open_registration: true }).expect(200);
});
afterAll(() => Promise.all([auth.close(), customer.close()]));
beforeEach(() => {
  customer.calls.length = 0;
  customer.respond(() => ({ status: 201 }));
});

const newUser = (values: object = {}) => ({
  email: `${randomUUID()}@example.com`,
  username: `u-${randomUUID().slice(0, 8)}`,
  password: 'a good password',
  first_name: 'Ana',
  last_name: 'Perez',
  ...values,
});
const join = (values: object = {}) =>
  auth.anonymous().post('/auth/register', newUser({ company_id: company.key, ...values }));
const eventsOf = async (user: User) =>
  (await auth.events('user.registered')).filter(({ data }) => data['user_id'] === user.id);

describe('a profile', () => {
  test('is created at once when a customer registers, with the customer as actor', async () => {
    const { user } = (await join({ phone: '600 111 222' }).expect(201)).body as { user: User };
    expect(customer.calls).toMatchObject([
      {
        method: 'POST',
        path: '/api/customers/internal/create',
        headers: { 'x-user-id': user.id, 'x-user-role': 'customer', 'x-company-id': company.id },
        body: {
          user_id: user.id,
          business_id: company.id,
          email: user.email,
          full_name: 'Ana Perez',
          phone: '+34600111222',
        },
      },
    ]);
    expect(await eventsOf(user)).toMatchObject([{ data: { user_id: user.id, role: 'customer' } }]);
  });

  test('is created when an admin creates a customer, with the admin as actor; staff and founders have none', async () => {
    const { body: user } = await admin.post('/api/v1/users', newUser()).expect(201);
    expect(customer.calls).toMatchObject([{ headers: { 'x-user-id': admin.user_id }, body: { user_id: user.id } }]);
    await admin.post('/api/v1/users', newUser({ role: 'viewer' })).expect(201);
    await auth.register();
    expect(customer.calls).toHaveLength(1);
  });

  test.each([
    ['hangs up', () => undefined],
    ['is shedding', () => ({ status: 503 })],
    ['refuses', () => ({ status: 422 })],
    ['fails', () => ({ status: 500 })],
  ])('is left to the event when the customer service %s; the registration succeeds', async (_how, response) => {
    customer.respond(response);
    const { user } = (await join().expect(201)).body as { user: User };
    expect(customer.calls).toHaveLength(1);
    expect(await eventsOf(user)).toHaveLength(1);
  });

  test('is not created when the registration fails', async () => {
    const { user } = (await join().expect(201)).body as { user: User };
    await join({ email: user.email }).expect(409);
    await join({ company_id: 'COMP-999999' }).expect(403);
    expect(customer.calls).toHaveLength(1);
  });

  test('truncates a long name to the maximum length', async () => {
    await join({ first_name: 'A'.repeat(250), last_name: '😀'.repeat(250) }).expect(201);
    const [full_name = ''] = customer.calls.map(({ body }) => (body as { full_name: string }).full_name);
    expect([...full_name]).toHaveLength(255);
    expect(full_name.isWellFormed()).toBe(true);
  });
});

describe('GET /internal/users/{id}', () => {
  test('returns a user’s current values to the customer service', async () => {
    const { body: user } = await admin
      .post('/api/v1/users', newUser({ phone: '600333444', role: 'viewer' }))
      .expect(201);
    const at = `/internal/users/${user.id}`;
    const expected = {
      id: user.id,
      active: true,
      role: 'viewer',
      business_id: company.id,
      name: 'Ana Perez',
      first_name: 'Ana',
      last_name: 'Perez',
      email: user.email,
      phone: '+34600333444',
      name_changed_at: null,
      phone_changed_at: null,
    };
    expect((await auth.callingService('customer').get(at).expect(200)).body).toEqual(expected);
    await admin.delete(`/api/v1/users/${user.id}`).expect(200);
    expect((await auth.callingService('customer').get(at).expect(200)).body).toEqual({ ...expected, active: false });
    await admin.delete(`/api/v1/users/${user.id}?hard_delete=true`).expect(200);
    await auth.callingService('customer').get(at).expect(404);
  });

  test.each(outsideServices)(
    'returns no name, e-mail or phone to %s, which finds every other route closed',
    async (name) => {
      const outside = auth.callingService(name);
      const { body } = await outside
        .get(`/internal/users/${admin.user_id}`)
        .set('X-User-Role', 'superuser')
        .expect(200);
      expect(body).toEqual({ id: admin.user_id, active: true, role: 'admin', business_id: company.id });
      const opened = new Set(['/internal/users/{user_id}', '/internal/companies/{key}']);
      const declared = routes({} as never).filter(({ path }) => !opened.has(path));
      expect(declared.some(isInternal)).toBe(true);
      for (const { method, path } of declared) {
        const target = path.replaceAll(/\{\w+\}/g, randomUUID());
        expect((await outside[method](target)).status, `${method} ${path}`).toBe(403);
      }
    },
  );

  test('is available to the customer service and, in part, to outside services only', async () => {
    for (const client of [
      admin,
      auth.anonymous(),
      auth.callingService('interaction'),
      auth.callingService('favorites'),
    ]) {
      await client.get(`/internal/users/${admin.user_id}`).expect(403);
    }
    await auth.callingService('customer').get('/internal/users/nobody').expect(400);
  });
});
