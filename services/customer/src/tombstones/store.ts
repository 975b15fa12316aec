import type { Db, Tx } from '@clientela/db';

// What is left of erased people: ids that lead to nobody, and fingerprints that expire.

const years = '3 years'; // for which a fingerprint is kept

export const insertErasedCustomer = (tx: Tx, company_id: string, customer_id: string): PromiseLike<unknown> =>
  tx('erased_customers').insert({ company_id, customer_id }).onConflict(['company_id', 'customer_id']).ignore();

export const insertErasedUser = (tx: Tx, company_id: string, user_id: string): PromiseLike<unknown> =>
  tx('erased_users').insert({ company_id, user_id }).onConflict(['company_id', 'user_id']).ignore();

/**
 * Holds what is made for a user and the user's erasure apart until the transaction ends: whoever comes second sees what the first did.
 * Taken before any row of that user.
 */
export const lockUser = (tx: Tx, company_id: string, user_id: string): PromiseLike<unknown> =>
  tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`user ${company_id} ${user_id}`]);

export const isErasedUser = async (db: Db, company_id: string, user_id: string): Promise<boolean> =>
  (await db('erased_users').select(db.raw('1')).where({ company_id, user_id }).first()) !== undefined;

/** One that was erased before, under the same values, is remembered for as long again. */
export async function insertFingerprints(tx: Tx, company_id: string, found: readonly Buffer[]): Promise<void> {
  if (found.length === 0) return;
  const expires_at = tx.raw(`now() + interval '${years}'`);
  await tx('erased_fingerprints')
    .insert(found.map((fingerprint) => ({ company_id, fingerprint, expires_at })))
    .onConflict(['company_id', 'fingerprint'])
    .merge(['expires_at']);
}

/** Those among the given that somebody erased had. */
export const findFingerprints = (db: Db, company_id: string, given: readonly Buffer[]): PromiseLike<Buffer[]> =>
  db('erased_fingerprints')
    .where({ company_id })
    .whereRaw('fingerprint = any (?)', [given as Buffer[]])
    .where('expires_at', '>', db.fn.now())
    .pluck('fingerprint');

/** @returns how many there were */
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
