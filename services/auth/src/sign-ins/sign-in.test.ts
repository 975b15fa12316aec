import { createPublicKey, randomUUID, type JsonWebKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';
import { createPasswords } from '../accounts/passwords.ts';

let auth: AuthUnderTest;
let verified: (string | undefined)[] = [];

beforeAll(async () => {
  const real = createPasswords();
  auth = await authUnderTest({
    passwords: {
      ...real,
      verify: (plain, find, signal) => {
        const looked = async () => {
          const hashed = await find();
          verified.push(hashed);
          return hashed;
        };
        return real.verify(plain, looked, signal);
      },
    },
  });
});
afterAll(() => auth.close());

const login = (body: object, path = '/auth/login') => auth.anonymous().post(path, body);
const paths = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path).toSorted();

describe('signing in', () => {
  test('answers a token that the published key verifies, and remembers the session', async () => {
    const { user, email, password } = await auth.registered();
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
    expect((await auth.events()).filter(({ data }) => data['user_id'] === user.id)).toHaveLength(1); // its registration alone
  });

  test('takes the body that CRM Finance sends, a username in any case, under both paths', async () => {
    const { user, email, password } = await auth.registered();
    for (const path of ['/auth/login', '/api/auth/login']) {
      expect((await login({ ds_user_email: email, password }, path).expect(200)).body.user.id).toBe(user.id);
      expect((await login({ username: user.username.toUpperCase(), password }, path).expect(200)).body.user.id).toBe(
        user.id,
      );
    }
  });

  test('takes a password however its accents were typed', async () => {
    const { email } = await auth.registered({ password: 'contraseña ﬁel' });
    expect((await login({ email, password: 'contrasen\u0303a fiel' })).status).toBe(200);
    expect((await login({ email, password: 'contrasena fiel' })).status).toBe(401);
  });

  test('a superuser’s token names no company', async () => {
    const { user, email, password } = await auth.registered();
    await auth.database.owner('users').where({ id: user.id }).update({ role: 'superuser', company_id: null });
    const { body } = await login({ email, password }).expect(200);
    expect(body.user).toMatchObject({ role: 'superuser', is_superuser: true, company_id: null, business_id: null });
    expect(jwt.decode(body.access_token)).not.toHaveProperty('company_id');
  });
});

describe('refusals', () => {
  test('wrong, unknown, inactive, of an inactive company: the same answer after the same work, and no session', async () => {
    const known = await auth.registered();
    const inactive = await auth.registered();
    await auth.database.owner('users').where({ id: inactive.user.id }).update({ is_active: false });
    const suspended = await auth.registered();
    await auth.database.owner('companies').where({ id: suspended.user.business_id }).update({ status: 'suspended' });

    const before = await auth.database.owner('sessions').count({ n: '*' }).first();
    const said: string[] = [];
    for (const body of [
      { email: known.email, password: `${known.password}!` },
      { username: known.user.username, password: known.password.toUpperCase() },
      { email: `${randomUUID()}@example.com`, password: known.password },
      { username: 'nobody-of-this-name', password: known.password },
      { email: inactive.email, password: inactive.password },
      { email: suspended.email, password: suspended.password },
    ]) {
      verified = [];
      const { text, headers } = await login(body).expect(401);
      expect(verified, 'hashes once, whoever it is').toHaveLength(1);
      expect(headers['www-authenticate']).toBe('Bearer realm="clientela"');
      said.push(text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, ''));
    }
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toContain('UNAUTHENTICATED');
    expect(await auth.database.owner('sessions').count({ n: '*' }).first()).toEqual(before);
    expect(await auth.database.owner('users').where({ id: inactive.user.id }).first()).toMatchObject({
      last_login: null,
    });
  });

  test('hostile bodies are 4xx that name each bad field', async () => {
    const { email, password } = await auth.registered();
    const bad = async (body: object) => paths((await login(body).expect(422)).body);
    expect(await bad({})).toEqual(['email', 'password']);
    expect(await bad({ email, ds_user_email: email, username: 'ana', password })).toEqual([
      'ds_user_email',
      'username',
    ]);
    expect(await bad({ email: { $ne: null }, password: ['x'] })).toEqual(['email', 'password']);
    expect(await bad({ email: `a\u0000@example.com`, password: 'a\u0000b', role: 'admin' })).toEqual([
      'email',
      'password',
      'role',
    ]);
    expect(await bad({ username: '\ud800', password: '' })).toEqual(['password', 'username']);
    expect(await bad({ email, password: 'x'.repeat(1_000_000) })).toEqual(['password']);
    expect(await bad({ username: 'x'.repeat(51), password })).toEqual(['username']);
    await login({ email, password: 'x'.repeat(1_100_000) }).expect(413);
    for (const username of ["' or 1=1 --", '%', '_', 'lower(username)', '1); drop table users; --']) {
      await login({ username, password }).expect(401);
    }
    await login({ email, password }).expect(200);
  });
});
