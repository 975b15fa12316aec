import { serviceTest } from '@clientela/testing';
import { hash } from '@node-rs/bcrypt';
import jwt from 'jsonwebtoken';
import { describe, expect } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

type Person = Awaited<ReturnType<TestAuth['register']>>;

const login = (service: TestAuth, email: string, password: string) =>
  service.anonymous().post('/auth/login', { email, password });
const signedIn = async (service: TestAuth, { email, password, client }: Person) => {
  const { body } = await login(service, email, password).expect(200);
  const { sid } = jwt.decode(body.access_token) as { sid: string };
  const change = (body: object, path = '/auth/change-password') => client.post(path, body).set({ 'X-Session-Id': sid });
  return { sid, refresh_token: body.refresh_token as string, change };
};
const refresh = (service: TestAuth, refresh_token: string) =>
  service.anonymous().post('/auth/refresh', { refresh_token });
const hashOf = async (service: TestAuth, { user }: Person) =>
  (await service.database.owner('users').where({ id: user.id }).first()).password_hash as string;

describe('changing the password', () => {
  test('requires the current one and revokes the other sessions only', async ({ service }) => {
    const person = await service.register();
    const currentSession = await signedIn(service, person);
    const there = await signedIn(service, person);
    const { body } = await currentSession
      .change({ current_password: person.password, new_password: 'another horse battery' })
      .expect(200);
    expect(body).toEqual({ message: 'Password changed' });
    await login(service, person.email, person.password).expect(401);
    await login(service, person.email, 'another horse battery').expect(200);
    await refresh(service, there.refresh_token).expect(401);
    await refresh(service, currentSession.refresh_token).expect(200);
    const published = (await service.events()).filter(({ data }) => data['user_id'] === person.user.id).slice(1);
    expect(published).toMatchObject([
      { name: 'user.updated', sequence: 2, data: { fields_changed: ['password'] } },
      { name: 'session.revoked', sequence: 2, data: { sessions: 1 } },
    ]);
    await there.change({ current_password: 'another horse battery', new_password: 'a third horse' }).expect(401);
    await service
      .anonymous()
      .post('/auth/change-password', { current_password: 'x', new_password: 'a third horse' })
      .expect(401);
  });

  test('a wrong current password returns a 422 that names it and counts as a failed sign-in', async ({ service }) => {
    const person = await service.register();
    const { change } = await signedIn(service, person);
    const before = await hashOf(service, person);
    const paths = async (body: object) => {
      const response = await change(body, '/api/auth/change-password').expect(422);
      return response.body.errors.map(({ path }: { path: string }) => path);
    };
    const new_password = 'another horse battery';
    expect(await paths({ current_password: person.password, new_password: 'short7!' })).toEqual(['new_password']);
    expect(await paths({ current_password: person.password, new_password: 'Password123' })).toEqual(['new_password']);
    expect(await paths({ current_password: person.password, new_password: person.email })).toEqual(['new_password']);
    expect(await paths({ current_password: '', password: 'x' })).toEqual(
      expect.arrayContaining(['current_password', 'new_password', 'password']),
    );
    for (let n = 0; n < 5; n += 1)
      expect(await paths({ current_password: 'wrong', new_password })).toEqual(['current_password']);
    expect(await paths({ current_password: person.password, new_password })).toEqual(['current_password']); // locked out
    expect(await hashOf(service, person)).toBe(before);
  });
});

describe('a password', () => {
  test('is rejected when it is a common one, in any case', async ({ service }) => {
    for (const password of ['password', 'PassWord123', 'iloveyou', '１２３４５６７８', 'qwertyuiop']) {
      const { body } = await service
        .anonymous()
        .post('/auth/register', { email: 'common@example.com', password })
        .expect(422);
      expect(body.errors).toEqual([{ path: 'password', message: expect.stringContaining('commonly used') }]);
    }
    for (const password of ['securepassword', 'Пароль от почты', '🐴🔋🐴🔋🐴🔋🐴🔋', ' '.repeat(8)])
      await service.register({ password });
  });

  test.for(['2a', '2b', '2y'] as const)(
    'of an imported bcrypt hash ($%s$) signs in and is rehashed',
    async (version, { service }) => {
      const password = 'contrasen\u0303a vieja';
      const person = await service.register({ password: 'not this one' });
      const set = (password_hash: string) =>
        service.database.owner('users').where({ id: person.user.id }).update({ password_hash });
      const imported = await hash(password, { cost: 4, version });
      expect(imported).toMatch(new RegExp(`^\\$${version}\\$`));
      await set(imported);
      await login(service, person.email, 'not this one').expect(401);
      expect(await hashOf(service, person)).toBe(imported);
      const { body } = await login(service, person.email, password).expect(200);
      expect(body.user.updated_at).toBe(person.user.updated_at);
      expect(await hashOf(service, person)).toMatch(/^\$argon2id\$/);
      await login(service, person.email, password).expect(200);
      await login(service, person.email, 'not this one').expect(401);

      await set(await hash(password.normalize('NFKC'), { cost: 4, version }));
      await login(service, person.email, password).expect(200);
      await set(imported);
      await service.database.owner('users').where({ id: person.user.id }).update({ is_active: false });
      await login(service, person.email, password).expect(401);
      expect(await hashOf(service, person)).toBe(imported);
    },
  );
});
