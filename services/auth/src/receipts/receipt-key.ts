import type { KeyObject } from 'node:crypto';
import type { ErasureReceipt } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { CompactSign } from 'jose';
import { generateKeyPair, sealingKeyFor, unsealPrivateKey } from '../keys/key-pair.ts';
import { findReceiptKey, insertFirstReceiptKey, lockReceiptKeys, promoteReceiptKey } from './store.ts';

/** Signs receipts; `kid` names the published public key. */
export type ReceiptKey = { kid: string; key: KeyObject };

/** Loads the current receipt key. It is not cached, because receipts are rare. */
export type LoadReceiptKey = (db: Db) => Promise<ReceiptKey>;

/**
 * Loads the receipt key, creating the first one when there is none. Replicas that do so at the same time agree on one key.
 * @param authSecret AUTH_SECRET: 32 bytes in base64url
 * @throws EnvironmentError when the key was sealed under another secret
 */
export const createReceiptKeyLoader =
  (authSecret: string): LoadReceiptKey =>
  async (db) => {
    const sealingKey = sealingKeyFor(authSecret, 'receipt-keys');
    let stored = await findReceiptKey(db);
    if (!stored) {
      await insertFirstReceiptKey(db, await generateKeyPair(sealingKey, 'receipts')); // ignored when another replica was first
      stored = await findReceiptKey(db);
    }
    if (!stored) throw new Error('there is no receipt key');
    return { kid: stored.kid, key: unsealPrivateKey(sealingKey, stored) };
  };

/**
 * Creates the next receipt key, which signs at once. Only the public key of its predecessor is kept, permanently.
 * @throws EnvironmentError when the current key was sealed under another secret
 */
export async function rotateReceiptKey(tx: Tx, authSecret: string): Promise<{ kid: string }> {
  await lockReceiptKeys(tx);
  await createReceiptKeyLoader(authSecret)(tx);
  const next = await generateKeyPair(sealingKeyFor(authSecret, 'receipt-keys'), 'receipts');
  await promoteReceiptKey(tx, next);
  return { kid: next.kid };
}

/** Explicit type (RFC 8725, section 3.11), which keeps receipts and access tokens (`at+jwt`) apart. */
const typ = 'erasure-receipt+jws';

/** Encodes a receipt as a compact JWS (RFC 7515), signed by ES256. */
export const encodeReceipt = ({ kid, key }: ReceiptKey, receipt: ErasureReceipt): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(receipt))).setProtectedHeader({ alg: 'ES256', kid, typ }).sign(key);
