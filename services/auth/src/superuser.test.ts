import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { serviceTest, childEnv } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createPasswords, type Passwords } from './accounts/passwords.ts';
import { describeFailure, runSuperuserCommand } from './accounts/superuser-command.ts';
import { ensureSuperuser, resetSuperuser, type SuperuserResult } from './accounts/superuser.ts';
import { createTestAuth, testHashingCost, type TestAuth } from './testing/test-auth.ts';

const run = promisify(execFile);
const script = resolve(import.meta.dirname, 'superuser.ts');

const passwords = createPasswords({ cost: testHashingCost });

const test = serviceTest(() => createTestAuth({ pool: 10 }));
test.beforeEach(async ({ service }) => {
  await service.database.owner('users').where({ role: 'superuser' }).delete();
});

const email = 'admin@clientela.local';
const ensure = (service: TestAuth, input: { email?: string; password?: string } = {}) =>
  ensureSuperuser(service.database.db, passwords, { email, password: undefined, ...input });
const reset = (service: TestAuth, input: { email?: string; password?: string } = {}) =>
  resetSuperuser(service.database.db, passwords, { email, password: undefined, ...input });

const environment = (service: TestAuth, settings: Record<string, string>) => ({
  ...childEnv,
  NODE_ENV: 'production',
  AUTH_DATABASE_URL: service.database.url,
  ...settings,
});
/** Runs the command in its own process, as the fleet does. */
async function runProcess(
  service: TestAuth,
  command: string,
  settings: Record<string, string> = {},
  ...options: string[]
): Promise<SuperuserResult> {
  const { stdout } = await run(process.execPath, [script, command, ...options], {
    env: environment(service, settings),
  });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as SuperuserResult;
}
const runDirectly = (service: TestAuth, command: string, settings: Record<string, string> = {}) =>
  runSuperuserCommand(command, environment(service, settings), passwords);
const failureOf = async (service: TestAuth, command: string, settings: Record<string, string> = {}) => {
  const message = describeFailure(await runDirectly(service, command, settings).catch((error: unknown) => error));
  expect(message).not.toMatch(/\n(?! {2}[A-Z_]+: )/);
  return message;
};
const generated = expect.stringMatching(/^[A-Za-z0-9_-]{24}$/);
const login = (service: TestAuth, email: string, password = '') =>
  service.anonymous().post('/auth/login', { email, password });

test(
  'the command creates the superuser and resets its password, printing each password once',
  { timeout: 60_000 },
  async ({ service }) => {
    const created = await runProcess(service, 'ensure');
    expect(created).toEqual({ created: true, email, password: generated });
    const { body } = await login(service, email, created.password).expect(200);
    expect(body.user).toMatchObject({
      role: 'superuser',
      is_superuser: true,
      is_staff: true,
      company_id: null,
      business_id: null,
    });

    const changed = await runProcess(service, 'reset', {}, '--mfa');
    expect(changed).toEqual({ created: false, email, password: generated });
    await login(service, email, created.password).expect(401);
    await login(service, email, changed.password).expect(200);

    expect(
      await runDirectly(service, 'reset', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'a configured password' }),
    ).toEqual({
      created: false,
      email,
    });
    await login(service, email, 'a configured password').expect(200);
  },
);

test(
  'a failure is reported in one sentence, or one line for each setting, without secrets',
  { timeout: 60_000 },
  async ({ service }) => {
    const invalid = { ADMIN_PASSWORD: 'short7!', ADMIN_EMAIL: 'nobody', AUTH_DATABASE_URL: '' };
    const failed = await runProcess(service, 'ensure', invalid).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^Invalid settings:\n  AUTH_DATABASE_URL: .+\n  ADMIN_EMAIL: .+\n  ADMIN_PASSWORD: .+\n$/,
      ),
    });
    expect((failed as { stderr: string }).stderr).not.toContain('short7!');
    expect(await failureOf(service, 'nothing')).toContain('ensure or reset');
    expect(
      await failureOf(service, 'ensure', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'ROOT@example.com' }),
    ).toContain('ADMIN_PASSWORD');
    const unreachable = service.database.url.replace(/:\d+\//, ':1/');
    expect(await failureOf(service, 'ensure', { AUTH_DATABASE_URL: unreachable })).toBe(
      'The database is temporarily unavailable',
    );
    const { user } = await service.register();
    expect(await failureOf(service, 'ensure', { ADMIN_EMAIL: user.email })).toBe(
      'Invalid settings:\n  ADMIN_EMAIL: belongs to a user who is not a superuser',
    );
  },
);

describe('ensure', () => {
  test('creates one superuser, once, and publishes it', async ({ service }) => {
    const created = await ensure(service);
    expect(created).toEqual({ created: true, email, password: generated });
    expect((await service.events('user.registered')).at(-1)).toMatchObject({
      company_id: null,
      actor_id: 'service:auth',
    });
    expect(await ensure(service, { email: 'root@example.com' })).toEqual({ created: false, email });
    await login(service, email, created.password).expect(200);
  });

  test('uses the configured e-mail and password and prints no password', async ({ service }) => {
    expect(await ensure(service, { email: 'root@example.com', password: 'a configured password' })).toEqual({
      created: true,
      email: 'root@example.com',
    });
    await login(service, 'root@example.com', 'a configured password').expect(200);
  });

  test('creates one superuser when several commands run concurrently', async ({ service }) => {
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
      [1, 2, 3, 4].map(() => ensureSuperuser(service.database.db, synchronized, settings)),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(results.filter(({ password }) => password)).toHaveLength(1);
    expect(await service.database.owner('users').where({ role: 'superuser' })).toHaveLength(1);
  });
});

describe('reset', () => {
  test('revokes the sessions and reactivates an inactive superuser', async ({ service }) => {
    const { password } = await ensure(service);
    const { body } = await login(service, email, password).expect(200);
    await service.database.owner('users').where({ id: body.user.id }).update({ is_active: false });
    const changed = await reset(service);
    await login(service, email, changed.password).expect(200);
    const sessions = await service.database.owner('sessions').where({ user_id: body.user.id }).orderBy('id');
    expect(sessions.map(({ ended_at }) => ended_at !== null)).toEqual([true, false]);
    expect((await service.events('user.updated')).at(-1)).toMatchObject({
      sequence: 2,
      data: { user_id: body.user.id, fields_changed: ['password', 'is_active'] },
    });
  });

  test('keeps a second factor, unless it is to be removed', async ({ service }) => {
    await ensure(service);
    const [{ id }] = await service.database.owner('users').where({ role: 'superuser' });
    await service.database.owner('users').where({ id }).update({ mfa_since: '2026-01-01' });
    await service.database.owner('totp_secrets').insert({ user_id: id, sealed_secret: Buffer.alloc(48) });
    const changed = await reset(service);
    expect((await login(service, email, changed.password).expect(401)).body.error_code).toBe('MFA_REQUIRED');
    const removed = await resetSuperuser(service.database.db, passwords, {
      email,
      password: undefined,
      removeFactor: true,
    });
    expect((await login(service, email, removed.password).expect(200)).body.user.id).toBe(id);
    expect(await service.database.owner('totp_secrets').where({ user_id: id })).toEqual([]);
    const entries = service.database.owner('audit_logs').where({ resource_id: id, action: 'user.mfa.removed' });
    expect(await entries).toMatchObject([{ actor_id: 'service:auth' }]);
  });

  test('resets the one with the e-mail, else the oldest; creates one when there is none', async ({ service }) => {
    expect(await reset(service)).toEqual({ created: true, email, password: generated });
    const { user } = await service.register();
    await service.database.owner('users').where({ id: user.id }).update({ role: 'superuser', company_id: null });
    expect(await reset(service, { email: user.email.toUpperCase() })).toMatchObject({
      created: false,
      email: user.email,
    });
    expect(await reset(service, { email: 'nobody@example.com' })).toMatchObject({ created: false });
  });
});
