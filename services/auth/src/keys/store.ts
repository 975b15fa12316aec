import type { Db, Tx } from '@clientela/db';
import type { KeyPair } from './key-pair.ts';
import type { PublicJwk } from './schema.ts';

/** `signs_from` in milliseconds of the clock of 1970, for comparing. */
export type StoredKey = KeyPair & { signs_from: number };

const columns = ['kid', 'public_jwk', 'private_sealed'] as const;

/** Those that sign now or will, the one that begins last at the end. */
export const listSigningKeys = async (db: Db): Promise<StoredKey[]> =>
  db('signing_keys')
    .select(...columns, db.raw('extract(epoch from signs_from)::float8 * 1000 as signs_from'))
    .whereNull('retired_at')
    .orWhereRaw('retired_at > now()')
    .orderBy('signs_from');

/** Makes this key the current one, unless there is one. */
export async function insertFirstKey(db: Db, key: KeyPair): Promise<void> {
  await db('signing_keys').insert(key).onConflict(db.raw('((retired_at is null)) where retired_at is null')).ignore();
}

/**
 * Puts a key in the place of the one that signs.
 * @param seconds until it does, so that everybody has its public half by then
 * @returns when that is
 */
export async function succeedKey(tx: Tx, key: KeyPair, seconds: number): Promise<string> {
  const then = tx.raw('now() + make_interval(secs => ?)', [seconds]);
  await tx('signing_keys').whereNull('retired_at').update({ retired_at: then });
  const [made] = await tx('signing_keys')
    .insert({ ...key, signs_from: then })
    .returning('signs_from');
  return made?.signs_from;
}

/** Until the transaction ends, nobody else changes which key signs. */
export const lockKeys = (tx: Tx) => tx.raw(`select pg_advisory_xact_lock(hashtext('signing keys'))`);

const slack = 2; // minutes beside a token's own: for what a process signs before it hears of the next key, and for clocks

/**
 * The public keys, of those that sign or will, and of those whose last tokens have not expired.
 * @param minutes for which a token is good
 */
export const listPublicKeys = async (db: Db, minutes: number): Promise<PublicJwk[]> =>
  db('signing_keys')
    .whereNull('retired_at')
    .orWhereRaw('retired_at > now() - make_interval(mins => ?)', [minutes + slack])
    .orderBy('created_at')
    .orderBy('kid')
    .pluck('public_jwk');
