import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Db, Tx } from '@clientela/db';
import { generateKeyPair, sealingKeyFor, unsealPrivateKey } from './key-pair.ts';
import { insertFirstSigningKey, listSigningKeys, lockSigningKeys, promoteKey, type StoredKey } from './store.ts';

/** Signs access tokens; `kid` names the published public key, which a shared secret does not have. */
export type SigningKey =
  | { alg: 'ES256'; kid: string; key: KeyObject }
  | { alg: 'HS256'; kid?: undefined; key: KeyObject };

/** The signing keys, cached in this process. */
export type SigningKeys = {
  /** Returns the key that signs now. */
  current: () => SigningKey;
  /** Reads the keys again, so that a rotation needs no restart. */
  reload: () => Promise<void>;
};

/** @param secret JWT_SECRET_KEY: 32 bytes or more, shared with the verifiers of tokens */
export const hs256Key = (secret: string): SigningKey => ({ alg: 'HS256', key: createSecretKey(Buffer.from(secret)) });

/**
 * Loads the signing keys, creating the first one when there is none. Replicas that start at the same time agree on one key.
 * @param authSecret AUTH_SECRET: 32 bytes in base64url
 * @throws EnvironmentError when a key was sealed under another secret
 */
export async function loadSigningKeys(db: Db, authSecret: string): Promise<SigningKeys> {
  const sealingKey = sealingKeyFor(authSecret, 'signing-keys');
  const read = async () => (await listSigningKeys(db)).map((stored) => toSigningKey(stored, sealingKey));
  let keys = await read();
  if (keys.length === 0) {
    await insertFirstSigningKey(db, await generateKeyPair(sealingKey, 'sig')); // ignored when another replica was first
    keys = await read();
  }
  return {
    current: () => {
      const now = Date.now();
      const active = keys.findLast(({ signsFrom }) => signsFrom <= now) ?? keys[0];
      if (!active) throw new Error('no signing key is loaded');
      return active.key;
    },
    reload: async () => {
      const reloaded = await read();
      if (reloaded.length > 0) keys = reloaded;
    },
  };
}

const activationDelay = 120; // seconds; gateways fetch the keys every minute

/**
 * Creates the next signing key. It is published at once and signs two minutes later; its predecessor stays published until its last
 * token has expired.
 * @throws EnvironmentError when an existing key was sealed under another secret
 */
export async function rotateSigningKey(tx: Tx, authSecret: string): Promise<{ kid: string; signs_from: string }> {
  const sealingKey = sealingKeyFor(authSecret, 'signing-keys');
  await lockSigningKeys(tx);
  for (const stored of await listSigningKeys(tx)) toSigningKey(stored, sealingKey);
  const key = await generateKeyPair(sealingKey, 'sig');
  return { kid: key.kid, signs_from: await promoteKey(tx, key, activationDelay) };
}

function toSigningKey(stored: StoredKey, sealingKey: KeyObject) {
  const key: SigningKey = { alg: 'ES256', kid: stored.kid, key: unsealPrivateKey(sealingKey, stored) };
  return { key, signsFrom: stored.signs_from };
}
