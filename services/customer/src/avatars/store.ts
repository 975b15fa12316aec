import type { Db, Query, Tx } from '@clientela/db';
import { avatarUrl } from './schema.ts';

export type PendingDeletion = { company_id: string; name: string };

/** Longer than any upload takes: after that no customer gets the picture any more. */
const grace = '10 minutes';

/**
 * Notes that the storage holds, or soon will, what no customer has yet. The customer's row is held meanwhile, so that its erasure, which waits
 * for its pictures to be gone, knows of this one.
 * @returns false when the customer has gone
 */
export async function insertPendingDeletion(
  db: Db,
  company_id: string,
  customer_id: string,
  name: string,
): Promise<boolean> {
  const { rowCount } = await db.raw(
    `insert into avatar_deletions (company_id, customer_id, name, due_at)
     select company_id, id, ?, now() + interval '${grace}' from customers where company_id = ? and id = ? for key share`,
    [name, company_id, customer_id],
  );
  return rowCount > 0;
}

/** @returns false when it is too late: its removal may have begun */
export async function cancelDeletion(tx: Tx, company_id: string, name: string): Promise<boolean> {
  const untouched = { company_id, name, attempts: 0 };
  return (await tx('avatar_deletions').where(untouched).where('due_at', '>', tx.fn.now()).delete()) > 0;
}

/** Of a customer whose pictures alone are meant. */
export type CustomerRef = { company_id: string; customer_id: string };

/**
 * Takes what is due; whoever takes it has until the next time that it is due, ever later up to ten minutes.
 * @param whose an erasure waits for these: a removal that has begun, and may have been cut off, is taken over at once
 */
export function claimDueDeletions(db: Db, limit: number, whose?: CustomerRef): PromiseLike<PendingDeletion[]> {
  const due: Query = db('avatar_deletions')
    .select('company_id', 'name')
    .where((one) => {
      void one.where('due_at', '<=', db.fn.now());
      if (whose) void one.orWhere('attempts', '>', 0);
    })
    .orderBy('due_at')
    .limit(limit)
    .forUpdate()
    .skipLocked();
  if (whose) void due.where(whose);
  return db('avatar_deletions')
    .whereIn(['company_id', 'name'], due)
    .update({
      attempts: db.raw('attempts + 1'),
      due_at: db.raw(`now() + least(600, 15 * 2 ^ least(attempts, 10)) * interval '1 second'`),
    })
    .returning<PendingDeletion[]>(['company_id', 'name']);
}

export const deletePendingDeletion = (db: Db, { company_id, name }: PendingDeletion): PromiseLike<number> =>
  db('avatar_deletions').where({ company_id, name }).delete();

/** Whether the storage may still hold a picture that was this customer's. */
export const hasPendingDeletions = async (db: Db, whose: CustomerRef): Promise<boolean> =>
  (await db('avatar_deletions').select(db.raw('1')).where(whose).first()) !== undefined;

/** Whether some customer has it. */
export const isAvatarInUse = async (db: Db, name: string): Promise<boolean> =>
  (await db('customers')
    .select(db.raw('1'))
    .where({ avatar_url: avatarUrl(name) })
    .first()
    .options({ name: 'is_avatar_served' })) !== undefined;
