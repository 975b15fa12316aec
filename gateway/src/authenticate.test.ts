import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import {
  company_id,
  validClaims,
  session_id,
  signingKey,
  startTestGateway,
  signToken,
  until,
  user_id,
} from './testing/gateway.ts';

const paths = { customer: { '/api/customers': { get: {} } }, auth: { '/auth/login': { post: { open: true } } } };
const now = () => Math.floor(Date.now() / 1000);
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('a protected route', () => {
  test('accepts a valid token and forwards its identity to the service', async () => {
    const gateway = await startTestGateway({ paths });
    expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);
    expect(
      (await gateway.call({ path: '/api/customers', headers: { Authorization: `bearer   ${gateway.token}` } })).status,
    ).toBe(200);
    expect(gateway.reached.at(-1)?.headers).toMatchObject({
      'x-user-id': user_id,
      'x-user-role': 'admin',
      'x-company-id': company_id,
      'x-session-id': session_id,
    });

    const superuser = signToken(gateway.key, { role: 'superuser', company_id: undefined });
    expect(
      (await gateway.call({ path: '/api/customers', headers: { ...bearer(superuser), 'X-Company-Id': company_id } }))
        .status,
    ).toBe(200);
    expect(gateway.reached.at(-1)?.headers['x-user-role']).toBe('superuser');
    expect(gateway.reached.at(-1)?.headers).not.toHaveProperty('x-company-id');
  });

  test('responds 401 with the RFC 6750 challenge without a token', async () => {
    const gateway = await startTestGateway({ paths });
    for (const headers of [{}, { Authorization: 'Basic YTpi' }, { Authorization: 'Bearer' }]) {
      const { status, headers: got, json } = await gateway.call({ path: '/api/customers', headers });
      expect([status, got['www-authenticate'], json.error_code]).toEqual([
        401,
        'Bearer realm="clientela"',
        'UNAUTHENTICATED',
      ]);
      expect(got['content-type']).toContain('application/problem+json');
    }
    expect(gateway.reached).toEqual([]);
  });

  test('responds 401 invalid_token to every malformed, foreign, expired or unsigned token', async () => {
    const gateway = await startTestGateway({ paths });
    const { key } = gateway;
    const other = signingKey(key.kid);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const payload = gateway.token.split('.')[1] ?? '';
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: key.kid })).toString('base64url');
    const hmac = jwt.sign(
      validClaims(),
      createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
      {
        header: { alg: 'HS256', typ: 'at+jwt', kid: key.kid },
      },
    );
    const invalidTokens: Record<string, string> = {
      garbage: 'garbage',
      dots: '..',
      'a deep header': `${Buffer.from('['.repeat(3000)).toString('base64url')}.${payload}.x`,
      'a deep payload': signToken(key, {
        note: JSON.parse(`${'['.repeat(700)}${']'.repeat(700)}`) as unknown,
        sid: '1',
      }),
      'no signature': `${unsigned}.${payload}.`,
      'signature cut': gateway.token.slice(0, -4),
      'payload changed': gateway.token.replace(
        payload,
        Buffer.from(JSON.stringify({ ...validClaims(), role: 'superuser' })).toString('base64url'),
      ),
      'signed by another key': signToken(other),
      'unknown kid': signToken(signingKey()),
      'no kid': signToken(key, {}, { kid: undefined }),
      RS256: jwt.sign(validClaims(), rsa, { header: { alg: 'RS256', typ: 'at+jwt', kid: key.kid } }),
      'the public key as a secret': hmac,
      'an id token': signToken(key, {}, { typ: 'JWT' }),
      'no typ': signToken(key, {}, { typ: undefined }),
      'unknown crit': signToken(key, {}, { crit: ['b64'], b64: true }),
      expired: signToken(key, { iat: now() - 100, exp: now() - 6 }),
      'no exp': signToken(key, { exp: undefined }),
      'two parts': signToken(key).replace(/\.[^.]*\./, () => '.'),
      'exp 1e300': jwt.sign(JSON.stringify({ ...validClaims(), exp: 1e300 }), key.privateKey, {
        header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      }),
      'no iat': signToken(key, { iat: undefined }),
      'from the future': signToken(key, { iat: now() + 60 }),
      'not yet': signToken(key, { nbf: now() + 60 }),
      'another issuer': signToken(key, { iss: 'other' }),
      'no issuer': signToken(key, { iss: undefined }),
      'another audience': signToken(key, { aud: 'other' }),
      'two audiences': signToken(key, { aud: ['clientela', 'other'] }),
      'no audience': signToken(key, { aud: undefined }),
      'no sub': signToken(key, { sub: undefined }),
      'sub is no uuid': signToken(key, { sub: 'me' }),
      'no sid': signToken(key, { sid: undefined }),
      'sid is no uuid': signToken(key, { sid: '1' }),
      'no jti': signToken(key, { jti: undefined }),
      'unknown role': signToken(key, { role: 'root' }),
      'no role': signToken(key, { role: undefined }),
      'an admin without a company': signToken(key, { company_id: undefined }),
      'a superuser with a company': signToken(key, { role: 'superuser' }),
      'company is no uuid': signToken(key, { company_id: 'COMP-001' }),
      'too long': signToken(key, { note: 'x'.repeat(5000) }),
      'a string as payload': jwt.sign('text', key.privateKey, {
        header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      }),
    };
    for (const [what, token] of Object.entries(invalidTokens)) {
      const { status, headers } = await gateway.call({ path: '/api/customers', headers: bearer(token) });
      expect([what, status, headers['www-authenticate']]).toEqual([
        what,
        401,
        'Bearer realm="clientela", error="invalid_token"',
      ]);
    }
    expect(gateway.reached).toEqual([]);
    // Tolerates small clock differences.
    expect(
      (
        await gateway.call({
          path: '/api/customers',
          headers: bearer(signToken(key, { iat: now() - 9, exp: now() - 2 })),
        })
      ).status,
    ).toBe(200);
  });

  test('a cached token ends at its exp, and when its key is withdrawn', async () => {
    const gateway = await startTestGateway({ paths, limits: { clockToleranceSeconds: 0, jwksRefreshInterval: 30 } });
    const get = async (token: string) =>
      (await gateway.call({ path: '/api/customers', headers: bearer(token) })).status;
    const short = signToken(gateway.key, { exp: now() + 2 });
    expect(await get(short)).toBe(200);
    expect(await get(short)).toBe(200);
    await until(async () => (await get(short)) === 401, 'the cached token expires');

    expect(await get(gateway.token)).toBe(200);
    gateway.jwks.keys = { keys: [signingKey().jwk] };
    await until(async () => (await get(gateway.token)) === 401, 'tokens of the withdrawn key are rejected');
  });
});

test('an open route accepts any token, and an invalid one carries no identity', async () => {
  const gateway = await startTestGateway({ paths });
  const login = async (headers: Record<string, string>) =>
    (await gateway.call({ method: 'POST', path: '/auth/login', headers })).status;
  expect(await login({})).toBe(200);
  expect(await login({ ...bearer('garbage'), 'X-User-Id': user_id })).toBe(200);
  expect(await login(bearer(signToken(gateway.key, { exp: now() - 60 })))).toBe(200);
  for (const { headers } of gateway.reached) {
    expect(Object.keys(headers).filter((name) => /^x-(user|company|session)|authorization/.test(name))).toEqual([]);
    expect(headers['x-service-key']).toBe(gateway.serviceKey);
  }
});

describe('the JWKS client', () => {
  test('without keys a protected route is 503 with Retry-After, never 401, until auth is available', async () => {
    const gateway = await startTestGateway({ paths, keys: { keys: [] }, waitUntilReady: false });
    const { status, headers, json } = await gateway.callSignedIn({ path: '/api/customers' });
    expect([status, json.error_code, headers['retry-after'], headers['www-authenticate']]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      '1',
      undefined,
    ]);
    expect((await gateway.call({ path: '/api/customers' })).status).toBe(401);
    expect((await gateway.call({ path: '/ready' })).json).toMatchObject({ status: 'starting' });
    expect((await gateway.call({ method: 'POST', path: '/auth/login' })).status).toBe(200);

    gateway.jwks.keys = undefined;
    await until(
      async () => (await gateway.callSignedIn({ path: '/api/customers' })).status === 200,
      'the keys are fetched',
    );
  });

  test('accepts public ES256 signing keys only, never receipt keys', async () => {
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
      { ...good.jwk, x: good.jwk.y, kid: 'not on the curve' },
      ...[encryption, receipts, unnamed, secret].map(({ jwk }) => jwk),
      'not a key',
      ...Array.from({ length: 500 }, () => ({ ...receipts.jwk, kid: randomUUID() })), // receipt keys of many years
      good.jwk,
    ];
    const gateway = await startTestGateway({ paths, keys: { keys } });
    const status = async (token: string) =>
      (await gateway.call({ path: '/api/customers', headers: bearer(token) })).status;
    expect(await status(signToken(good))).toBe(200);
    for (const { kid, privateKey, jwk } of [encryption, receipts, unnamed, secret]) {
      expect(await status(signToken({ kid, privateKey, jwk: { ...good.jwk, ...(jwk as object) } }))).toBe(401);
    }
  });

  test('fetches an unknown kid on demand; a flood of unknown kids fetches at most once per interval', async () => {
    const gateway = await startTestGateway({ paths, limits: { jwksOnDemandInterval: 0 } });
    const next = signingKey();
    gateway.jwks.keys = { keys: [gateway.key.jwk, next.jwk] };
    expect((await gateway.call({ path: '/api/customers', headers: bearer(signToken(next)) })).status).toBe(200);
    expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);

    const quiet = await startTestGateway({ paths });
    const fetchCount = quiet.jwks.fetchCount;
    for (let i = 0; i < 20; i += 1) {
      expect(
        (await quiet.call({ path: '/api/customers', headers: bearer(signToken(signingKey(randomUUID()))) })).status,
      ).toBe(401);
    }
    expect(quiet.jwks.fetchCount).toBeLessThanOrEqual(fetchCount + 1);
  });

  test('keeps its keys while auth is unavailable', async () => {
    const gateway = await startTestGateway({ paths, limits: { jwksRefreshInterval: 10 } });
    const fetchCount = gateway.jwks.fetchCount;
    gateway.jwks.keys = 'nonsense';
    await until(() => gateway.jwks.fetchCount > fetchCount + 3, 'further fetches');
    expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);
  });
});
