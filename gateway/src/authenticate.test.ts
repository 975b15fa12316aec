import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { company_id, goodClaims, session_id, signingKey, startStreet, tokenOf, until, user_id } from './test-street.ts';

const paths = { customer: { '/api/customers': { get: {} } }, auth: { '/auth/login': { post: { open: true } } } };
const now = () => Math.floor(Date.now() / 1000);
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('a closed route', () => {
  test('opens with a good token, and the service learns who calls', async () => {
    const street = await startStreet({ paths });
    expect((await street.as({ path: '/api/customers' })).status).toBe(200);
    expect(
      (await street.call({ path: '/api/customers', headers: { Authorization: `bearer   ${street.token}` } })).status,
    ).toBe(200);
    expect(street.reached.at(-1)?.headers).toMatchObject({
      'x-user-id': user_id,
      'x-user-role': 'admin',
      'x-company-id': company_id,
      'x-session-id': session_id,
    });

    const superuser = tokenOf(street.key, { role: 'superuser', company_id: undefined });
    expect(
      (await street.call({ path: '/api/customers', headers: { ...bearer(superuser), 'X-Company-Id': company_id } }))
        .status,
    ).toBe(200);
    expect(street.reached.at(-1)?.headers['x-user-role']).toBe('superuser');
    expect(street.reached.at(-1)?.headers).not.toHaveProperty('x-company-id');
  });

  test('answers 401 with the challenge of RFC 6750 without a token', async () => {
    const street = await startStreet({ paths });
    for (const headers of [{}, { Authorization: 'Basic YTpi' }, { Authorization: 'Bearer' }]) {
      const { status, headers: got, json } = await street.call({ path: '/api/customers', headers });
      expect([status, got['www-authenticate'], json.error_code]).toEqual([
        401,
        'Bearer realm="clientela"',
        'UNAUTHENTICATED',
      ]);
      expect(got['content-type']).toContain('application/problem+json');
    }
    expect(street.reached).toEqual([]);
  });

  test('answers 401 invalid_token for every token that is not exactly ours', async () => {
    const street = await startStreet({ paths });
    const { key } = street;
    const other = signingKey(key.kid);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const payload = street.token.split('.')[1] ?? '';
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: key.kid })).toString('base64url');
    const hmac = jwt.sign(
      goodClaims(),
      createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
      {
        header: { alg: 'HS256', typ: 'at+jwt', kid: key.kid },
      },
    );
    const bad: Record<string, string> = {
      garbage: 'garbage',
      dots: '..',
      'no signature': `${unsigned}.${payload}.`,
      'signature cut': street.token.slice(0, -4),
      'payload changed': street.token.replace(
        payload,
        Buffer.from(JSON.stringify({ ...goodClaims(), role: 'superuser' })).toString('base64url'),
      ),
      'signed by another key': tokenOf(other),
      'unknown kid': tokenOf(signingKey()),
      'no kid': tokenOf(key, {}, { kid: undefined }),
      RS256: jwt.sign(goodClaims(), rsa, { header: { alg: 'RS256', typ: 'at+jwt', kid: key.kid } }),
      'the public key as a secret': hmac,
      'an id token': tokenOf(key, {}, { typ: 'JWT' }),
      'no typ': tokenOf(key, {}, { typ: undefined }),
      'unknown crit': tokenOf(key, {}, { crit: ['b64'], b64: true }),
      expired: tokenOf(key, { iat: now() - 100, exp: now() - 6 }),
      'no exp': tokenOf(key, { exp: undefined }),
      'two parts': tokenOf(key).replace(/\.[^.]*\./, () => '.'),
      'exp 1e300': jwt.sign(JSON.stringify({ ...goodClaims(), exp: 1e300 }), key.privateKey, {
        header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      }),
      'no iat': tokenOf(key, { iat: undefined }),
      'from the future': tokenOf(key, { iat: now() + 60 }),
      'not yet': tokenOf(key, { nbf: now() + 60 }),
      'another issuer': tokenOf(key, { iss: 'other' }),
      'no issuer': tokenOf(key, { iss: undefined }),
      'another audience': tokenOf(key, { aud: 'other' }),
      'two audiences': tokenOf(key, { aud: ['clientela', 'other'] }),
      'no audience': tokenOf(key, { aud: undefined }),
      'no sub': tokenOf(key, { sub: undefined }),
      'sub is no uuid': tokenOf(key, { sub: 'me' }),
      'no sid': tokenOf(key, { sid: undefined }),
      'sid is no uuid': tokenOf(key, { sid: '1' }),
      'no jti': tokenOf(key, { jti: undefined }),
      'unknown role': tokenOf(key, { role: 'root' }),
      'no role': tokenOf(key, { role: undefined }),
      'an admin without a company': tokenOf(key, { company_id: undefined }),
      'a superuser with a company': tokenOf(key, { role: 'superuser' }),
      'company is no uuid': tokenOf(key, { company_id: 'COMP-001' }),
      'too long': tokenOf(key, { note: 'x'.repeat(5000) }),
      'a string as payload': jwt.sign('text', key.privateKey, {
        header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      }),
    };
    for (const [what, token] of Object.entries(bad)) {
      const { status, headers } = await street.call({ path: '/api/customers', headers: bearer(token) });
      expect([what, status, headers['www-authenticate']]).toEqual([
        what,
        401,
        'Bearer realm="clientela", error="invalid_token"',
      ]);
    }
    expect(street.reached).toEqual([]);
    // The clocks of two machines may differ a little.
    expect(
      (await street.call({ path: '/api/customers', headers: bearer(tokenOf(key, { iat: now() - 9, exp: now() - 2 })) }))
        .status,
    ).toBe(200);
  });

  test('a remembered token ends with its exp, and with its key', async () => {
    const street = await startStreet({ paths, limits: { clock_tolerance: 0, keys_refresh: 30 } });
    const get = async (token: string) => (await street.call({ path: '/api/customers', headers: bearer(token) })).status;
    const short = tokenOf(street.key, { exp: now() + 2 });
    expect(await get(short)).toBe(200);
    expect(await get(short)).toBe(200);
    await until(async () => (await get(short)) === 401, 'the remembered token ends');

    expect(await get(street.token)).toBe(200);
    street.jwks.keys = { keys: [signingKey().jwk] };
    await until(async () => (await get(street.token)) === 401, 'the withdrawn key ends its tokens');
  });
});

test('an open route stays open whatever token comes along, and a bad one carries no identity', async () => {
  const street = await startStreet({ paths });
  const login = async (headers: Record<string, string>) =>
    (await street.call({ method: 'POST', path: '/auth/login', headers })).status;
  expect(await login({})).toBe(200);
  expect(await login({ ...bearer('garbage'), 'X-User-Id': user_id })).toBe(200);
  expect(await login(bearer(tokenOf(street.key, { exp: now() - 60 })))).toBe(200);
  for (const { headers } of street.reached) {
    expect(Object.keys(headers).filter((name) => /^x-(user|company|session)|authorization/.test(name))).toEqual([]);
    expect(headers['x-service-key']).toBe(street.service_key);
  }
});

describe('the keys', () => {
  test('without keys a closed route is 503 with Retry-After, never 401, and works as soon as auth is there', async () => {
    const street = await startStreet({ paths, keys: { keys: [] }, started: false });
    const { status, headers, json } = await street.as({ path: '/api/customers' });
    expect([status, json.error_code, headers['retry-after'], headers['www-authenticate']]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      '1',
      undefined,
    ]);
    expect((await street.call({ path: '/api/customers' })).status).toBe(401);
    expect((await street.call({ path: '/ready' })).json).toMatchObject({ status: 'starting' });
    expect((await street.call({ method: 'POST', path: '/auth/login' })).status).toBe(200);

    street.jwks.keys = undefined;
    await until(async () => (await street.as({ path: '/api/customers' })).status === 200, 'the keys are fetched');
  });

  test('only public ES256 signing keys are taken', async () => {
    const good = signingKey();
    const as = (jwk: object) => {
      const { kid, privateKey } = signingKey();
      return {
        kid,
        privateKey,
        jwk: { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256', ...jwk },
      };
    };
    const encryption = as({ use: 'enc' });
    const receipts = as({ use: 'receipts' });
    const unnamed = as({ alg: undefined });
    const secret = as({ d: 'AAAA' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    const keys = [
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig', alg: 'RS256' },
      { ...ed, kid: 'ed', use: 'sig', alg: 'EdDSA' },
      { kty: 'oct', k: 'AAAA', kid: 'oct', use: 'sig', alg: 'ES256' },
      { ...good.jwk, x: good.jwk.y, kid: 'no point' },
      ...[encryption, receipts, unnamed, secret].map(({ jwk }) => jwk),
      'not a key',
      ...Array.from({ length: 500 }, () => ({ ...receipts.jwk, kid: randomUUID() })), // of a long life
      good.jwk,
    ];
    const street = await startStreet({ paths, keys: { keys } });
    const status = async (token: string) =>
      (await street.call({ path: '/api/customers', headers: bearer(token) })).status;
    expect(await status(tokenOf(good))).toBe(200);
    for (const { kid, privateKey, jwk } of [encryption, receipts, unnamed, secret]) {
      expect(await status(tokenOf({ kid, privateKey, jwk: { ...good.jwk, ...(jwk as object) } }))).toBe(401);
    }
  });

  test('a new key is found on demand; a flood of unknown ones asks auth no more than allowed', async () => {
    const street = await startStreet({ paths, limits: { keys_on_demand: 0 } });
    const next = signingKey();
    street.jwks.keys = { keys: [street.key.jwk, next.jwk] };
    expect((await street.call({ path: '/api/customers', headers: bearer(tokenOf(next)) })).status).toBe(200);
    expect((await street.as({ path: '/api/customers' })).status).toBe(200);

    const calm = await startStreet({ paths });
    const asked = calm.jwks.asked;
    for (let i = 0; i < 20; i += 1) {
      expect(
        (await calm.call({ path: '/api/customers', headers: bearer(tokenOf(signingKey(randomUUID()))) })).status,
      ).toBe(401);
    }
    expect(calm.jwks.asked).toBeLessThanOrEqual(asked + 1);
  });

  test('keys stay while auth is away', async () => {
    const street = await startStreet({ paths, limits: { keys_refresh: 10 } });
    const asked = street.jwks.asked;
    street.jwks.keys = 'nonsense';
    await until(() => street.jwks.asked > asked + 3, 'auth is asked again');
    expect((await street.as({ path: '/api/customers' })).status).toBe(200);
  });
});
