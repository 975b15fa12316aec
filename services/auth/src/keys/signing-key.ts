import { createHash, createPrivateKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Db, Tx } from '@clientela/db';
import { EnvironmentError } from '@clientela/runtime';
import type { PublicJwk } from './schema.ts';
import { keyFor, seal, unseal } from './sealing.ts';
import { insertFirstKey, listSigningKeys, lockKeys, succeedKey, type NewKey, type StoredKey } from './store.ts';

/** What signs access tokens, and the name under which its public half is published. A shared secret has neither. */
export type SigningKey =
  | { alg: 'ES256'; kid: string; key: KeyObject }
  | { alg: 'HS256'; kid?: undefined; key: KeyObject };

/** The installation's keys as this process knows them. */
export type SigningKeys = {
  /** The one that signs now. */
  current: () => SigningKey;
  /** Reads them again: a rotation takes effect without a restart. */
  reload: () => Promise<void>;
};

/** For an installation that shares a secret with those who verify its tokens. @param secret 32 bytes or more */
export const sharedKey = (secret: string): SigningKey => ({ alg: 'HS256', key: createSecretKey(Buffer.from(secret)) });

/**
 * The installation's signing keys; the first is made when there is none. Safe when several replicas start at once: all get the same one.
 * @param auth_secret AUTH_SECRET: 32 bytes in base64url
 * @throws EnvironmentError when a key was sealed under another secret
 */
export async function openSigningKeys(db: Db, auth_secret: string): Promise<SigningKeys> {
  const sealing = sealingOf(auth_secret);
  const read = async () => (await listSigningKeys(db)).map((stored) => opened(stored, sealing));
  let known = await read();
  if (known.length === 0) {
    await insertFirstKey(db, newKey(sealing)); // or another replica's
    known = await read();
  }
  return {
    current: () => {
      const now = Date.now();
      const signing = known.findLast(({ signs_from }) => signs_from <= now) ?? known[0];
      if (!signing) throw new Error('there is no key to sign with');
      return signing.key;
    },
    reload: async () => {
      const found = await read();
      if (found.length > 0) known = found;
    },
  };
}

const delay = 120; // seconds: gateways ask for the keys every minute

/**
 * Makes the next signing key: it is published at once, and signs from two minutes later on. The one before it stays published until its
 * last token has expired.
 * @throws EnvironmentError when the present one was sealed under another secret
 */
export async function rotateSigningKey(tx: Tx, auth_secret: string): Promise<{ kid: string; signs_from: string }> {
  const sealing = sealingOf(auth_secret);
  await lockKeys(tx);
  for (const stored of await listSigningKeys(tx)) opened(stored, sealing);
  const key = newKey(sealing);
  return { kid: key.kid, signs_from: await succeedKey(tx, key, delay) };
}

const sealingOf = (auth_secret: string) => keyFor(Buffer.from(auth_secret, 'base64url'), 'signing-keys');

function opened({ kid, private_sealed, signs_from }: StoredKey, sealing: Buffer) {
  try {
    const der = unseal(sealing, private_sealed, kid);
    const key: SigningKey = { alg: 'ES256', kid, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
    return { key, signs_from };
  } catch {
    throw new EnvironmentError(
      'AUTH_SECRET is not the one under which the signing key in this database was sealed: give the secret of this installation.',
    );
  }
}

function newKey(sealing: Buffer): NewKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const kid = thumbprint(x, y);
  const public_jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' };
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return { kid, public_jwk, private_sealed: seal(sealing, der, kid) };
}

/** RFC 7638: the required members in the order of their names. */
const thumbprint = (x: string, y: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
