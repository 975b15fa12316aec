import { randomUUID } from 'node:crypto';
import { permissionsOf } from '@clientela/contracts';
import { serviceTest, digitsOfLetters, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import type { User } from '../accounts/schema.ts';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

const profiles: { id: string }[] = [];

const test = serviceTest(() =>
  createTestAuth({
    createProfile: async (user) => {
      profiles.push(user);
    },
  }),
).extend('root', { scope: 'file' }, ({ service }) => service.user('superuser'));

const path = '/api/v1/users';
const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();
const withoutVolatile = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });

async function addUser(
  service: TestAuth,
  admin: TestUser,
  body: object = {},
): Promise<{ user: User; client: TestUser }> {
  const response = await admin.post(path, { email: newEmail(), password, ...body }).expect(201);
  const user = response.body as User;
  return { user, client: service.user(user.role, { id: user.business_id ?? '' }, user.id) };
}

describe('a new user', () => {
  test('is returned without an envelope, belongs to the creator’s company; the event omits personal data', async ({
    service,
  }) => {
    const { user: creator, client } = await service.register();
    const email = newEmail();
    const input = {
      username: `john_${randomUUID().slice(0, 8)}`,
      email,
      password,
      first_name: 'John',
      last_name: 'Doe',
      phone: '600 123 123',
      address: '123 Main St',
      number_document_identity: '123.456-789',
      document_type: 'Passport',
      company_id: creator.company_id,
    };
    const { body, headers } = await client.post(path, input).expect(201);
    const { password: _, ...visible } = input;
    expect(body).toEqual({
      ...visible,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      unique_id: expect.stringMatching(/^USER-\d{8,}$/),
      phone: '+34600123123',
      number_document_identity: '123456789',
      document_type: 'passport',
      is_active: true,
      is_staff: false,
      is_superuser: false,
      business_id: creator.business_id,
      role: 'customer',
      permissions: permissionsOf('customer'),
      last_login: null,
      email_verified_at: null,
      identities: [],
      date_joined: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
      version: 1,
    });
    expect(headers['etag']).toBe('"1"');
    const event = (await service.events('user.registered')).at(-1);
    expect(event).toMatchObject({ company_id: creator.business_id, actor_id: creator.id, sequence: 1 });
    expect(event?.data).toEqual({ user_id: body.id, role: 'customer' });
    expect(profiles.at(-1)?.id).toBe(body.id);
    await service.anonymous().post('/auth/login', { email, password }).expect(200);
    const entries = await service.database
      .owner('audit_logs')
      .where({ resource_id: body.id, action: 'user.registered' });
    expect(entries).toMatchObject([{ actor_id: creator.id, company_id: creator.business_id, result: 'done' }]);
  });

  test('gets no role above the creator’s', async ({ service }) => {
    const { client } = await service.register();
    for (const role of ['customer', 'viewer', 'manager', 'admin']) {
      expect((await addUser(service, client, { role })).user).toMatchObject({ role, is_staff: role !== 'customer' });
    }
    await client.post(path, { email: newEmail(), password, role: 'superuser' }).expect(403);
    const { client: manager } = await addUser(service, client, { role: 'manager' });
    await manager.post(path, { email: newEmail(), password }).expect(403);
  });

  test('for another company returns the same 403 whether or not it exists', async ({ service }) => {
    const { user, client } = await service.register();
    const other = await service.register();
    const rejection = (company_id: string) =>
      client.post(path, { email: newEmail(), password, company_id }).expect(403);
    const existing = withoutVolatile(await rejection(other.user.company_id ?? ''));
    for (const id of [other.user.business_id ?? '', randomUUID(), 'COMP-999999']) {
      expect(withoutVolatile(await rejection(id))).toEqual(existing);
    }
    for (const company_id of [user.business_id, user.company_id?.toLowerCase()])
      await addUser(service, client, { company_id });
  });

  test('created by a superuser belongs to the company in the body', async ({ service, root }) => {
    const { user } = await service.register();
    for (const company_id of [user.company_id, user.business_id]) {
      expect((await addUser(service, root, { company_id, role: 'admin' })).user.business_id).toBe(user.business_id);
    }
    for (const company_id of [undefined, null, randomUUID(), 'COMP-999999']) {
      const { body } = await root.post(path, { email: newEmail(), password, company_id }).expect(422);
      expect(paths(body)).toEqual(['company_id']);
    }
    expect((await addUser(service, root, { role: 'superuser' })).user).toMatchObject({
      company_id: null,
      is_superuser: true,
    });
    const superuserWithCompany = { email: newEmail(), password, role: 'superuser', company_id: user.company_id };
    expect(paths((await root.post(path, superuserWithCompany).expect(422)).body)).toEqual(['company_id']);
  });

  test('with a duplicate value returns a 409 that names the field and shows the existing user to those who may see it', async ({
    service,
  }) => {
    const { user, client } = await service.register();
    const { client: stranger } = await service.register();
    const conflict = (actor: TestUser, body: object) =>
      actor.post(path, { email: newEmail(), password, ...body }).expect(409);
    const { body } = await conflict(client, { email: user.email.toUpperCase() });
    expect(body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', existing: { id: user.id, number: user.unique_id } });
    expect((await conflict(client, { username: user.username.toUpperCase() })).body.error_code).toBe(
      'USER_USERNAME_TAKEN',
    );
    expect((await conflict(stranger, { email: user.email })).body).not.toHaveProperty('existing');
  });

  test('with invalid fields returns a 422 that names each', async ({ service }) => {
    const { client } = await service.register();
    const invalid = {
      email: 'x',
      password: 'short',
      username: 'a b',
      phone: '1',
      role: 'king',
      is_staff: true,
      first_name: '\u0000',
    };
    expect(paths((await client.post(path, invalid).expect(422)).body)).toEqual([
      'email',
      'first_name',
      'is_staff',
      'password',
      'phone',
      'role',
      'username',
    ]);
    const invalidDocument = {
      email: newEmail(),
      password,
      document_type: 'cpf',
      number_document_identity: '11144477736',
    };
    expect(paths((await client.post(path, invalidDocument).expect(422)).body)).toEqual(['number_document_identity']);
    const nameAsPassword = { email: newEmail(), password: 'john doe', first_name: 'John', last_name: 'Doe' };
    expect(paths((await client.post(path, nameAsPassword).expect(422)).body)).toEqual(['password']);
  });
});

describe('the list', () => {
  test('shows the own company by limit and offset, newest first', async ({ service }) => {
    const { user, client } = await service.register();
    const created = [user];
    for (const role of ['customer', 'viewer', 'customer'])
      created.unshift((await addUser(service, client, { role })).user);
    const toListItem = ({
      id,
      unique_id,
      username,
      first_name,
      last_name,
      email,
      role,
      is_active,
      company_id,
      version,
    }: User) => ({
      id,
      unique_id,
      username,
      first_name,
      last_name,
      email,
      role,
      is_active,
      company_id,
      version,
    });
    const { body } = await client.get(path).expect(200);
    expect(body).toEqual({ users: created.map(toListItem), total: 4, limit: 20, offset: 0 });
    const page = await client.get(`${path}?limit=2&offset=1`).expect(200);
    expect(page.body).toEqual({ users: created.slice(1, 3).map(toListItem), total: 4, limit: 2, offset: 1 });
    expect((await client.get(`${path}?offset=100`).expect(200)).body).toMatchObject({ users: [], total: 4 });
    for (const invalidDocument of [
      'limit=0',
      'limit=101',
      'limit=x',
      'offset=-1',
      'page=1',
      'role=king',
      'is_active=maybe',
      'search=a',
    ]) {
      await client.get(`${path}?${invalidDocument}`).expect(422);
    }
  });

  test('filters by role and state, and searches ignoring case and accents', async ({ service }) => {
    const { client } = await service.register({ name: 'Root Admin' });
    const { user: jose } = await addUser(service, client, {
      first_name: 'José',
      last_name: 'Núñez',
      phone: '600 777 888',
      role: 'viewer',
    });
    const { user: inactive } = await addUser(service, client, {
      first_name: '100%',
      last_name: 'Sure',
      username: `x_${randomUUID().slice(0, 8)}`,
    });
    await client.delete(`${path}/${inactive.id}`).expect(200);
    const found = async (query: string) => {
      const { body } = await client.get(`${path}?${query}`).expect(200);
      expect(body.total).toBe(body.users.length);
      return (body.users as User[]).map(({ id }) => id);
    };
    for (const query of [
      'role=viewer',
      'search=JOSE',
      'search=jos%C3%A9%20nunez',
      'search=600777888',
      'search=600-777-888',
      `search=${jose.email}`,
      `search=${jose.unique_id.toLowerCase()}`,
      'search=jose&role=viewer&is_active=true',
    ]) {
      expect(await found(query), query).toEqual([jose.id]);
    }
    for (const query of ['is_active=false', 'search=100%25', `search=${inactive.username}`])
      expect(await found(query)).toEqual([inactive.id]);
    for (const query of [
      'search=nobody',
      'search=%25%25',
      'search=__',
      'search=jose&role=admin',
      "search='%20or%201=1--",
      'search=%CC%81%CC%81',
    ]) {
      expect(await found(query), query).toEqual([]);
    }
  });

  test('does not find letters of other scripts by digits or Latin letters', async ({ service }) => {
    const { client } = await service.register({ name: 'Root Admin' });
    const { user } = await addUser(service, client, { first_name: '김민준 สมชาย', last_name: '王小明 محمد' });
    const found = async (search: string) => {
      const { body } = await client.get(`${path}?search=${encodeURIComponent(search)}`).expect(200);
      return (body.users as User[]).map(({ id }) => id).includes(user.id);
    };
    const unexpected: string[] = [];
    // All letters: users.large.test.ts.
    for (const search of [...digitsOfLetters('민', 'م'), 'AAHDIL', '|aa'])
      if (await found(search)) unexpected.push(search);
    // Digits and letters of its own username, e-mail and number do find the user.
    const own = `${user.username} ${user.email} ${user.unique_id}`.toLowerCase();
    expect(unexpected.filter((search) => !own.includes(search))).toEqual([]);
    for (const search of ['민준', '王小明', 'ชาย', 'محمد'])
      expect([search, await found(search)]).toEqual([search, true]);
  });

  test('shows superusers all companies or the one they name; others cannot name another company', async ({
    service,
    root,
  }) => {
    const { user, client } = await service.register();
    const other = await service.register();
    expect((await root.get(`${path}?limit=1`).expect(200)).body.total).toBeGreaterThan(2);
    for (const key of [user.company_id, user.business_id]) {
      expect((await root.get(`${path}?company_id=${key}`).expect(200)).body.users).toMatchObject([{ id: user.id }]);
      expect((await client.get(`${path}?company_id=${key}`).expect(200)).body.total).toBe(1);
    }
    await root.get(`${path}?company_id=COMP-999999`).expect(422);
    const existing = withoutVolatile(await client.get(`${path}?company_id=${other.user.company_id}`).expect(403));
    expect(withoutVolatile(await client.get(`${path}?company_id=COMP-999999`).expect(403))).toEqual(existing);
  });

  test('is available to managers and admins', async ({ service }) => {
    const { client } = await service.register();
    for (const [role, status] of [
      ['manager', 200],
      ['viewer', 403],
      ['customer', 403],
    ] as const) {
      expect((await (await addUser(service, client, { role })).client.get(path)).status, role).toBe(status);
    }
    await service.anonymous().get(path).expect(401);
  });
});

describe('one user', () => {
  test('is found by id or number, with its version', async ({ service }) => {
    const { user, client } = await service.register();
    for (const key of [user.id, user.id.toUpperCase(), user.unique_id, user.unique_id.toLowerCase()]) {
      const { body, headers } = await client.get(`${path}/${key}`).expect(200);
      expect(body).toEqual(user);
      expect(headers['etag']).toBe('"1"');
    }
    await client.get(`${path}/${user.id}`).set('If-None-Match', '"1"').expect(200);
    for (const malformed of ['1', 'USER-', 'USER-1x', '%00', 'null', `${user.id}x`]) {
      await client.get(`${path}/${malformed}`).expect(400);
    }
  });

  test('of another company returns the same 404 as an unknown one, byte for byte, for every method', async ({
    service,
    root,
  }) => {
    const { user } = await service.register();
    const { client } = await service.register();
    const before = await service.database.owner('users').where({ id: user.id }).first();
    for (const verb of ['get', 'put', 'delete'] as const) {
      const call = (key: string) => client[verb](`${path}/${key}`, verb === 'put' ? { first_name: 'X' } : undefined);
      const unknown = withoutVolatile(await call(randomUUID()).expect(404));
      expect(unknown).toMatchObject({ error_code: 'USER_NOT_FOUND' });
      for (const key of [user.id, user.unique_id, 'USER-99999999'])
        expect(withoutVolatile(await call(key))).toEqual(unknown);
    }
    expect(await service.database.owner('users').where({ id: user.id }).first()).toEqual(before);
    expect((await root.get(`${path}/${user.unique_id}`).expect(200)).body).toEqual(user);
  });

  test('can read their own record in every role; other records require users:read', async ({ service }) => {
    const { user: admin, client } = await service.register();
    for (const [role, status] of [
      ['manager', 200],
      ['viewer', 404],
      ['customer', 404],
    ] as const) {
      const { user, client: self } = await addUser(service, client, { role });
      expect((await self.get(`${path}/${user.id}`).expect(200)).body).toEqual(user);
      await self.get(`${path}/${user.unique_id}`).expect(200);
      expect((await self.get(`${path}/${admin.id}`)).status).toBe(status);
    }
  });
});

describe('the words of users', () => {
  test('roles are taken in any case in bodies and queries, and answered in lower case', async ({ service }) => {
    const { client } = await service.register();
    const { user } = await addUser(service, client, { role: 'Manager' });
    expect(user.role).toBe('manager');
    expect((await client.put(`${path}/${user.id}`, { role: 'VIEWER' }).expect(200)).body.role).toBe('viewer');
    const { body } = await client.get(`${path}?role=Viewer`).expect(200);
    expect(body.users).toMatchObject([{ id: user.id, role: 'viewer' }]);
    expect((await client.get(`${path}?role=boss`).expect(422)).body.errors[0].message).toMatch(/^must be one of /);
  });

  test('?active= and ?is_active= are one filter, and must not differ', async ({ service }) => {
    const { user: admin, client } = await service.register();
    const { user } = await addUser(service, client);
    await client.delete(`${path}/${user.id}`).expect(200);
    const list = async (query: string) =>
      (await client.get(`${path}?${query}`).expect(200)).body.users.map(({ id }: User) => id);
    for (const query of ['active=false', 'is_active=0', 'active=FALSE&is_active=false'])
      expect(await list(query), query).toEqual([user.id]);
    expect(await list('active=1')).toEqual([admin.id]);
    const { body } = await client.get(`${path}?active=true&is_active=false`).expect(422);
    expect(body.errors).toEqual([{ path: 'active', message: 'must equal is_active' }]);
  });
});
