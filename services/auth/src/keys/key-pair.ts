import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { deriveKey, EnvironmentError } from '@clientela/runtime';
import { calculateJwkThumbprint } from 'jose';
import type { PublicJwk } from './schema.ts';
import { seal, unseal } from './sealing.ts';

/** A key pair as stored: the private key is encrypted (PKCS #8 inside). */
export type KeyPair = { kid: string; public_jwk: PublicJwk; sealed_private_key: Buffer };

/**
 * Derives the key that encrypts private keys.
 * @param authSecret AUTH_SECRET: 32 bytes in base64url
 * @param label the purpose; keys sealed for one purpose cannot be opened for another
 */
export const sealingKeyFor = (authSecret: string, label: 'signing-keys' | 'receipt-keys'): KeyObject =>
  deriveKey(authSecret, `clientela auth ${label}`);

/** Generates a P-256 key pair (ES256); its `kid` is the JWK thumbprint (RFC 7638). */
export async function generateKeyPair(sealingKey: KeyObject, use: PublicJwk['use']): Promise<KeyPair> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  const kid = await calculateJwkThumbprint(jwk);
  const public_jwk: PublicJwk = { ...jwk, kid, use, alg: 'ES256' };
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return { kid, public_jwk, sealed_private_key: seal(sealingKey, der, kid) };
}

/** @throws EnvironmentError when the key was sealed under another AUTH_SECRET */
export function unsealPrivateKey(
  sealingKey: KeyObject,
  { kid, sealed_private_key }: Omit<KeyPair, 'public_jwk'>,
): KeyObject {
  try {
    return createPrivateKey({ key: unseal(sealingKey, sealed_private_key, kid), format: 'der', type: 'pkcs8' });
  } catch {
    throw new EnvironmentError([
      'AUTH_SECRET: does not match the signing key in this database; set the secret of this installation',
    ]);
  }
}
