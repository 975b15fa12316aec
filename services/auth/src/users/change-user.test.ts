import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import type { User } from '../accounts/schema.ts';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth).extend('root', { scope: 'file' }, ({ service }) => service.user('superuser'));

const path = '/api/v1/users';
const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();
const at = ({ id }: { id: string }) => `${path}/${id}`;

async function addUser(
  service: TestAuth,
  admin: TestUser,
  body: object = {},
): Promise<{ user: User; client: TestUser }> {
  const response = await admin.post(path, { email: newEmail(), password, ...body }).expect(201);
  const user = response.body as User;
  return { user, client: service.user(user.role, { id: user.business_id ?? '' }, user.id) };
}

const storedUser = (service: TestAuth, user: User) => service.database.owner('users').where({ id: user.id }).first();
const signIn = (service: TestAuth, email: string, secret = password) =>
  service.anonymous().post('/auth/login', { email, password: secret });
const countLiveSessions = async (service: TestAuth, user: User) =>
  (await service.database.owner('sessions').where({ user_id: user.id }).whereNull('ended_at')).length;
const eventsOf = async (service: TestAuth, user: User) =>
  (await service.events())
    .filter(({ data }) => data['user_id'] === user.id)
    .map(({ name, sequence, data }) => ({ name, sequence, data }));
const auditEntries = async (
  service: TestAuth,
  user: User,
): Promise<{ action: string; fields: string[]; ip: string | null }[]> =>
  service.database.owner('audit_logs').select('action', 'fields', 'ip').where({ resource_id: user.id }).orderBy('id');

describe('an admin', () => {
  test('changes the allowed fields of a user and nothing else', async ({ service }) => {
    const { client } = await service.register();
    const { user } = await addUser(service, client, { first_name: 'Old', last_name: 'Name' });
    const email = newEmail();
    const username = `u_${randomUUID().slice(0, 8)}`;
    const { body, headers } = await client
      .put(at(user), { first_name: 'Updated Name', phone: '+9876543210', email, username, last_name: null })
      .expect(200);
    expect(body).toEqual({
      ...user,
      first_name: 'Updated Name',
      last_name: null,
      phone: '+9876543210',
      email,
      username,
      updated_at: expect.any(String),
      version: 2,
    });
    expect(headers['etag']).toBe('"2"');
    const [, changed] = await eventsOf(service, user);
    expect(changed).toMatchObject({ name: 'user.updated', sequence: 2 });
    const fields_changed = changed?.data['fields_changed'] as string[] | undefined;
    expect(fields_changed?.toSorted()).toEqual(['email', 'first_name', 'last_name', 'phone', 'username']);
    const { body: found } = await client.get(`${path}?search=${username}`).expect(200);
    expect(found.total).toBe(1);
    await signIn(service, email).expect(200);
  });

  test('sends an unchanged record back, with either alias of active, without effect', async ({ service }) => {
    const { client } = await service.register();
    const { user } = await addUser(service, client);
    for (const same of [user, { ...user, active: true }, { active: true }, { is_active: true }, {}]) {
      const { body, headers } = await client.put(at(user), same).expect(200);
      expect(body).toEqual(user);
      expect(headers['etag']).toBe('"1"');
    }
    expect(await eventsOf(service, user)).toHaveLength(1);
    expect(paths((await client.put(at(user), { active: true, is_active: false }).expect(422)).body)).toEqual([
      'active',
    ]);
  });

  test('deactivates a user, which revokes sessions and publishes events, and reactivates it', async ({ service }) => {
    const { client } = await service.register();
    for (const name of ['active', 'is_active']) {
      const { user } = await addUser(service, client);
      await signIn(service, user.email).expect(200);
      expect(await countLiveSessions(service, user)).toBe(1);
      expect((await client.put(at(user), { [name]: false }).expect(200)).body.is_active).toBe(false);
      expect(await countLiveSessions(service, user)).toBe(0);
      await signIn(service, user.email).expect(401);
      expect((await eventsOf(service, user)).slice(1)).toEqual([
        { name: 'user.updated', sequence: 2, data: { user_id: user.id, fields_changed: ['is_active'] } },
        { name: 'session.revoked', sequence: 2, data: { user_id: user.id, sessions: 1 } },
      ]);
      await client.put(at(user), { [name]: true }).expect(200);
      await signIn(service, user.email).expect(200);
    }
  });

  test('changes role or password, which revokes sessions and is audited by its own action with the address', async ({
    service,
  }) => {
    const { client } = await service.register();
    const { user } = await addUser(service, client);
    await signIn(service, user.email).expect(200);
    expect((await client.put(at(user), { role: 'manager' }).expect(200)).body).toMatchObject({
      role: 'manager',
      is_staff: true,
    });
    expect(await countLiveSessions(service, user)).toBe(0);
    await signIn(service, user.email).expect(200);
    await client.put(at(user), { password: 'another horse battery', first_name: 'New' }).expect(200);
    expect(await countLiveSessions(service, user)).toBe(0);
    await signIn(service, user.email).expect(401);
    await signIn(service, user.email, 'another horse battery').expect(200);
    const entries = (await auditEntries(service, user)).filter(({ action }) => action.startsWith('user.'));
    expect(entries).toEqual([
      { action: 'user.registered', fields: [], ip: null },
      { action: 'user.role.changed', fields: ['role'], ip: '192.0.2.7' },
      { action: 'user.updated', fields: ['first_name'], ip: null },
      { action: 'user.password.changed', fields: ['password'], ip: '192.0.2.7' },
    ]);
    for (const weak of ['password123', user.email, 'short']) {
      expect(paths((await client.put(at(user), { password: weak }).expect(422)).body)).toEqual(['password']);
    }
  });

  test('grants no role above their own and cannot change a superuser', async ({ service, root }) => {
    const { client } = await service.register();
    const { user } = await addUser(service, client);
    await client.put(at(user), { role: 'superuser' }).expect(403);
    expect(paths((await root.put(at(user), { role: 'superuser' }).expect(422)).body)).toEqual(['role']);
    const { user: higher } = await addUser(service, root, { role: 'superuser' });
    await client.put(at(higher), { password: 'another horse battery' }).expect(404);
    expect(paths((await root.put(at(higher), { role: 'admin' }).expect(422)).body)).toEqual(['role']);
    expect(await eventsOf(service, user)).toHaveLength(1);
  });

  test('cannot change a user’s company or any read-only field', async ({ service, root }) => {
    const { client } = await service.register();
    const { user: other } = await service.register();
    const { user } = await addUser(service, client);
    const readOnly = { company_id: other.company_id, business_id: other.business_id, id: other.id, is_superuser: true };
    for (const actor of [client, root]) {
      expect(paths((await actor.put(at(user), { first_name: 'X', ...readOnly }).expect(422)).body)).toEqual([
        'business_id',
        'company_id',
        'id',
        'is_superuser',
      ]);
    }
    expect(paths((await client.put(at(user), { nothing: 1, __proto__x: 1 }).expect(422)).body)).toEqual([
      '__proto__x',
      'nothing',
    ]);
    expect((await client.get(at(user))).body).toEqual(user);
  });

  test('gets a 409 for a duplicate e-mail and a 412 for an outdated version', async ({ service }) => {
    const { user: admin, client } = await service.register();
    const { user } = await addUser(service, client);
    const { body } = await client.put(at(user), { email: admin.email }).expect(409);
    expect(body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', existing: { id: admin.id } });
    await client.put(at(user), { first_name: 'One' }).set('If-Match', '"1"').expect(200);
    await client.put(at(user), { first_name: 'Two' }).set('If-Match', '"1"').expect(412);
    await client.delete(at(user)).set('If-Match', '"1"').expect(412);
    expect((await storedUser(service, user)).first_name).toBe('One');
  });
});

test('users change the fields of /auth/me in their own record; other fields return a 403 that names them', async ({
  service,
}) => {
  const { client } = await service.register();
  for (const role of ['customer', 'viewer', 'manager']) {
    const { user, client: self } = await addUser(service, client, { role });
    const ownChanges = { name: 'Eva Luz', address: 'Street 1', phone: '600 123 123' };
    const { body } = await self.put(`${path}/${user.unique_id}`, ownChanges).expect(200);
    expect(body).toMatchObject({ first_name: 'Eva', last_name: 'Luz', phone: '+34600123123' });
    await self.put(at(user), body).expect(200);
    for (const [field, value] of Object.entries({
      role: 'admin',
      email: newEmail(),
      username: 'other',
      active: false,
      password,
    })) {
      const expectRejected = await self.put(at(user), { first_name: 'X', [field]: value }).expect(403);
      expect(paths(expectRejected.body)).toEqual([field === 'active' ? 'is_active' : field]);
    }
    expect((await self.get(at(user)).expect(200)).body).toEqual(body);
    const { user: other } = await addUser(service, client);
    await self.put(at(other), { first_name: 'X' }).expect(404);
    await self.delete(at(user)).expect(403);
  }
});

describe('deleting', () => {
  test('deactivates once; hard_delete deletes the record', async ({ service }) => {
    const { client } = await service.register();
    const { user } = await addUser(service, client);
    await signIn(service, user.email).expect(200);
    expect((await client.delete(at(user)).expect(200)).body).toEqual({ message: 'User deactivated', api_keys: [] });
    expect(await countLiveSessions(service, user)).toBe(0);
    await signIn(service, user.email).expect(401);
    await client.delete(at(user)).expect(200);
    expect((await client.get(at(user)).expect(200)).body.is_active).toBe(false);
    const removed = await client.delete(`${at(user)}?hard_delete=true`).expect(200);
    expect(removed.body).toEqual({ message: 'User removed', api_keys: [] });
    await client.get(at(user)).expect(404);
    await client.delete(at(user)).expect(404);
    const deletions = (await eventsOf(service, user)).filter(({ name }) => name === 'user.deleted');
    expect(deletions).toEqual([
      { name: 'user.deleted', sequence: 2, data: { user_id: user.id, hard: false } },
      { name: 'user.deleted', sequence: 3, data: { user_id: user.id, hard: true } },
    ]);
    await addUser(service, client, { email: user.email });
    expect((await auditEntries(service, user)).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['user.deactivated', 'user.deleted']),
    );
  });

  test('never leaves a company without an active admin, by any route', async ({ service, root }) => {
    const { user, client } = await service.register();
    const attempts = [
      () => client.put(at(user), { active: false }),
      () => client.put(at(user), { role: 'manager' }),
      () => client.delete(at(user)),
      () => client.delete(`${at(user)}?hard_delete=true`),
      () => root.put(at(user), { role: 'customer' }),
      () => root.delete(at(user)),
    ];
    const expectRejected = async () => {
      for (const attempt of attempts) expect((await attempt().expect(409)).body.error_code).toBe('LAST_ADMIN');
    };
    await expectRejected();
    const { user: second } = await addUser(service, client, { role: 'admin' });
    await client.put(at(second), { active: false }).expect(200);
    await expectRejected(); // an inactive admin does not count
    expect((await storedUser(service, user)).version).toBe(1);
    await client.put(at(second), { active: true }).expect(200);
    await client.put(at(user), { role: 'manager' }).expect(200);
  });

  test('never leaves the installation without an active superuser', async ({ service }) => {
    await service.database.owner('users').where({ role: 'superuser' }).delete();
    const last = service.user('superuser');
    const own = `${path}/${last.user_id}`;
    expect((await last.delete(own).expect(409)).body.error_code).toBe('LAST_SUPERUSER');
    await addUser(service, last, { role: 'superuser' });
    await last.delete(own).expect(200);
  });
});

test('two admins that demote each other concurrently leave one admin', async () => {
  const pooled = await createTestAuth({ pool: 10 });
  try {
    for (let round = 0; round < 5; round += 1) {
      const { user: first, client } = await pooled.register();
      const body = { email: newEmail(), password, role: 'admin' };
      const second = (await client.post(path, body).expect(201)).body as User;
      const other = pooled.user('admin', { id: first.business_id ?? '' }, second.id);
      const responses = await Promise.all([
        client.put(at(second), { role: 'viewer' }),
        other.put(at(first), { role: 'viewer' }),
        other.delete(at(first)),
      ]);
      // The one that comes later is rejected: it removes the last admin, or is no admin any more.
      expect(responses.some(({ status }) => status === 409 || status === 401)).toBe(true);
      const admins = await pooled.database
        .owner('users')
        .where({ company_id: first.business_id, role: 'admin', is_active: true });
      expect(admins).toHaveLength(1);
    }
  } finally {
    await pooled.close();
  }
});

test('a hard delete redacts the stored response about the user; a repeat is a 404 and has no effect', async ({
  service,
}) => {
  const { client } = await service.register();
  const email = `${randomUUID()}@example.com`;
  const create = () =>
    client
      .post('/api/v1/users', { email, password: 'correct horse battery', first_name: 'Eva', role: 'viewer' })
      .set('Idempotency-Key', email);
  const { body: user } = await create().expect(201);
  const stored = async () => JSON.stringify(await service.database.owner('idempotency_keys'));
  expect(await stored()).toContain(email);
  await client.delete(`/api/v1/users/${user.id}?hard_delete=true`).expect(200);
  expect(await stored()).not.toMatch(new RegExp(`${email}|${user.id}`));
  expect((await create().expect(404)).body.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
  await client.get(`/api/v1/users/${user.id}`).expect(404);
});
