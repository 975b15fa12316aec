import { randomBytes, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect } from 'vitest';
import { client, loginRate, sharedSecret as secret, type TestResponse } from '../testing/test-fleet.ts';
import { accessTest as test, expectRevoked, route, signInAgain, statusOf, userPath } from './revocation.ts';

// Concurrent, because each test waits for the next poll of the revocation list. Other reasons: revocation.large.test.ts.
describe.concurrent('access ends at the gateway within 2 s', () => {
  test('for a session that signs out, and for no other session of its user', async ({ setup, expect }) => {
    const first = await setup.createUser('viewer');
    const second = await signInAgain(setup, first);
    await expectRevoked(expect, [first], () => first.post('/auth/logout'));
    expect(await statusOf(second)).toBe(200);
    const third = await signInAgain(setup, first);
    await expectRevoked(expect, [third, second], () => second.post('/auth/logout-all'));
    expect(await statusOf(await signInAgain(setup, first))).toBe(200);
  });

  test('for a user who is deactivated', async ({ setup, expect }) => {
    const user = await setup.createUser('viewer');
    await expectRevoked(expect, [user], () => setup.users.admin.delete(userPath(user)));
    await expect(signInAgain(setup, user)).rejects.toThrow('401');
  });

  test('for all users of a suspended company; once it is active again they need a new sign-in', async ({
    setup,
    expect,
  }) => {
    const { superuser, viewer } = setup.users;
    const setStatus = (status: string) =>
      superuser.put(`/api/v1/companies/${setup.otherAdmin.user.business_id}`, { status });
    await expectRevoked(expect, [setup.otherAdmin], () => setStatus('suspended'));
    await expect(signInAgain(setup, setup.otherAdmin)).rejects.toThrow('401');
    expect([await statusOf(viewer), (await superuser.get('/auth/me')).status]).toEqual([200, 200]);
    expect((await setStatus('active')).status).toBe(200);
    const newSession = await signInAgain(setup, setup.otherAdmin);
    await expect.poll(() => statusOf(newSession), { timeout: 45_000, interval: 100 }).toBe(200);
    expect(await statusOf(setup.otherAdmin)).toBe(401); // the earlier session stays ended
  });
});

describe('HS256', () => {
  test('signs with the shared secret; a token that differs in any claim, secret or algorithm is rejected', async ({
    setup,
  }) => {
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

test('LOGIN_RATE limits password attempts per address over all their routes, and nothing else', async ({ setup }) => {
  const { anonymous, users } = setup;
  // This address stays blocked; the other tests come from another.
  const from = { 'X-Forwarded-For': '198.51.100.7' };
  const signIns = ['/auth/login', '/api/v1/auth/login'];
  const others = ['/auth/change-password', '/api/auth/register']; // rejected before they hash a password, which takes long
  let limited: TestResponse | undefined;
  const wrong = { email: 'nobody@example.com', password: 'x' };
  for (let attempts = 0; attempts <= loginRate && !limited; attempts += 1) {
    const paths = attempts < 8 ? signIns : others;
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
