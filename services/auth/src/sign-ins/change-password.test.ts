import { hash } from '@node-rs/bcrypt';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;

beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());

type Person = Awaited<ReturnType<AuthUnderTest['registered']>>;

const login = (email: string, password: string) => auth.anonymous().post('/auth/login', { email, password });
const signedIn = async ({ email, password, caller }: Person) => {
  const { body } = await login(email, password).expect(200);
  const { sid } = jwt.decode(body.access_token) as { sid: string };
  const change = (sent: object, path = '/auth/change-password') => caller.post(path, sent).set({ 'X-Session-Id': sid });
  return { sid, refresh_token: body.refresh_token as string, change };
};
const refresh = (refresh_token: string) => auth.anonymous().post('/auth/refresh', { refresh_token });
const hashOf = async ({ user }: Person) =>
  (await auth.database.owner('users').where({ id: user.id }).first()).password_hash as string;

describe('changing the password', () => {
  test('takes the present one; the other sessions end, this one stays', async () => {
    const person = await auth.registered();
    const here = await signedIn(person);
    const there = await signedIn(person);
    const { body } = await here
      .change({ current_password: person.password, new_password: 'another horse battery' })
      .expect(200);
    expect(body).toEqual({ message: 'Password changed' });
    await login(person.email, person.password).expect(401);
    await login(person.email, 'another horse battery').expect(200);
    await refresh(there.refresh_token).expect(401);
    await refresh(here.refresh_token).expect(200);
    const said = (await auth.events()).filter(({ data }) => data['user_id'] === person.user.id).slice(1);
    expect(said).toMatchObject([
      { name: 'user.updated', sequence: 2, data: { fields_changed: ['password'] } },
      { name: 'session.revoked', sequence: 2, data: { sessions: 1 } },
    ]);
    await there.change({ current_password: 'another horse battery', new_password: 'a third horse' }).expect(401);
    await auth
      .anonymous()
      .post('/auth/change-password', { current_password: 'x', new_password: 'a third horse' })
      .expect(401);
  });

  test('a wrong present one is named, changes nothing, and counts as a failed sign-in', async () => {
    const person = await auth.registered();
    const { change } = await signedIn(person);
    const before = await hashOf(person);
    const paths = async (body: object) => {
      const answer = await change(body, '/api/auth/change-password').expect(422);
      return answer.body.errors.map(({ path }: { path: string }) => path);
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
    expect(await paths({ current_password: person.password, new_password })).toEqual(['current_password']); // locked
    expect(await hashOf(person)).toBe(before);
  });
});

describe('a password', () => {
  test('is refused when it is among the commonest, however it is written', async () => {
    for (const password of ['password', 'PassWord123', 'iloveyou', '１２３４５６７８', 'qwertyuiop']) {
      const { body } = await auth
        .anonymous()
        .post('/auth/register', { email: 'common@example.com', password })
        .expect(422);
      expect(body.errors).toEqual([{ path: 'password', message: expect.stringContaining('commonest') }]);
    }
    for (const password of ['securepassword', 'Пароль от почты', '🐴🔋🐴🔋🐴🔋🐴🔋', ' '.repeat(8)])
      await auth.registered({ password });
  });

  test.each(['2a', '2b', '2y'] as const)(
    'that came with a bcrypt hash ($%s$) signs in, and its hash is replaced then',
    async (version) => {
      const password = 'contrasen\u0303a vieja';
      const person = await auth.registered({ password: 'not this one' });
      const set = (password_hash: string) =>
        auth.database.owner('users').where({ id: person.user.id }).update({ password_hash });
      const imported = await hash(password, { cost: 4, version });
      expect(imported).toMatch(new RegExp(`^\\$${version}\\$`));
      await set(imported);
      await login(person.email, 'not this one').expect(401);
      expect(await hashOf(person)).toBe(imported);
      const { body } = await login(person.email, password).expect(200);
      expect(body.user.updated_at).toBe(person.user.updated_at);
      expect(await hashOf(person)).toMatch(/^\$argon2id\$/);
      await login(person.email, password).expect(200);
      await login(person.email, 'not this one').expect(401);

      await set(await hash(password.normalize('NFKC'), { cost: 4, version }));
      await login(person.email, password).expect(200);
      await set(imported);
      await auth.database.owner('users').where({ id: person.user.id }).update({ is_active: false });
      await login(person.email, password).expect(401);
      expect(await hashOf(person)).toBe(imported);
    },
  );
});
