import type { Db, Tx } from '@clientela/db';
import type { KeyPair } from '../keys/key-pair.ts';
import type { PublicJwk } from '../keys/schema.ts';

export type StoredReceiptKey = Omit<KeyPair, 'public_jwk'>;

/** The one that signs. */
export const findReceiptKey = async (db: Db): Promise<StoredReceiptKey | undefined> =>
  db('receipt_keys').select('kid', 'private_sealed').whereNull('retired_at').first();

/** Makes this key the one that signs, unless there is one; waits for whoever is making it at the same time. */
export async function insertFirstReceiptKey(db: Db, key: KeyPair): Promise<void> {
  await db('receipt_keys').insert(key).onConflict(db.raw('((retired_at is null)) where retired_at is null')).ignore();
}

/** Puts a key in the place of the one that signs, whose private half goes. */
export async function succeedReceiptKey(tx: Tx, key: KeyPair): Promise<void> {
  await tx('receipt_keys').whereNull('retired_at').update({ retired_at: tx.fn.now(), private_sealed: null });
  await tx('receipt_keys').insert(key);
}

/** Until the transaction ends, nobody else changes which key signs. */
export const lockReceiptKeys = (tx: Tx) => tx.raw(`select pg_advisory_xact_lock(hashtext('receipt keys'))`);

/** All that ever signed: receipts are verified years later. */
export const listReceiptKeys = async (db: Db): Promise<PublicJwk[]> =>
  db('receipt_keys').orderBy('created_at').orderBy('kid').pluck('public_jwk');
