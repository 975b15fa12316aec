import { createPublicKey, randomUUID, type JsonWebKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestAuth, testHashingCost, type TestAuth } from '../testing/test-auth.ts';
import { createPasswords } from '../accounts/passwords.ts';

let auth: TestAuth;
let verifiedHashes: (string | undefined)[] = [];

beforeAll(async () => {
  const real = createPasswords({ cost: testHashingCost });
  auth = await createTestAuth({
    passwords: {
      ...real,
      verify: (plain, find, signal) => {
        const findAndRecord = async () => {
          const hashed = await find();
          verifiedHashes.push(hashed);
          return hashed;
        };
        return real.verify(plain, findAndRecord, signal);
      },
    },
  });
});
afterAll(() => auth.close());

const login = (body: object, path = '/auth/login') => auth.anonymous().post(path, body);
const paths = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path).toSorted();

describe('signing in', () => {
  test('returns a token that the published key verifies, and stores the session', async () => {
    const { user, email, password } = await auth.register();
    const { body } = await login({ email: email.toUpperCase(), password })
      .set({ 'User-Agent': `Test ${'x'.repeat(300)}`, 'X-Client-Ip': '192.0.2.44' })
      .expect(200);
    expect(body).toEqual({
      message: 'Signed in',
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
      user: { ...user, last_login: expect.any(String) },
    });

    const decoded = jwt.decode(body.access_token, { complete: true });
    const jwks = (await auth.anonymous().get('/.well-known/jwks.json').expect(200)).body as {
      keys: (JsonWebKey & { kid: string })[];
    };
    const published = jwks.keys.find(({ kid }) => kid === decoded?.header.kid);
    expect(decoded?.header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: published?.kid });
    const claims = jwt.verify(body.access_token, createPublicKey({ key: published as JsonWebKey, format: 'jwk' }), {
      algorithms: ['ES256'],
      issuer: 'clientela',
      audience: 'clientela',
    });
    const now = Math.floor(Date.now() / 1000);
    expect(claims).toEqual({
      sub: user.id,
      sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      role: 'admin',
      company_id: user.business_id,
      iss: 'clientela',
      aud: 'clientela',
      iat: expect.toSatisfy((iat: number) => Math.abs(iat - now) <= 5),
      exp: expect.toSatisfy((exp: number) => Math.abs(exp - now - 900) <= 5),
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const { sid } = claims as { sid: string };
    const session = await auth.database.owner('sessions').where({ id: sid }).first();
    expect(session).toMatchObject({
      user_id: user.id,
      ip: '192.0.2.44',
      device: `Test ${'x'.repeat(195)}`,
      ended_at: null,
    });
    expect((await auth.events()).filter(({ data }) => data['user_id'] === user.id)).toHaveLength(1); // only the registration
  });

  test('accepts the aliases of legacy clients and a username in any case, under each path', async () => {
    const { user, email, password } = await auth.register();
    for (const path of ['/auth/login', '/api/auth/login', '/api/v1/auth/login']) {
      for (const name of [
        { ds_user_email: email },
        { username: user.username.toUpperCase() },
        { username_or_email: email.toUpperCase() },
        { username_or_email: user.username.toUpperCase() },
      ])
        expect((await login({ ...name, password }, path).expect(200)).body.user.id).toBe(user.id);
    }
  });

  test('rejects username_or_email like the other names: unknown with a 401, combined or too long with a 422', async () => {
    const { email, password } = await auth.register();
    await login({ username_or_email: 'nobody-of-this-name', password }).expect(401);
    await login({ username_or_email: 'nobody@', password }).expect(401);
    for (const [body, path] of [
      [{ username_or_email: email, email, password }, 'username_or_email'],
      [{ username_or_email: 'x'.repeat(51), password }, 'username_or_email'],
      [{ password }, 'email'],
    ] as const)
      expect((await login(body).expect(422)).body.errors).toEqual([{ path, message: expect.any(String) }]);
  });

  test('accepts a password in any Unicode normalization form', async () => {
    const { email } = await auth.register({ password: 'contraseña ﬁel' });
    expect((await login({ email, password: 'contrasen\u0303a fiel' })).status).toBe(200);
    expect((await login({ email, password: 'contrasena fiel' })).status).toBe(401);
  });

  test('a superuser’s token has no company', async () => {
    const { user, email, password } = await auth.register();
    await auth.database.owner('users').where({ id: user.id }).update({ role: 'superuser', company_id: null });
    const { body } = await login({ email, password }).expect(200);
    expect(body.user).toMatchObject({ role: 'superuser', is_superuser: true, company_id: null, business_id: null });
    expect(jwt.decode(body.access_token)).not.toHaveProperty('company_id');
  });
});

describe('rejections', () => {
  test('wrong password, unknown user, inactive user and inactive company return the same response after equal work, without a session', async () => {
    const active = await auth.register();
    const inactive = await auth.register();
    await auth.database.owner('users').where({ id: inactive.user.id }).update({ is_active: false });
    const suspended = await auth.register();
    await auth.database.owner('companies').where({ id: suspended.user.business_id }).update({ status: 'suspended' });

    const before = await auth.database.owner('sessions').count({ n: '*' }).first();
    const texts: string[] = [];
    for (const body of [
      { email: active.email, password: `${active.password}!` },
      { username: active.user.username, password: active.password.toUpperCase() },
      { email: `${randomUUID()}@example.com`, password: active.password },
      { username: 'nobody-of-this-name', password: active.password },
      { email: inactive.email, password: inactive.password },
      { email: suspended.email, password: suspended.password },
    ]) {
      verifiedHashes = [];
      const { text, headers } = await login(body).expect(401);
      expect(verifiedHashes, 'verifies one hash for every user').toHaveLength(1);
      expect(headers['www-authenticate']).toBe('Bearer realm="clientela"');
      texts.push(text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, ''));
    }
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('UNAUTHENTICATED');
    expect(await auth.database.owner('sessions').count({ n: '*' }).first()).toEqual(before);
    expect(await auth.database.owner('users').where({ id: inactive.user.id }).first()).toMatchObject({
      last_login: null,
      email_verified_at: null,
    });
  });

  test('hostile bodies return a 4xx that names each invalid field', async () => {
    const { email, password } = await auth.register();
    const invalidPaths = async (body: object) => paths((await login(body).expect(422)).body);
    expect(await invalidPaths({})).toEqual(['email', 'password']);
    expect(await invalidPaths({ email, ds_user_email: email, username: 'ana', password })).toEqual([
      'ds_user_email',
      'username',
    ]);
    expect(await invalidPaths({ email: { $ne: null }, password: ['x'] })).toEqual(['email', 'password']);
    expect(await invalidPaths({ email: `a\u0000@example.com`, password: 'a\u0000b', role: 'admin' })).toEqual([
      'email',
      'password',
      'role',
    ]);
    expect(await invalidPaths({ username: '\ud800', password: '' })).toEqual(['password', 'username']);
    expect(await invalidPaths({ email, password: 'x'.repeat(1_000_000) })).toEqual(['password']);
    expect(await invalidPaths({ username: 'x'.repeat(51), password })).toEqual(['username']);
    await login({ email, password: 'x'.repeat(1_100_000) }).expect(413);
    for (const username of ["' or 1=1 --", '%', '_', 'lower(username)', '1); drop table users; --']) {
      await login({ username, password }).expect(401);
    }
    await login({ email, password }).expect(200);
  });
});
