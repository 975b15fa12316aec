import { randomUUID } from 'node:crypto';
import type { TestUser } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../accounts/schema.ts';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;
let root: TestUser;
const profiles: { id: string }[] = [];

beforeAll(async () => {
  auth = await authUnderTest({
    make_profile: async (user) => {
      profiles.push(user);
    },
  });
  root = auth.user('superuser');
});
afterAll(() => auth.close());

const path = '/api/v1/users';
const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();
const stripped = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });

async function added(admin: TestUser, body: object = {}): Promise<{ user: User; caller: TestUser }> {
  const answer = await admin.post(path, { email: newEmail(), password, ...body }).expect(201);
  const user = answer.body as User;
  return { user, caller: auth.user(user.role, { id: user.business_id ?? '' }, user.id) };
}

describe('a new user', () => {
  test('is answered bare, belongs to its maker’s company, and is said without a personal value', async () => {
    const { user: maker, caller } = await auth.registered();
    const email = newEmail();
    const given = {
      username: `john_${randomUUID().slice(0, 8)}`,
      email,
      password,
      first_name: 'John',
      last_name: 'Doe',
      phone: '600 123 123',
      address: '123 Main St',
      number_document_identity: '123.456-789',
      document_type: 'Passport',
      company_id: maker.company_id,
    };
    const { body, headers } = await caller.post(path, given).expect(201);
    const { password: _, ...shown } = given;
    expect(body).toEqual({
      ...shown,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      unique_id: expect.stringMatching(/^USER-\d{8,}$/),
      phone: '+34600123123',
      number_document_identity: '123456789',
      document_type: 'passport',
      is_active: true,
      is_staff: false,
      is_superuser: false,
      business_id: maker.business_id,
      role: 'customer',
      last_login: null,
      date_joined: expect.any(String),
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(headers['etag']).toBe('"1"');
    const said = (await auth.events('user.registered')).at(-1);
    expect(said).toMatchObject({ company_id: maker.business_id, actor_id: maker.id, sequence: 1 });
    expect(said?.data).toEqual({ user_id: body.id, role: 'customer' });
    expect(profiles.at(-1)?.id).toBe(body.id);
    await auth.anonymous().post('/auth/login', { email, password }).expect(200);
    const trail = await auth.database.owner('audit_logs').where({ resource_id: body.id, action: 'user.registered' });
    expect(trail).toMatchObject([{ actor_id: maker.id, company_id: maker.business_id, result: 'done' }]);
  });

  test('gets no role above its maker’s', async () => {
    const { caller } = await auth.registered();
    for (const role of ['customer', 'viewer', 'manager', 'admin']) {
      expect((await added(caller, { role })).user).toMatchObject({ role, is_staff: role !== 'customer' });
    }
    await caller.post(path, { email: newEmail(), password, role: 'superuser' }).expect(403);
    const { caller: manager } = await added(caller, { role: 'manager' });
    await manager.post(path, { email: newEmail(), password }).expect(403);
  });

  test('is never of another’s company: a 403, alike whether it exists or not', async () => {
    const { user, caller } = await auth.registered();
    const other = await auth.registered();
    const refused = (company_id: string) => caller.post(path, { email: newEmail(), password, company_id }).expect(403);
    const existing = stripped(await refused(other.user.company_id ?? ''));
    for (const id of [other.user.business_id ?? '', randomUUID(), 'COMP-999999']) {
      expect(stripped(await refused(id))).toEqual(existing);
    }
    for (const company_id of [user.business_id, user.company_id?.toLowerCase()]) await added(caller, { company_id });
  });

  test('of a superuser is of the company that the body names', async () => {
    const { user } = await auth.registered();
    for (const company_id of [user.company_id, user.business_id]) {
      expect((await added(root, { company_id, role: 'admin' })).user.business_id).toBe(user.business_id);
    }
    for (const company_id of [undefined, null, randomUUID(), 'COMP-999999']) {
      const { body } = await root.post(path, { email: newEmail(), password, company_id }).expect(422);
      expect(paths(body)).toEqual(['company_id']);
    }
    expect((await added(root, { role: 'superuser' })).user).toMatchObject({ company_id: null, is_superuser: true });
    const both = { email: newEmail(), password, role: 'superuser', company_id: user.company_id };
    expect(paths((await root.post(path, both).expect(422)).body)).toEqual(['company_id']);
  });

  test('with a taken value is a 409 that names the field, and shows the other to those who may see it', async () => {
    const { user, caller } = await auth.registered();
    const { caller: stranger } = await auth.registered();
    const taken = (by: TestUser, body: object) => by.post(path, { email: newEmail(), password, ...body }).expect(409);
    const { body } = await taken(caller, { email: user.email.toUpperCase() });
    expect(body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', existing: { id: user.id } });
    expect((await taken(caller, { username: user.username.toUpperCase() })).body.error_code).toBe(
      'USER_USERNAME_TAKEN',
    );
    expect((await taken(stranger, { email: user.email })).body).not.toHaveProperty('existing');
  });

  test('with bad fields is a 422 that names each', async () => {
    const { caller } = await auth.registered();
    const bad = {
      email: 'x',
      password: 'short',
      username: 'a b',
      phone: '1',
      role: 'king',
      is_staff: true,
      first_name: '\u0000',
    };
    expect(paths((await caller.post(path, bad).expect(422)).body)).toEqual([
      'email',
      'first_name',
      'is_staff',
      'password',
      'phone',
      'role',
      'username',
    ]);
    const wrong = { email: newEmail(), password, document_type: 'cpf', number_document_identity: '11144477736' };
    expect(paths((await caller.post(path, wrong).expect(422)).body)).toEqual(['number_document_identity']);
    const named = { email: newEmail(), password: 'john doe', first_name: 'John', last_name: 'Doe' };
    expect(paths((await caller.post(path, named).expect(422)).body)).toEqual(['password']);
  });
});

describe('the list', () => {
  test('shows one’s own company by limit and offset, the newest first', async () => {
    const { user, caller } = await auth.registered();
    const made = [user];
    for (const role of ['customer', 'viewer', 'customer']) made.unshift((await added(caller, { role })).user);
    const listed = ({ id, unique_id, username, first_name, last_name, email, role, is_active, company_id }: User) => ({
      id,
      unique_id,
      username,
      first_name,
      last_name,
      email,
      role,
      is_active,
      company_id,
    });
    const { body } = await caller.get(path).expect(200);
    expect(body).toEqual({ users: made.map(listed), total: 4, limit: 20, offset: 0 });
    const page = await caller.get(`${path}?limit=2&offset=1`).expect(200);
    expect(page.body).toEqual({ users: made.slice(1, 3).map(listed), total: 4, limit: 2, offset: 1 });
    expect((await caller.get(`${path}?offset=100`).expect(200)).body).toMatchObject({ users: [], total: 4 });
    for (const wrong of [
      'limit=0',
      'limit=101',
      'limit=x',
      'offset=-1',
      'page=1',
      'role=king',
      'is_active=maybe',
      'search=a',
    ]) {
      await caller.get(`${path}?${wrong}`).expect(422);
    }
  });

  test('is filtered by role and state, and searched without regard to case and accents', async () => {
    const { caller } = await auth.registered({ name: 'Root Admin' });
    const { user: jose } = await added(caller, {
      first_name: 'José',
      last_name: 'Núñez',
      phone: '600 777 888',
      role: 'viewer',
    });
    const { user: gone } = await added(caller, {
      first_name: '100%',
      last_name: 'Sure',
      username: `x_${randomUUID().slice(0, 8)}`,
    });
    await caller.delete(`${path}/${gone.id}`).expect(200);
    const found = async (query: string) => {
      const { body } = await caller.get(`${path}?${query}`).expect(200);
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
    for (const query of ['is_active=false', 'search=100%25', `search=${gone.username}`])
      expect(await found(query)).toEqual([gone.id]);
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

  test('of a superuser is of all companies, or of the one it names; nobody else names another’s', async () => {
    const { user, caller } = await auth.registered();
    const other = await auth.registered();
    expect((await root.get(`${path}?limit=1`).expect(200)).body.total).toBeGreaterThan(2);
    for (const key of [user.company_id, user.business_id]) {
      expect((await root.get(`${path}?company_id=${key}`).expect(200)).body.users).toMatchObject([{ id: user.id }]);
      expect((await caller.get(`${path}?company_id=${key}`).expect(200)).body.total).toBe(1);
    }
    await root.get(`${path}?company_id=COMP-999999`).expect(422);
    const existing = stripped(await caller.get(`${path}?company_id=${other.user.company_id}`).expect(403));
    expect(stripped(await caller.get(`${path}?company_id=COMP-999999`).expect(403))).toEqual(existing);
  });

  test('is of managers and admins', async () => {
    const { caller } = await auth.registered();
    for (const [role, status] of [
      ['manager', 200],
      ['viewer', 403],
      ['customer', 403],
    ] as const) {
      expect((await (await added(caller, { role })).caller.get(path)).status, role).toBe(status);
    }
    await auth.anonymous().get(path).expect(401);
  });
});

describe('one user', () => {
  test('is read by id or number, with its version', async () => {
    const { user, caller } = await auth.registered();
    for (const key of [user.id, user.id.toUpperCase(), user.unique_id, user.unique_id.toLowerCase()]) {
      const { body, headers } = await caller.get(`${path}/${key}`).expect(200);
      expect(body).toEqual(user);
      expect(headers['etag']).toBe('"1"');
    }
    await caller.get(`${path}/${user.id}`).set('If-None-Match', '"1"').expect(200);
    for (const malformed of ['1', 'USER-', 'USER-1x', '%00', 'null', `${user.id}x`]) {
      await caller.get(`${path}/${malformed}`).expect(400);
    }
  });

  test('of another company is the 404 of an unknown one, on every verb and to the byte', async () => {
    const { user } = await auth.registered();
    const { caller } = await auth.registered();
    const before = await auth.database.owner('users').where({ id: user.id }).first();
    for (const verb of ['get', 'put', 'delete'] as const) {
      const call = (key: string) => caller[verb](`${path}/${key}`, verb === 'put' ? { first_name: 'X' } : undefined);
      const unknown = stripped(await call(randomUUID()).expect(404));
      expect(unknown).toMatchObject({ error_code: 'USER_NOT_FOUND' });
      for (const key of [user.id, user.unique_id, 'USER-99999999']) expect(stripped(await call(key))).toEqual(unknown);
    }
    expect(await auth.database.owner('users').where({ id: user.id }).first()).toEqual(before);
    expect((await root.get(`${path}/${user.unique_id}`).expect(200)).body).toEqual(user);
  });

  test('reads itself whatever its role; others only with users:read', async () => {
    const { user: admin, caller } = await auth.registered();
    for (const [role, status] of [
      ['manager', 200],
      ['viewer', 404],
      ['customer', 404],
    ] as const) {
      const { user, caller: self } = await added(caller, { role });
      expect((await self.get(`${path}/${user.id}`).expect(200)).body).toEqual(user);
      await self.get(`${path}/${user.unique_id}`).expect(200);
      expect((await self.get(`${path}/${admin.id}`)).status).toBe(status);
    }
  });
});
