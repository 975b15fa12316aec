import { dueUntil, type Db, type Query, type Tx } from '@clientela/db';
import { avatarUrl } from './schema.ts';

export type PendingDeletion = { company_id: string; name: string };

/** Grace period before the deletion: longer than any upload. */
const grace = '10 minutes';

/**
 * Schedules the deletion of a file that is about to be stored. Locks the customer's row, so that a concurrent erasure sees the file
 * and waits for its deletion.
 * @returns false when the customer no longer exists
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

/** @returns false when the deletion may have started already */
export async function cancelDeletion(tx: Tx, company_id: string, name: string): Promise<boolean> {
  const pending = { company_id, name, attempts: 0 };
  return (await tx('avatar_deletions').where(pending).whereRaw(`due_at > ${dueUntil}`).delete()) > 0;
}

export type CustomerRef = { company_id: string; customer_id: string };

/**
 * Claims due deletions. A claim lasts until the next due time, which backs off up to ten minutes.
 * @param customer also claims this customer's started deletions, for an erasure that waits for them
 */
export function claimDueDeletions(db: Db, limit: number, customer?: CustomerRef): PromiseLike<PendingDeletion[]> {
  const due: Query = db('avatar_deletions')
    .select('company_id', 'name')
    .where((condition) => {
      void condition.whereRaw(`due_at <= ${dueUntil}`);
      if (customer) void condition.orWhere('attempts', '>', 0);
    })
    .orderBy('due_at')
    .limit(limit)
    .forUpdate()
    .skipLocked();
  if (customer) void due.where(customer);
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

/** Tells whether the storage may still have a file of the customer. */
export const hasPendingDeletions = async (db: Db, customer: CustomerRef): Promise<boolean> =>
  (await db('avatar_deletions').select(db.raw('1')).where(customer).first()) !== undefined;

/** Tells whether a customer has the avatar. */
export const isAvatarInUse = async (db: Db, name: string): Promise<boolean> =>
  (await db('customers')
    .select(db.raw('1'))
    .where({ avatar_url: avatarUrl(name) })
    .first()
    .options({ name: 'is_avatar_in_use' })) !== undefined;
