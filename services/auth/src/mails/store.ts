import { dueUntil, newId, type Db, type Tx } from '@clientela/db';
import type { QueuedKind } from './schema.ts';

/** Seconds for which a replica has a mail that it sends: longer than an attempt can take. */
const LEASE_S = 60;

export type QueuedMail = {
  id: string;
  user_id: string | null;
  kind: QueuedKind;
  sealed: Buffer;
  attempts: number;
  created_at: string;
};

/** @param seal encrypts the content for the row's id */
export async function insertMail(
  tx: Tx,
  {
    seal,
    ...mail
  }: Pick<QueuedMail, 'user_id' | 'kind'> & { invitation_id: string | null; seal: (id: string) => Buffer },
): Promise<void> {
  const id = newId();
  await tx('mails').insert({ ...mail, id, sealed: seal(id) });
}

/** Claims the mails that have been due for longest. Another replica claims none of them until the lease has run out. */
export async function claimMails(db: Db, limit: number): Promise<QueuedMail[]> {
  const { rows } = await db.raw<{ rows: QueuedMail[] }>(
    `with due as (
       select id from mails where next_attempt_at <= ${dueUntil} order by next_attempt_at, id limit :limit for update skip locked)
     update mails set attempts = attempts + 1, next_attempt_at = now() + :lease * interval '1 second'
       from due where mails.id = due.id
     returning mails.id, mails.user_id, mails.kind, mails.sealed, mails.attempts, mails.created_at`,
    { limit, lease: LEASE_S },
  );
  return rows;
}

/** Replaces what a mail says, such as a request by the mail that answers it. */
export const replaceMail = (
  tx: Tx,
  { id }: Pick<QueuedMail, 'id'>,
  content: Pick<QueuedMail, 'user_id' | 'kind' | 'sealed'>,
): Promise<number> => tx('mails').where({ id }).update(content);

export const deleteMail = (db: Db, { id }: Pick<QueuedMail, 'id'>): Promise<number> =>
  db('mails').where({ id }).delete();

/**
 * Lets a mail wait for its next attempt, unless another replica has claimed it meanwhile.
 * @param delay milliseconds
 * @returns whether it waits; false when it has been tried for 24 hours, and is deleted
 */
export async function postponeMail(
  db: Db,
  { id, attempts }: Pick<QueuedMail, 'id' | 'attempts'>,
  delay: number,
): Promise<boolean> {
  const given_up = await db('mails').where({ id }).whereRaw(`created_at < now() - interval '24 hours'`).delete();
  if (given_up > 0) return false;
  await db('mails')
    .where({ id, attempts })
    .update({ next_attempt_at: db.raw(`now() + ? * interval '1 millisecond'`, [Math.round(delay)]) });
  return true;
}

/** Deletes mails that nothing has sent for a day, such as those of an installation that no longer sends any. */
export const deleteOldMails = (db: Db): Promise<number> =>
  db('mails')
    .whereIn('id', db('mails').select('id').whereRaw(`created_at < now() - interval '25 hours'`).limit(10_000))
    .delete();

/** Age in seconds of the oldest mail that waits; 0 without any. */
export async function findOldestAge(db: Db): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ age: number }] }>(
    'select coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age from mails',
  );
  return rows[0].age;
}
