import { createPublicKey, createSecretKey, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { goodClaims, signingKey, startStreet, tokenOf, until, user_id } from './test-street.ts';

const paths = { customer: { '/api/customers': { get: {} } } };
const secret = `${randomBytes(24).toString('base64url')} ñ`;
const now = () => Math.floor(Date.now() / 1000);
const hs256 = { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: secret };

/** A token as auth makes it with the shared secret; `undefined` leaves a claim out. */
function signed(claims: object = {}, header: object = {}, by = secret) {
  const payload = Object.fromEntries(
    Object.entries({ ...goodClaims(), ...claims }).filter(([, value]) => value !== undefined),
  );
  return jwt.sign(payload, createSecretKey(by, 'utf8'), { header: { alg: 'HS256', typ: 'at+jwt', ...header } });
}

test('with HS256 tokens are verified by the shared secret, without asking auth for keys', async () => {
  const street = await startStreet({ paths, settings: hs256 });
  const get = async (token: string) =>
    (await street.call({ path: '/api/customers', headers: { Authorization: `Bearer ${token}` } })).status;
  expect([await get(signed()), await get(signed({}, { kid: 'any' }))]).toEqual([200, 200]);
  expect(street.reached.at(-1)?.headers['x-user-id']).toBe(user_id);
  expect(street.jwks.asked).toBe(0);

  const bad: Record<string, string> = {
    ES256: street.token,
    'another secret': signed({}, {}, randomBytes(32).toString('base64url')),
    'no secret': signed({}, {}, ' '),
    HS512: jwt.sign(goodClaims(), secret, { algorithm: 'HS512', header: { alg: 'HS512', typ: 'at+jwt' } }),
    none: `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')}.${signed().split('.')[1]}.`,
    expired: signed({ iat: now() - 100, exp: now() - 6 }),
    'another audience': signed({ aud: 'other' }),
    'another issuer': signed({ iss: 'other' }),
    'no sid': signed({ sid: undefined }),
    'no type': signed({}, { typ: 'JWT' }),
    'unknown crit': signed({}, { crit: ['b64'], b64: true }),
  };
  for (const [what, token] of Object.entries(bad)) expect([what, await get(token)]).toEqual([what, 401]);

  const { sid } = goodClaims();
  street.revocations.answer = () => ({
    body: {
      as_of: new Date().toISOString(),
      sessions: [{ sid, until: new Date(Date.now() + 900_000).toISOString() }],
      companies: [],
    },
  });
  await until(async () => (await get(signed())) === 401, 'a revoked session ends here too');
});

test('with ES256 a shared secret opens nothing, not even the public key', async () => {
  const street = await startStreet({ paths, settings: { JWT_SECRET_KEY: secret } });
  const { key } = street;
  const pem = createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  const tokens = [
    signed({}, { kid: key.kid }),
    signed(),
    signed({}, { kid: key.kid }, pem),
    tokenOf(signingKey(key.kid)),
  ];
  for (const token of tokens)
    expect((await street.call({ path: '/api/customers', headers: { Authorization: `Bearer ${token}` } })).status).toBe(
      401,
    );
  expect((await street.as({ path: '/api/customers' })).status).toBe(200);
});
