import { createPublicKey, generateKeyPairSync, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect, type Db } from '@clientela/db';
import { folderOf } from '@clientela/fleet';
import jwt from 'jsonwebtoken';
import { expect } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import type { AccessSetup, SignedInUser } from './access-setup.ts';

type Keys = {
  loadSigningKeys: (db: Db, authSecret: string) => Promise<{ current: () => { key: KeyObject } }>;
};
type Receipts = {
  createReceiptKeyLoader: (authSecret: string) => (db: Db) => Promise<{ kid: string; key: KeyObject }>;
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens of an admin, each invalid in one respect. */
export async function badTokens(
  { fleet, users, anonymous, createUser }: AccessSetup,
  options: { further?: boolean } = {},
): Promise<Record<string, string>> {
  const valid = users.admin.token ?? '';
  const [header = '', payload = '', signature = ''] = valid.split('.');
  const claims = jwt.decode(valid) as jwt.JwtPayload;
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };

  // The installation's own key, so that these are signed as auth signs them.
  const db = connect(fleet.databases.auth.url, { name: 'test' });
  const module = (await import(pathToFileURL(join(folderOf('auth'), 'src/keys/signing-key.ts')).href)) as Keys;
  const { key } = (await module.loadSigningKeys(db, fleet.secrets.ownSecrets.auth)).current();
  const receipts = (await import(
    pathToFileURL(join(folderOf('auth'), 'src/receipts/receipt-key.ts')).href
  )) as Receipts;
  const receipt = await receipts.createReceiptKeyLoader(fleet.secrets.ownSecrets.auth)(db);
  await db.destroy();
  const signed = (changes: object, signingKey = key, keyId = kid) =>
    jwt.sign({ ...claims, ...changes }, signingKey, { header: { alg: 'ES256', typ: 'at+jwt', kid: keyId } });
  const now = Math.floor(Date.now() / 1000);
  expect((await client(fleet.url, signed({ jti: randomUUID() })).get('/auth/me')).status).toBe(200);

  const { keys } = (await anonymous.get('/.well-known/jwks.json')).body as { keys: JsonWebKey[] };
  const jwk = keys.find((candidate) => candidate['kid'] === kid) as JsonWebKey;
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  const signedOut = await createUser('admin');
  await signedOut.post('/auth/logout');
  await expect.poll(async () => (await signedOut.get('/auth/me')).status, { timeout: 2000, interval: 25 }).toBe(401);

  return {
    ...(options.further && (await furtherTokens())),
    tampered: `${header}.${part({ ...claims, role: 'superuser', company_id: undefined })}.${signature}`,
    'for another company': `${header}.${part({ ...claims, company_id: randomUUID() })}.${signature}`,
    expired: signed({ iat: now - 3600, exp: now - 60 }),
    'wrong audience': signed({ aud: 'another' }),
    'wrong issuer': signed({ iss: 'another' }),
    'algorithm none': `${part({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
    'HS256 with the public key': jwt.sign(claims, String(pem), { header: { alg: 'HS256', typ: 'at+jwt', kid } }),
    'unknown kid': signed({}, foreign, randomUUID()),
    'another key': signed({}, foreign),
    'the key of receipts': signed({}, receipt.key, receipt.kid),
    revoked: signedOut.token ?? '',
    'not a token': 'not-a-token',
  };

  /** More forms of each kind, which the large test sends to every route. */
  async function furtherTokens(): Promise<Record<string, string>> {
    const withHeader = (fields: object) =>
      jwt.sign(claims, key, { header: { alg: 'ES256', typ: 'at+jwt', kid, ...fields } });
    const without = (name: string) => {
      const { [name]: _, ...rest } = claims;
      return jwt.sign(rest, key, { header: { alg: 'ES256', typ: 'at+jwt', kid }, noTimestamp: name === 'iat' });
    };
    const hmac = (alg: 'HS256' | 'HS384' | 'HS512', secret: string) =>
      jwt.sign(claims, secret, { header: { alg, typ: 'at+jwt', kid } });
    const noneAs = (alg: string) => `${part({ alg, typ: 'at+jwt', kid })}.${payload}.`;
    const bits = Buffer.from(signature, 'base64url');
    bits[0] = (bits[0] ?? 0) ^ 1;
    const path = ({ user }: SignedInUser) => `/api/v1/users/${user.id}`;
    const lost = await Promise.all(
      Object.entries({
        'of a deactivated user': (user: SignedInUser) => users.superuser.delete(path(user)),
        'of a demoted user': (user: SignedInUser) => users.superuser.put(path(user), { role: 'viewer' }),
        'of a deleted user': (user: SignedInUser) => users.superuser.delete(`${path(user)}?hard_delete=true`),
        'from before a new password': (user: SignedInUser) =>
          users.superuser.put(path(user), { password: randomUUID() }),
        'from before the user signed out everywhere': (user: SignedInUser) => user.post('/auth/logout-all'),
      }).map(async ([name, lose]) => {
        const user = await createUser('admin');
        expect([name, (await lose(user)).status]).toEqual([name, 200]);
        const status = async () => (await user.get('/api/products')).status;
        await expect.poll(status, { timeout: 2000, interval: 25 }).toBe(401);
        return [name, user.token ?? ''] as const;
      }),
    );
    return {
      ...Object.fromEntries(lost),
      'algorithm None': noneAs('None'),
      'algorithm NONE with a signature': `${noneAs('NONE')}${signature}`,
      'HS384 with the public key': hmac('HS384', String(pem)),
      'HS512 with the public key': hmac('HS512', String(pem)),
      'HS256 with the key id': hmac('HS256', kid),
      'a header that names ES384': `${part({ alg: 'ES384', typ: 'at+jwt', kid })}.${payload}.${signature}`,
      'a header that brings its key': jwt.sign(claims, foreign, {
        header: {
          alg: 'ES256',
          typ: 'at+jwt',
          kid,
          jwk: createPublicKey(foreign).export({ format: 'jwk' }),
        } as jwt.JwtHeader,
      }),
      'a kid that is a path': withHeader({ kid: '../../../../dev/null' }),
      'a kid that is SQL': withHeader({ kid: `' or '1'='1` }),
      'no kid': withHeader({ kid: undefined }),
      'another type': withHeader({ typ: 'JWT' }),
      'a critical extension': withHeader({ crit: ['exp'] }),
      'one bit of the signature changed': `${header}.${payload}.${bits.toString('base64url')}`,
      'no signature': `${header}.${payload}.`,
      'two parts': `${header}.${payload}`,
      'four parts': `${valid}.${signature}`,
      'the signature of another token': `${header}.${payload}.${signed({ jti: randomUUID() }).split('.')[2]}`,
      'expired by a minute': signed({ exp: now - 60 }),
      'not valid yet': signed({ nbf: now + 600 }),
      'issued in the future': signed({ iat: now + 600, exp: now + 1200 }),
      'several audiences without ours': signed({ aud: ['a', 'b'] }),
      'an unknown role': signed({ role: 'root' }),
      'a superuser with a company': signed({ role: 'superuser' }),
      'an admin without a company': signed({ company_id: undefined }),
      'a subject that is no id': signed({ sub: 'admin' }),
      ...Object.fromEntries(
        ['sub', 'sid', 'role', 'exp', 'aud', 'iss', 'jti'].map((name) => [`without ${name}`, without(name)]),
      ),
    };
  }
}
