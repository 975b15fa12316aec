import { createPublicKey, createSecretKey, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { validClaims, signingKey, startTestGateway, signToken, until, user_id } from './testing/gateway.ts';

const paths = { customer: { '/api/customers': { get: {} } } };
const secret = `${randomBytes(24).toString('base64url')} ñ`;
const now = () => Math.floor(Date.now() / 1000);
const hs256 = { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: secret };

/** Signs a token as auth does with the shared secret; `undefined` omits a claim. */
function signed(claims: object = {}, header: object = {}, signingSecret = secret) {
  const payload = Object.fromEntries(
    Object.entries({ ...validClaims(), ...claims }).filter(([, value]) => value !== undefined),
  );
  return jwt.sign(payload, createSecretKey(signingSecret, 'utf8'), {
    header: { alg: 'HS256', typ: 'at+jwt', ...header },
  });
}

test('HS256 verifies tokens with the shared secret and never fetches keys', async () => {
  const gateway = await startTestGateway({ paths, settings: hs256 });
  const get = async (token: string) =>
    (await gateway.call({ path: '/api/customers', headers: { Authorization: `Bearer ${token}` } })).status;
  expect([await get(signed()), await get(signed({}, { kid: 'any' }))]).toEqual([200, 200]);
  expect(gateway.reached.at(-1)?.headers['x-user-id']).toBe(user_id);
  expect(gateway.jwks.fetchCount).toBe(0);

  const invalidTokens: Record<string, string> = {
    ES256: gateway.token,
    'another secret': signed({}, {}, randomBytes(32).toString('base64url')),
    'no secret': signed({}, {}, ' '),
    HS512: jwt.sign(validClaims(), secret, { algorithm: 'HS512', header: { alg: 'HS512', typ: 'at+jwt' } }),
    none: `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')}.${signed().split('.')[1]}.`,
    expired: signed({ iat: now() - 100, exp: now() - 6 }),
    'another audience': signed({ aud: 'other' }),
    'another issuer': signed({ iss: 'other' }),
    'no sid': signed({ sid: undefined }),
    'no type': signed({}, { typ: 'JWT' }),
    'unknown crit': signed({}, { crit: ['b64'], b64: true }),
  };
  for (const [what, token] of Object.entries(invalidTokens)) expect([what, await get(token)]).toEqual([what, 401]);

  const { sid } = validClaims();
  gateway.revocations.respond = () => ({
    body: {
      as_of: new Date().toISOString(),
      sessions: [{ sid, until: new Date(Date.now() + 900_000).toISOString() }],
      companies: [],
    },
  });
  await until(async () => (await get(signed())) === 401, 'the revoked session is rejected');
});

test('ES256 rejects tokens signed with the shared secret or the public key', async () => {
  const gateway = await startTestGateway({ paths, settings: { JWT_SECRET_KEY: secret } });
  const { key } = gateway;
  const pem = createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  const tokens = [
    signed({}, { kid: key.kid }),
    signed(),
    signed({}, { kid: key.kid }, pem),
    signToken(signingKey(key.kid)),
  ];
  for (const token of tokens)
    expect((await gateway.call({ path: '/api/customers', headers: { Authorization: `Bearer ${token}` } })).status).toBe(
      401,
    );
  expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);
});
