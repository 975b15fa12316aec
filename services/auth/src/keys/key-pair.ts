import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { EnvironmentError } from '@clientela/runtime';
import type { PublicJwk } from './schema.ts';
import { keyFor, seal, unseal } from './sealing.ts';

/** A key pair as it lies in the database: the private half sealed (PKCS #8 inside). */
export type KeyPair = { kid: string; public_jwk: PublicJwk; private_sealed: Buffer };

/**
 * The key under which private halves are sealed.
 * @param auth_secret AUTH_SECRET: 32 bytes in base64url
 * @param label of the keys it is for: one sealed as another's does not open
 */
export const sealingOf = (auth_secret: string, label: 'signing-keys' | 'receipt-keys'): Buffer =>
  keyFor(Buffer.from(auth_secret, 'base64url'), label);

export function newKeyPair(sealing: Buffer, use: PublicJwk['use']): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const kid = thumbprint(x, y);
  const public_jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y, kid, use, alg: 'ES256' };
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return { kid, public_jwk, private_sealed: seal(sealing, der, kid) };
}

/** @throws EnvironmentError when it was sealed under another secret */
export function privateKeyOf(sealing: Buffer, { kid, private_sealed }: Omit<KeyPair, 'public_jwk'>): KeyObject {
  try {
    return createPrivateKey({ key: unseal(sealing, private_sealed, kid), format: 'der', type: 'pkcs8' });
  } catch {
    throw new EnvironmentError(
      'AUTH_SECRET is not the one under which the signing key in this database was sealed: give the secret of this installation.',
    );
  }
}

/** RFC 7638: the required members in the order of their names. */
const thumbprint = (x: string, y: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
