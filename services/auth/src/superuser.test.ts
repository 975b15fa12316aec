import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { childEnv } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPasswords, type Passwords } from './accounts/passwords.ts';
import { describeFailure, runSuperuserCommand } from './accounts/superuser-command.ts';
import { ensureSuperuser, resetSuperuser, type SuperuserResult } from './accounts/superuser.ts';
import { createTestAuth, testHashingCost, type TestAuth } from './testing/test-auth.ts';

const run = promisify(execFile);
const script = resolve(import.meta.dirname, 'superuser.ts');

let auth: TestAuth;
const passwords = createPasswords({ cost: testHashingCost });

beforeAll(async () => {
  auth = await createTestAuth({ pool: 10 });
});
afterAll(() => auth.close());
beforeEach(async () => {
  await auth.database.owner('users').where({ role: 'superuser' }).delete();
});

const email = 'admin@clientela.local';
const ensure = (input: { email?: string; password?: string } = {}) =>
  ensureSuperuser(auth.database.db, passwords, { email, password: undefined, ...input });
const reset = (input: { email?: string; password?: string } = {}) =>
  resetSuperuser(auth.database.db, passwords, { email, password: undefined, ...input });

const environment = (settings: Record<string, string>) => ({
  ...childEnv,
  NODE_ENV: 'production',
  AUTH_DATABASE_URL: auth.database.url,
  ...settings,
});
/** Runs the command in its own process, as the fleet does. */
async function runProcess(command: string, settings: Record<string, string> = {}): Promise<SuperuserResult> {
  const { stdout } = await run(process.execPath, [script, command], { env: environment(settings) });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as SuperuserResult;
}
const runDirectly = (command: string, settings: Record<string, string> = {}) =>
  runSuperuserCommand(command, environment(settings), passwords);
const failureOf = async (command: string, settings: Record<string, string> = {}) => {
  const message = describeFailure(await runDirectly(command, settings).catch((error: unknown) => error));
  expect(message).not.toMatch(/\n(?! {2}[A-Z_]+: )/);
  return message;
};
const generated = expect.stringMatching(/^[A-Za-z0-9_-]{24}$/);
const login = (email: string, password = '') => auth.anonymous().post('/auth/login', { email, password });

test(
  'the command creates the superuser and resets its password, printing each password once',
  { timeout: 60_000 },
  async () => {
    const created = await runProcess('ensure');
    expect(created).toEqual({ created: true, email, password: generated });
    const { body } = await login(email, created.password).expect(200);
    expect(body.user).toMatchObject({
      role: 'superuser',
      is_superuser: true,
      is_staff: true,
      company_id: null,
      business_id: null,
    });

    const changed = await runProcess('reset');
    expect(changed).toEqual({ created: false, email, password: generated });
    await login(email, created.password).expect(401);
    await login(email, changed.password).expect(200);

    expect(
      await runDirectly('reset', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'a configured password' }),
    ).toEqual({
      created: false,
      email,
    });
    await login(email, 'a configured password').expect(200);
  },
);

test(
  'a failure is reported in one sentence, or one line for each setting, without secrets',
  { timeout: 60_000 },
  async () => {
    const invalid = { ADMIN_PASSWORD: 'short7!', ADMIN_EMAIL: 'nobody', AUTH_DATABASE_URL: '' };
    const failed = await runProcess('ensure', invalid).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^Invalid settings:\n  AUTH_DATABASE_URL: .+\n  ADMIN_EMAIL: .+\n  ADMIN_PASSWORD: .+\n$/,
      ),
    });
    expect((failed as { stderr: string }).stderr).not.toContain('short7!');
    expect(await failureOf('nothing')).toContain('ensure or reset');
    expect(
      await failureOf('ensure', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'ROOT@example.com' }),
    ).toContain('ADMIN_PASSWORD');
    const unreachable = auth.database.url.replace(/:\d+\//, ':1/');
    expect(await failureOf('ensure', { AUTH_DATABASE_URL: unreachable })).toBe(
      'The database is temporarily unavailable',
    );
    const { user } = await auth.register();
    expect(await failureOf('ensure', { ADMIN_EMAIL: user.email })).toBe(
      'Invalid settings:\n  ADMIN_EMAIL: belongs to a user who is not a superuser',
    );
  },
);

describe('ensure', () => {
  test('creates one superuser, once, and publishes it', async () => {
    const created = await ensure();
    expect(created).toEqual({ created: true, email, password: generated });
    expect((await auth.events('user.registered')).at(-1)).toMatchObject({ company_id: null, actor_id: 'service:auth' });
    expect(await ensure({ email: 'root@example.com' })).toEqual({ created: false, email });
    await login(email, created.password).expect(200);
  });

  test('uses the configured e-mail and password and prints no password', async () => {
    expect(await ensure({ email: 'root@example.com', password: 'a configured password' })).toEqual({
      created: true,
      email: 'root@example.com',
    });
    await login('root@example.com', 'a configured password').expect(200);
  });

  test('creates one superuser when several commands run concurrently', async () => {
    let hashed = 0;
    const all = Promise.withResolvers<void>();
    const synchronized: Passwords = {
      ...passwords,
      hash: async (plain) => {
        const hash = await passwords.hash(plain);
        if ((hashed += 1) === 4) all.resolve();
        await all.promise; // lets every command see that there is none
        return hash;
      },
    };
    const settings = { email, password: undefined };
    const results = await Promise.all(
      [1, 2, 3, 4].map(() => ensureSuperuser(auth.database.db, synchronized, settings)),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(results.filter(({ password }) => password)).toHaveLength(1);
    expect(await auth.database.owner('users').where({ role: 'superuser' })).toHaveLength(1);
  });
});

describe('reset', () => {
  test('revokes the sessions and reactivates an inactive superuser', async () => {
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

  test('resets the one with the e-mail, else the oldest; creates one when there is none', async () => {
    expect(await reset()).toEqual({ created: true, email, password: generated });
    const { user } = await auth.register();
    await auth.database.owner('users').where({ id: user.id }).update({ role: 'superuser', company_id: null });
    expect(await reset({ email: user.email.toUpperCase() })).toMatchObject({ created: false, email: user.email });
    expect(await reset({ email: 'nobody@example.com' })).toMatchObject({ created: false });
  });
});
