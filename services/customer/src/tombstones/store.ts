import type { Db, Tx } from '@clientela/db';

// Tombstones of erased people (ids that refer to nothing), and the suppression list (fingerprints that expire).

const RETENTION = '3 years'; // of a fingerprint

export const insertErasedCustomer = (tx: Tx, company_id: string, customer_id: string): PromiseLike<unknown> =>
  tx('erased_customers').insert({ company_id, customer_id }).onConflict(['company_id', 'customer_id']).ignore();

export const insertErasedUser = (tx: Tx, company_id: string, user_id: string): PromiseLike<unknown> =>
  tx('erased_users').insert({ company_id, user_id }).onConflict(['company_id', 'user_id']).ignore();

/**
 * Serializes the creation of a user's profile with the user's erasure until the transaction ends, so that the later one sees the earlier.
 * Call it before locking rows of that user.
 */
export const lockUser = (tx: Tx, company_id: string, user_id: string): PromiseLike<unknown> =>
  tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`user ${company_id} ${user_id}`]);

export const isErasedUser = async (db: Db, company_id: string, user_id: string): Promise<boolean> =>
  (await db('erased_users').select(db.raw('1')).where({ company_id, user_id }).first()) !== undefined;

/** Adds fingerprints to the suppression list; extends the expiry of existing ones. */
export async function insertFingerprints(tx: Tx, company_id: string, fingerprints: readonly Buffer[]): Promise<void> {
  if (fingerprints.length === 0) return;
  const expires_at = tx.raw(`now() + interval '${RETENTION}'`);
  await tx('erased_fingerprints')
    .insert(fingerprints.map((fingerprint) => ({ company_id, fingerprint, expires_at })))
    .onConflict(['company_id', 'fingerprint'])
    .merge(['expires_at']);
}

/** Returns which of the fingerprints are on the suppression list. */
export const findFingerprints = (db: Db, company_id: string, fingerprints: readonly Buffer[]): PromiseLike<Buffer[]> =>
  db('erased_fingerprints')
    .where({ company_id })
    .whereRaw('fingerprint = any (?)', [fingerprints as Buffer[]])
    .where('expires_at', '>', db.fn.now())
    .pluck('fingerprint');

/** @returns the number of rows deleted, at most `limit` */
export const deleteExpiredFingerprints = (db: Db, limit: number): PromiseLike<number> =>
  db('erased_fingerprints')
    .whereIn(
      ['company_id', 'fingerprint'],
      db('erased_fingerprints')
        .select('company_id', 'fingerprint')
        .where('expires_at', '<=', db.fn.now())
        .orderBy('expires_at')
        .limit(limit),
    )
    .delete();
