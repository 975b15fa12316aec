import type { Db, Tx } from '@clientela/db';
import type { KeyPair } from './key-pair.ts';
import type { PublicJwk } from './schema.ts';

/** `signs_from` in milliseconds since the epoch. */
export type StoredKey = KeyPair & { signs_from: number };

const columns = ['kid', 'public_jwk', 'sealed_private_key'] as const;

/** Lists the keys that sign now or later, in the order in which they begin to sign. */
export const listSigningKeys = async (db: Db): Promise<StoredKey[]> =>
  db('signing_keys')
    .select(...columns, db.raw('extract(epoch from signs_from)::float8 * 1000 as signs_from'))
    .whereNull('retired_at')
    .orWhereRaw('retired_at > now()')
    .orderBy('signs_from');

/** Inserts the current key unless one exists. */
export async function insertFirstSigningKey(db: Db, key: KeyPair): Promise<void> {
  await db('signing_keys').insert(key).onConflict(db.raw('((retired_at is null)) where retired_at is null')).ignore();
}

/**
 * Inserts the next signing key and schedules the retirement of the current one.
 * @param delaySeconds until the new key signs, so that verifiers have its public key by then
 * @returns when the new key begins to sign
 */
export async function promoteKey(tx: Tx, key: KeyPair, delaySeconds: number): Promise<string> {
  const activation = tx.raw('now() + make_interval(secs => ?)', [delaySeconds]);
  await tx('signing_keys').whereNull('retired_at').update({ retired_at: activation });
  const [inserted] = await tx('signing_keys')
    .insert({ ...key, signs_from: activation })
    .returning('signs_from');
  return inserted?.signs_from;
}

/** Serializes key rotations until the transaction ends. */
export const lockSigningKeys = (tx: Tx) => tx.raw(`select pg_advisory_xact_lock(hashtext('signing keys'))`);

const marginMinutes = 2; // for clock skew, and for tokens signed by a process that has not reloaded its keys yet

/**
 * Lists the public keys of unexpired tokens and of the next key.
 * @param lifetimeMinutes of an access token
 */
export const listPublicKeys = async (db: Db, lifetimeMinutes: number): Promise<PublicJwk[]> =>
  db('signing_keys')
    .whereNull('retired_at')
    .orWhereRaw('retired_at > now() - make_interval(mins => ?)', [lifetimeMinutes + marginMinutes])
    .orderBy('created_at')
    .orderBy('kid')
    .pluck('public_jwk');

/** Returns the age of the current signing key in days; 0 when there is none yet. */
export async function signingKeyAge(db: Db): Promise<number> {
  const row = await db('signing_keys')
    .whereNull('retired_at')
    .first<{ days: number } | undefined>(db.raw('extract(day from now() - created_at)::int as days'));
  return row?.days ?? 0;
}
