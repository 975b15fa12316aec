import { sign, type KeyObject } from 'node:crypto';
import type { ErasureReceipt } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { newKeyPair, privateKeyOf, sealingOf } from '../keys/key-pair.ts';
import { findReceiptKey, insertFirstReceiptKey, lockReceiptKeys, succeedReceiptKey } from './store.ts';

/** What signs receipts, and the name under which its public half is published. */
export type ReceiptKey = { kid: string; key: KeyObject };

/** The key that signs receipts now: read each time, as there are few of them. */
export type ReceiptKeys = (db: Db) => Promise<ReceiptKey>;

/**
 * The installation's key for receipts; the first is made when there is none. Safe when several replicas do so at once: all get the same one.
 * @param auth_secret AUTH_SECRET: 32 bytes in base64url
 * @throws EnvironmentError when it was sealed under another secret
 */
export const receiptKeys =
  (auth_secret: string): ReceiptKeys =>
  async (db) => {
    const sealing = sealingOf(auth_secret, 'receipt-keys');
    let stored = await findReceiptKey(db);
    if (!stored) {
      await insertFirstReceiptKey(db, newKeyPair(sealing, 'receipts')); // or another replica's
      stored = await findReceiptKey(db);
    }
    if (!stored) throw new Error('there is no key to sign receipts with');
    return { kid: stored.kid, key: privateKeyOf(sealing, stored) };
  };

/**
 * Makes the next key for receipts, which signs at once. Of the one before it only the public half stays, for good.
 * @throws EnvironmentError when the present one was sealed under another secret
 */
export async function rotateReceiptKey(tx: Tx, auth_secret: string): Promise<{ kid: string }> {
  await lockReceiptKeys(tx);
  await receiptKeys(auth_secret)(tx);
  const next = newKeyPair(sealingOf(auth_secret, 'receipt-keys'), 'receipts');
  await succeedReceiptKey(tx, next);
  return { kid: next.kid };
}

/** Says what is signed, so that it passes for nothing else (RFC 8725, 3.11): access tokens are `at+jwt`. */
const typ = 'erasure-receipt+jws';

/** A receipt as a JWS (RFC 7515) by ES256, compact. */
export function signedReceipt({ kid, key }: ReceiptKey, receipt: ErasureReceipt): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', kid, typ })}.${part(receipt)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
