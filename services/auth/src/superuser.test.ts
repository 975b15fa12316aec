import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { childEnv } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPasswords, type Passwords } from './accounts/passwords.ts';
import { ensureSuperuser, resetSuperuser, type Superuser } from './accounts/superuser.ts';
import { authUnderTest, type AuthUnderTest } from './auth-under-test.ts';

const run = promisify(execFile);
const script = resolve(import.meta.dirname, 'superuser.ts');

let auth: AuthUnderTest;
const passwords = createPasswords();

beforeAll(async () => {
  auth = await authUnderTest({ pool: 10 });
});
afterAll(() => auth.close());
beforeEach(async () => {
  await auth.database.owner('users').where({ role: 'superuser' }).delete();
});

const email = 'admin@clientela.local';
const ensure = (given: { email?: string; password?: string } = {}) =>
  ensureSuperuser(auth.database.db, passwords, { email, password: undefined, ...given });
const reset = (given: { email?: string; password?: string } = {}) =>
  resetSuperuser(auth.database.db, passwords, { email, password: undefined, ...given });

/** As the fleet runs it: a process of its own that knows nothing but the database. */
async function program(verb: string, settings: Record<string, string> = {}): Promise<Superuser> {
  const env = { ...childEnv, NODE_ENV: 'production', AUTH_DATABASE_URL: auth.database.url, ...settings };
  const { stdout } = await run(process.execPath, [script, verb], { env });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Superuser;
}
const fails = async (verb: string, settings: Record<string, string> = {}) => {
  const { code, stdout, stderr } = (await program(verb, settings).catch((error: unknown) => error)) as Record<
    string,
    unknown
  >;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(String(stderr).trim().split('\n')).toHaveLength(1);
  return String(stderr);
};
const generated = expect.stringMatching(/^[A-Za-z0-9_-]{24}$/);
const login = (email: string, password = '') => auth.anonymous().post('/auth/login', { email, password });

test('the program makes the superuser, and gives it a new password, told once each', { timeout: 60_000 }, async () => {
  const made = await program('ensure');
  expect(made).toEqual({ made: true, email, password: generated });
  const { body } = await login(email, made.password).expect(200);
  expect(body.user).toMatchObject({
    role: 'superuser',
    is_superuser: true,
    is_staff: true,
    company_id: null,
    business_id: null,
  });

  const changed = await program('reset');
  expect(changed).toEqual({ made: false, email, password: generated });
  await login(email, made.password).expect(401);
  await login(email, changed.password).expect(200);

  expect(await program('reset', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'a given password' })).toEqual({
    made: false,
    email,
  });
  await login(email, 'a given password').expect(200);
});

test('what cannot be done is said in one sentence that holds no secret', { timeout: 60_000 }, async () => {
  const unusable = await fails('ensure', { ADMIN_PASSWORD: 'short7!', ADMIN_EMAIL: 'nobody', AUTH_DATABASE_URL: '' });
  expect(unusable).toMatch(/AUTH_DATABASE_URL.*ADMIN_EMAIL.*ADMIN_PASSWORD/);
  expect(unusable).not.toContain('short7!');
  expect(await fails('ensure', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'ROOT@example.com' })).toContain(
    'ADMIN_PASSWORD',
  );
  const away = auth.database.url.replace(/:\d+\//, ':1/');
  expect(await fails('ensure', { AUTH_DATABASE_URL: away })).toBe('The database is temporarily unavailable\n');
  const { user } = await auth.registered();
  expect(await fails('ensure', { ADMIN_EMAIL: user.email })).toBe(
    'ADMIN_EMAIL is the e-mail of a user who is no superuser\n',
  );
});

describe('ensure', () => {
  test('makes one, once, and says so', async () => {
    const made = await ensure();
    expect(made).toEqual({ made: true, email, password: generated });
    expect((await auth.events('user.registered')).at(-1)).toMatchObject({ company_id: null, actor_id: 'service:auth' });
    expect(await ensure({ email: 'root@example.com' })).toEqual({ made: false, email });
    await login(email, made.password).expect(200);
  });

  test('takes e-mail and password as given, and tells no password then', async () => {
    expect(await ensure({ email: 'root@example.com', password: 'a given password' })).toEqual({
      made: true,
      email: 'root@example.com',
    });
    await login('root@example.com', 'a given password').expect(200);
  });

  test('makes one when several run at once', async () => {
    let hashed = 0;
    const all = Promise.withResolvers<void>();
    const together: Passwords = {
      ...passwords,
      hash: async (plain) => {
        const hash = await passwords.hash(plain);
        if ((hashed += 1) === 4) all.resolve();
        await all.promise; // so that each has seen that there is none
        return hash;
      },
    };
    const settings = { email, password: undefined };
    const said = await Promise.all([1, 2, 3, 4].map(() => ensureSuperuser(auth.database.db, together, settings)));
    expect(said.filter(({ made }) => made)).toHaveLength(1);
    expect(said.filter(({ password }) => password)).toHaveLength(1);
    expect(await auth.database.owner('users').where({ role: 'superuser' })).toHaveLength(1);
  });
});

describe('reset', () => {
  test('ends the sessions, and takes an inactive one back', async () => {
    const { password } = await ensure();
    const { body } = await login(email, password).expect(200);
    await auth.database.owner('users').where({ id: body.user.id }).update({ is_active: false });
    const changed = await reset();
    await login(email, changed.password).expect(200);
    const sessions = await auth.database.owner('sessions').where({ user_id: body.user.id }).orderBy('id');
    expect(sessions.map(({ ended_at }) => ended_at !== null)).toEqual([true, false]);
    expect((await auth.events('user.updated')).at(-1)).toMatchObject({
      sequence: 2,
      data: { user_id: body.user.id, fields_changed: ['password', 'is_active'] },
    });
  });

  test('of several it is the one with the e-mail, else the oldest; without any it makes one', async () => {
    expect(await reset()).toEqual({ made: true, email, password: generated });
    const { user } = await auth.registered();
    await auth.database.owner('users').where({ id: user.id }).update({ role: 'superuser', company_id: null });
    expect(await reset({ email: user.email.toUpperCase() })).toMatchObject({ made: false, email: user.email });
    expect(await reset({ email: 'nobody@example.com' })).toMatchObject({ made: false });
  });
});
