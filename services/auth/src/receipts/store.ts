import type { Db, Tx } from '@clientela/db';
import type { KeyPair } from '../keys/key-pair.ts';
import type { PublicJwk } from '../keys/schema.ts';

export type StoredReceiptKey = Omit<KeyPair, 'public_jwk'>;

/** Finds the key that signs. */
export const findReceiptKey = async (db: Db): Promise<StoredReceiptKey | undefined> =>
  db('receipt_keys').select('kid', 'sealed_private_key').whereNull('retired_at').first();

/** Inserts the current key unless one exists; waits for a concurrent insert. */
export async function insertFirstReceiptKey(db: Db, key: KeyPair): Promise<void> {
  await db('receipt_keys').insert(key).onConflict(db.raw('((retired_at is null)) where retired_at is null')).ignore();
}

/** Replaces the current key and deletes the private key of its predecessor. */
export async function promoteReceiptKey(tx: Tx, key: KeyPair): Promise<void> {
  await tx('receipt_keys').whereNull('retired_at').update({ retired_at: tx.fn.now(), sealed_private_key: null });
  await tx('receipt_keys').insert(key);
}

/** Serializes key rotations until the transaction ends. */
export const lockReceiptKeys = (tx: Tx) => tx.raw(`select pg_advisory_xact_lock(hashtext('receipt keys'))`);

/** Lists all public keys, including retired ones, because receipts are verified years later. */
export const listReceiptKeys = async (db: Db): Promise<PublicJwk[]> =>
  db('receipt_keys').orderBy('created_at').orderBy('kid').pluck('public_jwk');
