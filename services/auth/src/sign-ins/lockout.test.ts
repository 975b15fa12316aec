import { createHash, randomUUID } from 'node:crypto';
import { recordStatements } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Passwords } from '../accounts/passwords.ts';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';
import { purgeOldFailures, recordFailure } from './lockout-store.ts';
import { lockSignInAttempts } from './store.ts';

let auth: TestAuth;
let verifications = 0;
let whileVerifying = async () => {};

beforeAll(async () => {
  // A fast hash: these tests make hundreds of attempts and do not measure hashing.
  const fastHash = async (plain: string) => createHash('sha256').update(plain).digest('hex');
  const passwords: Passwords = {
    hash: fastHash,
    verify: async (plain, find) => {
      verifications += 1;
      const isValid = (await find()) === (await fastHash(plain));
      await whileVerifying();
      return { isValid };
    },
  };
  auth = await createTestAuth({ pool: 10, passwords });
});
afterAll(() => auth.close());

type Person = Awaited<ReturnType<TestAuth['register']>>;

const homeNetwork = '198.51.100.1';
const otherNetwork = '203.0.113.9';
/** Retries on 503, which concurrent attempts may get on a busy machine. */
const login = async (email: string, password: string, ip = homeNetwork) => {
  for (;;) {
    const { status } = await auth.anonymous().post('/auth/login', { email, password }).set({ 'X-Client-Ip': ip });
    if (status !== 503) return status;
  }
};
const signIn = (person: Person, ip?: string) => login(person.email, person.password, ip);
const failSignIn = (person: Person, ip?: string) => login(person.email, `${person.password}!`, ip);
const repeat = async (n: number, work: (n: number) => Promise<unknown>) => {
  for (let at = 0; at < n; at += 1) await work(at);
};
/** Records failures from distinct networks; all but the last few directly, because a sign-in records the same rows. */
const failElsewhere = async (person: Person, count: number) => {
  const networks = Array.from({ length: count }, (_, n) => `198.51.100.${n + 10}`);
  for (const network of networks.slice(0, -4)) {
    await auth.database.db.transaction(async (tx) => recordFailure(tx, person.user.id, network));
  }
  for (const network of networks.slice(-4)) await failSignIn(person, network);
};
/** Moves one user's failures and lockouts into the past. */
const passTime = async ({ user }: Person, interval: string) => {
  const shift = auth.database.owner.raw('locked_until - ?::interval', [interval]);
  const failed = auth.database.owner.raw(
    'array(select at - ?::interval from unnest(failed_at) with ordinality f(at, n) order by n)',
    [interval],
  );
  for (const table of ['sign_in_failures', 'sign_in_failures_by_network'])
    await auth.database.owner(table).where({ user_id: user.id }).update({ locked_until: shift, failed_at: failed });
};

describe('five wrong passwords', () => {
  test('lock the account for their network for 15 minutes, with the same response after equal work', async () => {
    const person = await auth.register();
    await repeat(4, () => failSignIn(person));
    expect(await signIn(person)).toBe(200); // clears the four failures
    await repeat(5, () => failSignIn(person));
    verifications = 0;
    const locked = await auth
      .anonymous()
      .post('/auth/login', { email: person.email, password: person.password })
      .set({ 'X-Client-Ip': homeNetwork });
    const unknown = await auth
      .anonymous()
      .post('/auth/login', { email: `${randomUUID()}@example.com`, password: 'correct horse' });
    expect(verifications).toBe(2);
    const comparable = ({ text, status }: { text: string; status: number }) =>
      `${status} ${text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, '')}`;
    expect(comparable(locked)).toBe(comparable(unknown));
    expect(locked.status).toBe(401);
    expect(await signIn(person, otherNetwork)).toBe(200);

    await passTime(person, '14 minutes');
    await repeat(3, () => failSignIn(person)); // does not extend the lockout
    expect(await signIn(person)).toBe(401);
    await passTime(person, '2 minutes');
    expect(await signIn(person)).toBe(200);
  });

  test('count within 15 minutes and per network: an IPv4 address or an IPv6 /56', async () => {
    const person = await auth.register();
    await repeat(4, () => failSignIn(person));
    await passTime(person, '15 minutes');
    await failSignIn(person);
    expect(await signIn(person)).toBe(200);
    await repeat(5, (n) => failSignIn(person, `2001:db8:0:ab0${n}::${n + 1}`));
    expect(await signIn(person, '2001:db8:0:abff::77')).toBe(401);
    expect(await signIn(person, '2001:db8:0:ac00::77')).toBe(200);
  });

  test('are counted exactly among twenty concurrent attempts; the correct password among them is rejected as well', async () => {
    const person = await auth.register();
    await Promise.all(Array.from({ length: 20 }, () => failSignIn(person)));
    const failures = await auth.database
      .owner('audit_logs')
      .where({ resource_id: person.user.id, action: 'sign_in.refused' });
    expect(failures).toHaveLength(20);
    expect(await signIn(person)).toBe(401);
    await passTime(person, '15 minutes');
    expect(await signIn(person)).toBe(200);
  });
});

test('a correct password verified while the fifth failure is recorded waits for it and is rejected', async () => {
  const person = await auth.register();
  await repeat(4, () => failSignIn(person));
  const { db, owner } = auth.database;
  let fifth: Promise<number> | undefined;
  await db.transaction(async (tx) => {
    await lockSignInAttempts(tx, { id: person.user.id, company_id: person.user.business_id }, homeNetwork);
    recordFailure(tx, person.user.id, homeNetwork);
    fifth = signIn(person);
    const waiting = () => owner('pg_locks').where({ granted: false });
    await expect.poll(waiting, { interval: 10 }).toHaveLength(1);
  });
  expect(await fifth).toBe(401);
});

const isLimited = (token: string) => (jwt.decode(token) as jwt.JwtPayload)['limited'] === 'mfa_setup';

const changes: Record<string, [change: (person: Person) => Promise<unknown>, expected: object]> = {
  'the password': [
    ({ user }) => auth.database.owner('users').where({ id: user.id }).update({ password_hash: 'of another password' }),
    { status: 401 },
  ],
  'the user, who is no longer active': [
    ({ user }) => auth.database.owner('users').where({ id: user.id }).update({ is_active: false }),
    { status: 401 },
  ],
  'the user, who is deleted': [
    ({ user }) => auth.database.owner('users').where({ id: user.id }).delete(),
    { status: 401 },
  ],
  'the company, which is suspended': [
    ({ user }) => auth.database.owner('companies').where({ id: user.business_id }).update({ status: 'suspended' }),
    { status: 401 },
  ],
  'the failures, which lock the account': [(person) => repeat(5, () => failSignIn(person)), { status: 401 }],
  'the second factor, which is set up': [
    ({ user }) => auth.database.owner('users').where({ id: user.id }).update({ mfa_since: new Date() }),
    { status: 401, body: { error_code: 'MFA_REQUIRED' } },
  ],
  'the company, which requires a second factor from now on': [
    ({ user }) => auth.database.owner('companies').where({ id: user.business_id }).update({ require_mfa: true }),
    { status: 200, body: { access_token: expect.toSatisfy(isLimited) } },
  ],
  'the role': [
    ({ user: { id, version } }) =>
      auth.database
        .owner('users')
        .where({ id })
        .update({ role: 'viewer', version: version + 1 }),
    { status: 200, body: { user: { role: 'viewer' } } },
  ],
};

describe('what changes while the password is verified counts', () => {
  const countOf = async (table: string, condition: object) =>
    (await auth.database.owner(table).where(condition)).length;
  test.for(Object.entries(changes))('%s', async ([, [change, expected]]) => {
    const person = await auth.register();
    expect(await signIn(await auth.register())).toBe(200); // its connection has prepared all statements
    const ofUser = { user_id: person.user.id };
    const attempts = { resource_id: person.user.id, action: 'sign_in' };
    const refusals = { company_id: person.user.business_id, action: 'sign_in.refused' };
    whileVerifying = async () => {
      whileVerifying = async () => {};
      await change(person);
      before = await Promise.all([countOf('sessions', ofUser), countOf('audit_logs', refusals)]);
    };
    let before: number[] = [];
    const { email, password } = person;
    const response = await auth
      .anonymous()
      .post('/auth/login', { email, password })
      .set({ 'X-Client-Ip': homeNetwork });
    expect(response).toMatchObject(expected);
    const user = await auth.database.owner('users').where({ id: person.user.id }).first();
    const succeeded = response.status === 200 ? 1 : 0;
    const [sessions = 0, refused = 0] = before;
    expect(await countOf('sessions', ofUser)).toBe(sessions + succeeded);
    const isRefused = response.status === 401 && response.body.error_code === 'UNAUTHENTICATED';
    const isKnown = user !== undefined;
    expect(await countOf('audit_logs', refusals)).toBe(refused + (isRefused && isKnown ? 1 : 0));
    expect(await countOf('sign_in_networks', ofUser)).toBe(succeeded);
    expect(await countOf('audit_logs', attempts)).toBe(succeeded);
    if (isKnown) expect(user.last_login !== null).toBe(succeeded === 1);
  });
});

test('a sign-in is asserted to be unchanged, or judged under the lock if some have failed lately', async () => {
  const person = await auth.register();
  const texts = async () => (await recordStatements(async () => expect(await signIn(person)).toBe(200))).join();
  expect(await texts()).toContain('select 1 / count(*)');
  await failSignIn(person);
  expect(await texts()).not.toContain('select 1 / count(*)');
});

test('a sign-in that fails runs the same statements, whose ever it is, and only a wrong password counts', async () => {
  const { owner } = auth.database;
  const register = () => auth.register();
  const [known, locked, inactive, suspended] = await Promise.all([register(), register(), register(), register()]);
  await repeat(5, () => failSignIn(locked));
  await owner('users').where({ id: inactive.user.id }).update({ is_active: false });
  await owner('companies').where({ id: suspended.user.business_id }).update({ status: 'suspended' });
  const statementsOf = (attempt: () => Promise<number>) =>
    recordStatements(async () => expect(await attempt()).toBe(401));
  const unknown = await statementsOf(() => login(`${randomUUID()}@example.com`, 'wrong'));
  expect(unknown.join()).toContain('sign_in_failures_by_network');
  for (const attempt of [
    () => failSignIn(known),
    () => failSignIn(inactive),
    () => failSignIn(locked),
    () => signIn(locked),
    () => signIn(suspended),
    () => signIn(inactive),
  ])
    expect(await statementsOf(attempt)).toEqual(unknown);
  const failures = async ({ user }: Person) =>
    (await owner('sign_in_failures').where({ user_id: user.id }).first())?.failed_at.length as number | undefined;
  expect(await Promise.all([known, locked, inactive, suspended].map(failures))).toEqual([1, 5, 1, undefined]);
});

describe('fifty wrong passwords from anywhere', () => {
  test('lock the account for unknown networks; known networks still sign in', async () => {
    const person = await auth.register();
    expect(await signIn(person, otherNetwork)).toBe(200);
    await failElsewhere(person, 49);
    const stranger = '198.51.100.200';
    await passTime(person, '1 hour'); // 49 failures, outside the window
    await failSignIn(person, stranger);
    expect(await signIn(person, '198.51.100.201')).toBe(200);
    await passTime(person, '-1 hour');
    await failElsewhere(person, 49);
    expect(await signIn(person, stranger)).toBe(401);
    expect(await signIn(person, otherNetwork)).toBe(200);
    await auth.database
      .owner('sign_in_networks')
      .where({ user_id: person.user.id, network: otherNetwork })
      .update({ latest_at: auth.database.owner.raw(`now() - interval '31 days'`) });
    expect(await signIn(person, otherNetwork)).toBe(401);
    await passTime(person, '15 minutes');
    expect(await signIn(person, stranger)).toBe(200);
  });
});

test('stores nothing for unknown users, and purges failures that no longer count', async () => {
  const count = async () =>
    Promise.all(
      ['sign_in_failures', 'sign_in_failures_by_network', 'sign_in_networks'].map(
        async (table) => (await auth.database.owner(table)).length,
      ),
    );
  await purgeOldFailures(auth.database.db);
  const before = await count();
  await repeat(6, () => login('nobody@example.com', 'correct horse'));
  expect(await count()).toEqual(before);
  const person = await auth.register();
  await failSignIn(person);
  await signIn(person, otherNetwork);
  await purgeOldFailures(auth.database.db);
  expect(await count()).toEqual(before.map((n) => n + 1));
  for (const table of ['sign_in_failures', 'sign_in_failures_by_network', 'sign_in_networks'])
    await auth.database.owner(table).update({ latest_at: auth.database.owner.raw(`now() - interval '31 days'`) });
  await purgeOldFailures(auth.database.db);
  expect(await count()).toEqual([0, 0, 0]);
});
