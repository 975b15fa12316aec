import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Db, Tx } from '@clientela/db';
import { newKeyPair, privateKeyOf, sealingOf } from './key-pair.ts';
import { insertFirstKey, listSigningKeys, lockKeys, succeedKey, type StoredKey } from './store.ts';

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
  const sealing = sealingOf(auth_secret, 'signing-keys');
  const read = async () => (await listSigningKeys(db)).map((stored) => opened(stored, sealing));
  let known = await read();
  if (known.length === 0) {
    await insertFirstKey(db, newKeyPair(sealing, 'sig')); // or another replica's
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
  const sealing = sealingOf(auth_secret, 'signing-keys');
  await lockKeys(tx);
  for (const stored of await listSigningKeys(tx)) opened(stored, sealing);
  const key = newKeyPair(sealing, 'sig');
  return { kid: key.kid, signs_from: await succeedKey(tx, key, delay) };
}

function opened(stored: StoredKey, sealing: Buffer) {
  const key: SigningKey = { alg: 'ES256', kid: stored.kid, key: privateKeyOf(sealing, stored) };
  return { key, signs_from: stored.signs_from };
}
