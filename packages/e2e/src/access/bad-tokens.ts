import { createPublicKey, generateKeyPairSync, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect, type Db } from '@clientela/db';
import { folderOf } from '@clientela/fleet';
import jwt from 'jsonwebtoken';
import { expect } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import type { AccessSetup } from './access-setup.ts';

type Keys = {
  loadSigningKeys: (db: Db, authSecret: string) => Promise<{ current: () => { key: KeyObject } }>;
};
type Receipts = {
  createReceiptKeyLoader: (authSecret: string) => (db: Db) => Promise<{ kid: string; key: KeyObject }>;
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens of an admin, each invalid in one respect. */
export async function badTokens({ fleet, users, anonymous, createUser }: AccessSetup): Promise<Record<string, string>> {
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
}
