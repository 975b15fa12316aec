import { randomUUID } from 'node:crypto';
import type { TestUser } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../accounts/schema.ts';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;
let root: TestUser;

beforeAll(async () => {
  auth = await authUnderTest();
  root = auth.user('superuser');
});
afterAll(() => auth.close());

const path = '/api/v1/users';
const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();
const at = ({ id }: { id: string }) => `${path}/${id}`;

async function added(admin: TestUser, body: object = {}): Promise<{ user: User; caller: TestUser }> {
  const answer = await admin.post(path, { email: newEmail(), password, ...body }).expect(201);
  const user = answer.body as User;
  return { user, caller: auth.user(user.role, { id: user.business_id ?? '' }, user.id) };
}

const row = (user: User) => auth.database.owner('users').where({ id: user.id }).first();
const signIn = (email: string, secret = password) => auth.anonymous().post('/auth/login', { email, password: secret });
const live = async (user: User) =>
  (await auth.database.owner('sessions').where({ user_id: user.id }).whereNull('ended_at')).length;
const said = async (user: User) =>
  (await auth.events())
    .filter(({ data }) => data['user_id'] === user.id)
    .map(({ name, sequence, data }) => ({ name, sequence, data }));
const trail = async (user: User): Promise<{ action: string; fields: string[]; ip: string | null }[]> =>
  auth.database.owner('audit_logs').select('action', 'fields', 'ip').where({ resource_id: user.id }).orderBy('id');

describe('an admin', () => {
  test('changes what it may of a user; the answer is bare, and nothing else moves', async () => {
    const { caller } = await auth.registered();
    const { user } = await added(caller, { first_name: 'Old', last_name: 'Name' });
    const email = newEmail();
    const username = `u_${randomUUID().slice(0, 8)}`;
    const { body, headers } = await caller
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
    });
    expect(headers['etag']).toBe('"2"');
    const [, changed] = await said(user);
    expect(changed).toMatchObject({ name: 'user.updated', sequence: 2 });
    const fields_changed = changed?.data['fields_changed'] as string[] | undefined;
    expect(fields_changed?.toSorted()).toEqual(['email', 'first_name', 'last_name', 'phone', 'username']);
    const { body: found } = await caller.get(`${path}?search=${username}`).expect(200);
    expect(found.total).toBe(1);
    await signIn(email).expect(200);
  });

  test('sends the whole user back, by either name of active, and changes nothing', async () => {
    const { caller } = await auth.registered();
    const { user } = await added(caller);
    for (const same of [user, { ...user, active: true }, { active: true }, { is_active: true }, {}]) {
      const { body, headers } = await caller.put(at(user), same).expect(200);
      expect(body).toEqual(user);
      expect(headers['etag']).toBe('"1"');
    }
    expect(await said(user)).toHaveLength(1);
    expect(paths((await caller.put(at(user), { active: true, is_active: false }).expect(422)).body)).toEqual([
      'active',
    ]);
  });

  test('takes access away and gives it back: sessions end with it, and it is told', async () => {
    const { caller } = await auth.registered();
    for (const name of ['active', 'is_active']) {
      const { user } = await added(caller);
      await signIn(user.email).expect(200);
      expect(await live(user)).toBe(1);
      expect((await caller.put(at(user), { [name]: false }).expect(200)).body.is_active).toBe(false);
      expect(await live(user)).toBe(0);
      await signIn(user.email).expect(401);
      expect((await said(user)).slice(1)).toEqual([
        { name: 'user.updated', sequence: 2, data: { user_id: user.id, fields_changed: ['is_active'] } },
        { name: 'session.revoked', sequence: 2, data: { user_id: user.id, sessions: 1 } },
      ]);
      await caller.put(at(user), { [name]: true }).expect(200);
      await signIn(user.email).expect(200);
    }
  });

  test('gives a new role or password: sessions end, and the trail tells them apart with the address', async () => {
    const { caller } = await auth.registered();
    const { user } = await added(caller);
    await signIn(user.email).expect(200);
    expect((await caller.put(at(user), { role: 'manager' }).expect(200)).body).toMatchObject({
      role: 'manager',
      is_staff: true,
    });
    expect(await live(user)).toBe(0);
    await signIn(user.email).expect(200);
    await caller.put(at(user), { password: 'another horse battery', first_name: 'New' }).expect(200);
    expect(await live(user)).toBe(0);
    await signIn(user.email).expect(401);
    await signIn(user.email, 'another horse battery').expect(200);
    const lines = (await trail(user)).filter(({ action }) => action.startsWith('user.'));
    expect(lines).toEqual([
      { action: 'user.registered', fields: [], ip: null },
      { action: 'user.role.changed', fields: ['role'], ip: '192.0.2.7' },
      { action: 'user.updated', fields: ['first_name'], ip: null },
      { action: 'user.password.changed', fields: ['password'], ip: '192.0.2.7' },
    ]);
    for (const weak of ['password123', user.email, 'short']) {
      expect(paths((await caller.put(at(user), { password: weak }).expect(422)).body)).toEqual(['password']);
    }
  });

  test('grants nothing above itself, and changes no superuser', async () => {
    const { caller } = await auth.registered();
    const { user } = await added(caller);
    await caller.put(at(user), { role: 'superuser' }).expect(403);
    expect(paths((await root.put(at(user), { role: 'superuser' }).expect(422)).body)).toEqual(['role']);
    const { user: above } = await added(root, { role: 'superuser' });
    await caller.put(at(above), { password: 'another horse battery' }).expect(404);
    expect(paths((await root.put(at(above), { role: 'admin' }).expect(422)).body)).toEqual(['role']);
    expect(await said(user)).toHaveLength(1);
  });

  test('never moves a user to another company, nor any read-only field', async () => {
    const { caller } = await auth.registered();
    const { user: other } = await auth.registered();
    const { user } = await added(caller);
    const bad = { company_id: other.company_id, business_id: other.business_id, id: other.id, is_superuser: true };
    for (const by of [caller, root]) {
      expect(paths((await by.put(at(user), { first_name: 'X', ...bad }).expect(422)).body)).toEqual([
        'business_id',
        'company_id',
        'id',
        'is_superuser',
      ]);
    }
    expect(paths((await caller.put(at(user), { nothing: 1, __proto__x: 1 }).expect(422)).body)).toEqual([
      '__proto__x',
      'nothing',
    ]);
    expect((await caller.get(at(user))).body).toEqual(user);
  });

  test('meets a 409 for a taken e-mail, and a 412 for an outdated version', async () => {
    const { user: admin, caller } = await auth.registered();
    const { user } = await added(caller);
    const { body } = await caller.put(at(user), { email: admin.email }).expect(409);
    expect(body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN', existing: { id: admin.id } });
    await caller.put(at(user), { first_name: 'One' }).set('If-Match', '"1"').expect(200);
    await caller.put(at(user), { first_name: 'Two' }).set('If-Match', '"1"').expect(412);
    await caller.delete(at(user)).set('If-Match', '"1"').expect(412);
    expect((await row(user)).first_name).toBe('One');
  });
});

test('users change of themselves what /auth/me changes; the rest is a 403 that names it', async () => {
  const { caller } = await auth.registered();
  for (const role of ['customer', 'viewer', 'manager']) {
    const { user, caller: self } = await added(caller, { role });
    const mine = { name: 'Eva Luz', address: 'Street 1', phone: '600 123 123' };
    const { body } = await self.put(`${path}/${user.unique_id}`, mine).expect(200);
    expect(body).toMatchObject({ first_name: 'Eva', last_name: 'Luz', phone: '+34600123123' });
    await self.put(at(user), body).expect(200);
    for (const [field, value] of Object.entries({
      role: 'admin',
      email: newEmail(),
      username: 'other',
      active: false,
      password,
    })) {
      const refused = await self.put(at(user), { first_name: 'X', [field]: value }).expect(403);
      expect(paths(refused.body)).toEqual([field === 'active' ? 'is_active' : field]);
    }
    expect((await self.get(at(user)).expect(200)).body).toEqual(body);
    const { user: other } = await added(caller);
    await self.put(at(other), { first_name: 'X' }).expect(404);
    await self.delete(at(user)).expect(403);
  }
});

describe('deleting', () => {
  test('deactivates, once; with hard_delete the record is gone', async () => {
    const { caller } = await auth.registered();
    const { user } = await added(caller);
    await signIn(user.email).expect(200);
    expect((await caller.delete(at(user)).expect(200)).body).toEqual({ message: 'User deactivated' });
    expect(await live(user)).toBe(0);
    await signIn(user.email).expect(401);
    await caller.delete(at(user)).expect(200);
    expect((await caller.get(at(user)).expect(200)).body.is_active).toBe(false);
    expect((await caller.delete(`${at(user)}?hard_delete=true`).expect(200)).body).toEqual({ message: 'User removed' });
    await caller.get(at(user)).expect(404);
    await caller.delete(at(user)).expect(404);
    const told = (await said(user)).filter(({ name }) => name === 'user.deleted');
    expect(told).toEqual([
      { name: 'user.deleted', sequence: 2, data: { user_id: user.id, hard: false } },
      { name: 'user.deleted', sequence: 3, data: { user_id: user.id, hard: true } },
    ]);
    await added(caller, { email: user.email });
    expect((await trail(user)).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['user.deactivated', 'user.deleted']),
    );
  });

  test('never leaves a company without an active admin, by whatever way', async () => {
    const { user, caller } = await auth.registered();
    const ways = [
      () => caller.put(at(user), { active: false }),
      () => caller.put(at(user), { role: 'manager' }),
      () => caller.delete(at(user)),
      () => caller.delete(`${at(user)}?hard_delete=true`),
      () => root.put(at(user), { role: 'customer' }),
      () => root.delete(at(user)),
    ];
    const refused = async () => {
      for (const way of ways) expect((await way().expect(409)).body.error_code).toBe('LAST_ADMIN');
    };
    await refused();
    const { user: second } = await added(caller, { role: 'admin' });
    await caller.put(at(second), { active: false }).expect(200);
    await refused(); // an inactive admin is none
    expect((await row(user)).version).toBe(1);
    await caller.put(at(second), { active: true }).expect(200);
    await caller.put(at(user), { role: 'manager' }).expect(200);
  });

  test('never leaves the installation without a superuser', async () => {
    await auth.database.owner('users').where({ role: 'superuser' }).delete();
    const { user } = await added(root, { role: 'superuser' });
    expect((await root.delete(at(user)).expect(409)).body.error_code).toBe('LAST_SUPERUSER');
    await added(root, { role: 'superuser' });
    await root.delete(at(user)).expect(200);
  });
});

test('of two admins that demote each other at the same moment one stays', async () => {
  const crowd = await authUnderTest({ pool: 10 });
  try {
    for (let round = 0; round < 5; round += 1) {
      const { user: first, caller } = await crowd.registered();
      const body = { email: newEmail(), password, role: 'admin' };
      const second = (await caller.post(path, body).expect(201)).body as User;
      const other = crowd.user('admin', { id: first.business_id ?? '' }, second.id);
      const answers = await Promise.all([
        caller.put(at(second), { role: 'viewer' }),
        other.put(at(first), { role: 'viewer' }),
        other.delete(at(first)),
      ]);
      expect(answers.map(({ status }) => status)).toContain(409);
      const admins = await crowd.database
        .owner('users')
        .where({ company_id: first.business_id, role: 'admin', is_active: true });
      expect(admins).toHaveLength(1);
    }
  } finally {
    await crowd.close();
  }
});
