import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Db } from '@clientela/db';
import { EnvironmentError } from '@clientela/runtime';
import type { PublicJwk } from './schema.ts';
import { keyFor, seal, unseal } from './sealing.ts';
import { findCurrentKey, insertFirstKey, type StoredKey } from './store.ts';

/** What signs access tokens, and the name under which its public half is published. */
export type SigningKey = { kid: string; key: KeyObject };

/**
 * The installation's signing key; made when there is none. Safe when several replicas start at once: all get the same one.
 * @param auth_secret AUTH_SECRET: 32 bytes in base64url
 * @throws EnvironmentError when the key was sealed under another secret
 */
export async function openSigningKey(db: Db, auth_secret: string): Promise<SigningKey> {
  const sealing = keyFor(Buffer.from(auth_secret, 'base64url'), 'signing-keys');
  const stored = (await findCurrentKey(db)) ?? (await makeKey(db, sealing));
  try {
    const der = unseal(sealing, stored.private_sealed, stored.kid);
    return { kid: stored.kid, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
  } catch {
    throw new EnvironmentError(
      'AUTH_SECRET is not the one under which the signing key in this database was sealed: give the secret of this installation.',
    );
  }
}

async function makeKey(db: Db, sealing: Buffer): Promise<StoredKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const kid = thumbprint(x, y);
  const public_jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' };
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  await insertFirstKey(db, { kid, public_jwk, private_sealed: seal(sealing, der, kid) });
  const current = await findCurrentKey(db); // perhaps another replica's
  if (!current) throw new Error('the signing key is gone right after it was made');
  return current;
}

/** RFC 7638: the required members in the order of their names. */
const thumbprint = (x: string, y: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
