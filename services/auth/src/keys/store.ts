import type { Db } from '@clientela/db';
import type { PublicJwk } from './schema.ts';

export type StoredKey = { kid: string; public_jwk: PublicJwk; private_sealed: Buffer };

export const findCurrentKey = async (db: Db): Promise<StoredKey | undefined> =>
  db('signing_keys').select('kid', 'public_jwk', 'private_sealed').whereNull('retired_at').first();

/** Makes this key the current one, unless there is one. */
export async function insertFirstKey(db: Db, key: StoredKey): Promise<void> {
  await db('signing_keys').insert(key).onConflict(db.raw('((retired_at is null)) where retired_at is null')).ignore();
}

export const listPublicKeys = async (db: Db): Promise<PublicJwk[]> =>
  db('signing_keys').whereNull('retired_at').orderBy('created_at').pluck('public_jwk');
