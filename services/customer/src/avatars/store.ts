import type { Db, Tx } from '@clientela/db';
import { urlOf } from './schema.ts';

export type Discard = { company_id: string; name: string };

/** Longer than any upload takes: after that no customer gets the picture any more. */
const grace = '10 minutes';

/** Notes that the storage holds, or soon will, what no customer has yet. */
export const insertDiscard = (db: Db, company_id: string, name: string): PromiseLike<unknown> =>
  db('avatar_discards').insert({ company_id, name, due_at: db.raw(`now() + interval '${grace}'`) });

/** @returns false when it is too late: its removal may have begun */
export async function deleteUntouchedDiscard(tx: Tx, company_id: string, name: string): Promise<boolean> {
  const untouched = { company_id, name, attempts: 0 };
  return (await tx('avatar_discards').where(untouched).where('due_at', '>', tx.fn.now()).delete()) > 0;
}

/** Takes what is due; whoever takes it has until the next time that it is due, ever later up to ten minutes. */
export function takeDueDiscards(db: Db, limit: number): PromiseLike<Discard[]> {
  const due = db('avatar_discards')
    .select('company_id', 'name')
    .where('due_at', '<=', db.fn.now())
    .orderBy('due_at')
    .limit(limit)
    .forUpdate()
    .skipLocked();
  return db('avatar_discards')
    .whereIn(['company_id', 'name'], due)
    .update({
      attempts: db.raw('attempts + 1'),
      due_at: db.raw(`now() + least(600, 15 * 2 ^ least(attempts, 10)) * interval '1 second'`),
    })
    .returning<Discard[]>(['company_id', 'name']);
}

export const deleteDiscard = (db: Db, { company_id, name }: Discard): PromiseLike<number> =>
  db('avatar_discards').where({ company_id, name }).delete();

/** Whether some customer has it. */
export const isServed = async (db: Db, name: string): Promise<boolean> =>
  (await db('customers')
    .select(db.raw('1'))
    .where({ avatar_url: urlOf(name) })
    .first()
    .options({ name: 'is_avatar_served' })) !== undefined;
