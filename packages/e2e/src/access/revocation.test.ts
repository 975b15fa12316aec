import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import jwt from 'jsonwebtoken';
import { describe, expect, test, type ExpectStatic } from 'vitest';
import {
  client,
  fleetTest,
  loginRate,
  sharedSecret as secret,
  type Client,
  type TestResponse,
} from '../testing/test-fleet.ts';
import { createAccessSetup, signIn, type AccessSetup, type SignedInUser } from './access-setup.ts';

let setup: AccessSetup;
fleetTest.beforeAll(async ({ configuredFleet }) => {
  setup = await createAccessSetup(configuredFleet);
}, 120_000);

const route = '/api/products'; // its service knows no sessions, so that the gateway rejects
const statusOf = async (caller: Client) => (await caller.get(route)).status;
const signInAgain = ({ email, password }: SignedInUser) => signIn(setup.fleet.url, email, password);
const userPath = ({ user: { id } }: SignedInUser) => `/api/v1/users/${id}`;

/**
 * Revokes access and waits until the gateway, which has cached these tokens, rejects them: 2 s at most, and a busy machine.
 * @param expect of the test, since concurrent tests cannot use the global one
 */
async function expectRevoked(
  expect: ExpectStatic,
  callers: readonly Client[],
  revoke: () => Promise<TestResponse>,
): Promise<void> {
  for (const caller of callers) expect(await statusOf(caller)).toBe(200);
  expect((await revoke()).status).toBe(200);
  const statuses = () => Promise.all(callers.map(statusOf));
  await expect.poll(statuses, { timeout: 45_000, interval: 100 }).toEqual(callers.map(() => 401));
  for (const caller of callers) {
    const { body, headers } = await caller.get(route);
    expect(body).toMatchObject({ error_code: 'UNAUTHENTICATED' });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="clientela", error="invalid_token"');
  }
}

// Concurrent, because each test waits for the next poll of the revocation list.
describe.concurrent('access ends at the gateway within 2 s', () => {
  test('for a session that signs out, and for no other session of its user', async ({ expect }) => {
    const first = await setup.createUser('viewer');
    const second = await signInAgain(first);
    await expectRevoked(expect, [first], () => first.post('/auth/logout'));
    expect(await statusOf(second)).toBe(200);
    const third = await signInAgain(first);
    await expectRevoked(expect, [third, second], () => second.post('/auth/logout-all'));
    expect(await statusOf(await signInAgain(first))).toBe(200);
  });

  test('for a session that its user ends from another one', async ({ expect }) => {
    const first = await setup.createUser('viewer');
    const second = await signInAgain(first);
    const { sessions } = (await first.get('/auth/sessions')).body as { sessions: { id: string; current: boolean }[] };
    const other = sessions.find(({ current }) => !current);
    await expectRevoked(expect, [second], () => first.delete(`/auth/sessions/${other?.id}`));
    expect(await statusOf(first)).toBe(200);
  });

  test('for the other sessions when the password changes', async ({ expect }) => {
    const first = await setup.createUser('manager');
    const second = await signInAgain(first);
    const change = { current_password: first.password, new_password: `another ${randomUUID()}` };
    await expectRevoked(expect, [second], () => first.post('/auth/change-password', change));
    expect(await statusOf(first)).toBe(200);
  });

  test('for a user whose role changes; the next sign-in has the new role', async ({ expect }) => {
    const manager = await setup.createUser('manager');
    await expectRevoked(expect, [manager], () => setup.users.admin.put(userPath(manager), { role: 'viewer' }));
    const viewer = await signInAgain(manager);
    expect(viewer.user.role).toBe('viewer');
    expect((await viewer.post(route, { name: 'Not allowed', price: 1 })).status).toBe(403);
  });

  test.for([
    ['gets a new password', (user: SignedInUser) => setup.users.admin.put(userPath(user), { password: randomUUID() })],
    ['is made inactive', (user: SignedInUser) => setup.users.admin.put(userPath(user), { active: false })],
    ['is deactivated', (user: SignedInUser) => setup.users.admin.delete(userPath(user))],
    ['is deleted', (user: SignedInUser) => setup.users.admin.delete(`${userPath(user)}?hard_delete=true`)],
  ] as const)('for a user who %s', async ([, revoke], { expect }) => {
    const user = await setup.createUser('viewer');
    await expectRevoked(expect, [user], () => revoke(user));
    await expect(signInAgain(user)).rejects.toThrow('401');
  });

  test('and in auth at once: a removed admin cannot come back, create an admin, take over another’s account or erase it', async ({
    expect,
  }) => {
    const [removed, victim] = [await setup.createUser('admin'), await setup.createUser('admin')];
    expect((await setup.users.admin.delete(userPath(removed))).status).toBe(200);
    const statuses = new Set<number>();
    for (const end = Date.now() + 1500; Date.now() < end;) {
      const responses = await Promise.all([
        removed.put(userPath(removed), { active: true }),
        removed.post('/api/v1/users', { email: `${randomUUID()}@example.com`, password: randomUUID(), role: 'admin' }),
        removed.put(userPath(victim), { password: randomUUID() }),
        removed.post('/api/gdpr/delete', { user_id: victim.user.id, business_id: setup.company_id }),
      ]);
      for (const { status } of responses) statuses.add(status);
    }
    expect([...statuses]).toEqual([401]);
    expect((await setup.users.admin.get(userPath(removed))).body.is_active).toBe(false);
    await signInAgain(victim);
  });

  test('for all users of a suspended company; once it is active again they need a new sign-in', async ({ expect }) => {
    const { superuser, viewer } = setup.users;
    const setStatus = (status: string) =>
      superuser.put(`/api/v1/companies/${setup.otherAdmin.user.business_id}`, { status });
    await expectRevoked(expect, [setup.otherAdmin], () => setStatus('suspended'));
    await expect(signInAgain(setup.otherAdmin)).rejects.toThrow('401');
    expect([await statusOf(viewer), (await superuser.get('/auth/me')).status]).toEqual([200, 200]);
    expect((await setStatus('active')).status).toBe(200);
    const newSession = await signInAgain(setup.otherAdmin);
    await expect.poll(() => statusOf(newSession), { timeout: 45_000, interval: 100 }).toBe(200);
    expect(await statusOf(setup.otherAdmin)).toBe(401); // the earlier session stays ended
  });
});

describe('while auth is unavailable', () => {
  test('tokens stay valid, used or not; revoked ones stay rejected, and a restarted gateway accepts none', async () => {
    const { fleet, users } = setup;
    const revoked = await setup.createUser('viewer');
    await expectRevoked(expect, [revoked], () => revoked.post('/auth/logout'));
    const unused = await signInAgain(users.viewer);
    const { size } = statSync(fleet.logPath('gateway')); // the same line is logged when the gateway starts before auth
    fleet.kill('auth', 'SIGSTOP');
    const began = performance.now();
    const { email, password } = users.viewer;
    const signingIn = setup.anonymous
      .post('/auth/login', { email, password }, { 'X-Forwarded-For': '198.51.100.9' })
      .then(({ status }) => ({ status, ms: performance.now() - began }));
    try {
      const isLogged = () => readFileSync(fleet.logPath('gateway')).includes('revocations: not fetched', size);
      await expect.poll(isLogged, { timeout: 45_000, interval: 50 }).toBe(true);
      expect([await statusOf(users.viewer), await statusOf(revoked)]).toEqual([200, 401]);
      expect(await statusOf(unused)).toBe(200);
      const signIn = await signingIn;
      expect(signIn.status).toBe(504);
      expect(signIn.ms).toBeLessThan(14_000); // the silence of 5 s ends it, not the deadline of 15 s

      fleet.kill('gateway', 'SIGKILL');
      const statusOrZero = (caller: Client) => statusOf(caller).catch(() => 0);
      await expect.poll(() => statusOrZero(users.viewer), { timeout: 45_000, interval: 100 }).toBe(503);
      expect(await statusOrZero(revoked)).toBe(503); // not 401, because the gateway cannot know
      const ready = await setup.anonymous.get('/ready');
      expect([ready.status, ready.body.status]).toEqual([503, 'starting']);
    } finally {
      fleet.kill('auth', 'SIGCONT');
    }
    await expect.poll(() => statusOf(users.viewer), { timeout: 45_000, interval: 100 }).toBe(200);
    expect(await statusOf(revoked)).toBe(401);
  });
});

describe('HS256', () => {
  test('signs with the shared secret; a token that differs in any claim, secret or algorithm is rejected', async () => {
    const { admin } = setup.users;
    const verified = jwt.verify(admin.token ?? '', secret, {
      algorithms: ['HS256'],
      audience: 'clientela',
      complete: true,
    });
    expect(verified.header).toMatchObject({ alg: 'HS256', typ: 'at+jwt' });
    const claims = verified.payload as jwt.JwtPayload;
    const now = Math.floor(Date.now() / 1000);
    const signed = (changes: object, key = secret, alg: 'HS256' | 'HS512' = 'HS256') =>
      client(setup.fleet.url, jwt.sign({ ...claims, ...changes }, key, { header: { alg, typ: 'at+jwt' } }));
    expect(await statusOf(signed({ jti: randomUUID() }))).toBe(200);
    const invalid = {
      expired: signed({ iat: now - 3600, exp: now - 60 }),
      'wrong audience': signed({ aud: 'another' }),
      'another secret': signed({}, randomBytes(32).toString('base64url')),
      HS512: signed({}, secret, 'HS512'),
    };
    for (const [name, caller] of Object.entries(invalid)) expect([name, await statusOf(caller)]).toEqual([name, 401]);
    const { keys } = (await setup.anonymous.get('/.well-known/jwks.json')).body as { keys: { use: string }[] };
    expect(keys.map(({ use }) => use)).toEqual(['receipts']);
  });
});

test('LOGIN_RATE limits password attempts per address over all their routes, and nothing else', async () => {
  const { anonymous, users } = setup;
  // This address stays blocked; the other tests come from another.
  const from = { 'X-Forwarded-For': '198.51.100.7' };
  const paths = ['/auth/login', '/api/v1/auth/login', '/auth/change-password', '/api/auth/register'];
  let limited: TestResponse | undefined;
  const wrong = { email: 'nobody@example.com', password: 'x' };
  for (let attempts = 0; attempts <= loginRate && !limited; attempts += 1) {
    const response = await anonymous.post(paths[attempts % paths.length] ?? '', wrong, from);
    if (response.status === 429) limited = response;
    else expect([401, 422]).toContain(response.status);
  }
  expect(limited?.body).toMatchObject({ status: 429, error_code: 'RATE_LIMITED' });
  expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(limited?.headers.get('ratelimit')).toMatch(/"login"; r=0; t=\d+$/);
  const { email, password } = users.admin;
  expect((await anonymous.post('/auth/login', { email, password }, from)).status).toBe(429);
  expect((await users.admin.get(route, from)).status).toBe(200);
});
