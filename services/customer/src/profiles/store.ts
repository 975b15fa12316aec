import type { Db, Tx } from '@clientela/db';
import { findCustomer, type StoredCustomer } from '../customers/store.ts';
import type { FollowedField } from './rules.ts';

/** Finds the customer of a user: the undeleted one, else the newest deleted one. */
export async function findProfile(db: Db, company_id: string, user_id: string): Promise<StoredCustomer | undefined> {
  const id =
    (await findIdByUser(db, company_id, user_id, false)) ?? (await findIdByUser(db, company_id, user_id, true));
  return id === undefined ? undefined : findCustomer(db, company_id, id);
}

/** Finds the undeleted customer of a user. */
export const findProfileId = (db: Db, company_id: string, user_id: string): Promise<string | undefined> =>
  findIdByUser(db, company_id, user_id, false);

async function findIdByUser(
  db: Db,
  company_id: string,
  user_id: string,
  deleted: boolean,
): Promise<string | undefined> {
  const query = db('customers').select('id').where({ company_id, user_id }).orderBy('created_at', 'desc');
  void (deleted ? query.whereNotNull('deleted_at') : query.whereNull('deleted_at'));
  return ((await query.first()) as { id: string } | undefined)?.id;
}

/**
 * Records the version and time of a user's change for each field.
 * @param change.sequence version of the user after the change
 * @param change.times when the fields changed; a field that the person has changed here since keeps that
 * @returns the fields for which no newer change was recorded before
 */
export async function advanceFieldVersions<Field extends string>(
  tx: Tx,
  company_id: string,
  user_id: string,
  fields: readonly Field[],
  { sequence, times }: { sequence: number; times: Readonly<Record<Field, string | null>> },
): Promise<Field[]> {
  if (fields.length === 0) return [];
  const rows = fields.toSorted().map((field) => ({ company_id, user_id, field, sequence, changed_at: times[field] }));
  const newer = await tx('user_field_versions')
    .insert(rows)
    .onConflict(['company_id', 'user_id', 'field'])
    .merge(['sequence', 'changed_at'])
    .where('user_field_versions.sequence', '<', sequence)
    .whereRaw('coalesce(user_field_versions.changed_at <= excluded.changed_at, true)')
    .returning('field');
  return (newer as { field: Field }[]).map(({ field }) => field);
}

/**
 * Records that fields of a user's customer changed here.
 * @param changed_at when the person changed them; null for a change by staff, which follows nowhere
 */
export async function recordChangeTimes(
  tx: Tx,
  company_id: string,
  user_id: string,
  fields: readonly FollowedField[],
  changed_at: string | null,
): Promise<void> {
  if (fields.length === 0) return;
  const rows = fields.toSorted().map((field) => ({ company_id, user_id, field, sequence: 0, changed_at }));
  await tx('user_field_versions').insert(rows).onConflict(['company_id', 'user_id', 'field']).merge(['changed_at']);
}

/** Records that staff changed fields of many customers with a user. */
export async function clearChangeTimes(
  tx: Tx,
  company_id: string,
  changes: readonly { user_id: string; field: FollowedField }[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.raw(
    `update user_field_versions as v set changed_at = null
       from (select * from unnest(?::uuid[], ?::text[]) as r (user_id, field) order by user_id, field) as r
      where v.company_id = ? and v.user_id = r.user_id and v.field = r.field and v.changed_at is not null`,
    [changes.map(({ user_id }) => user_id), changes.map(({ field }) => field), company_id],
  );
}

/** Lists when the person last changed its name and phone, and when its full name alone. */
export async function findChangeTimes(
  db: Db,
  company_id: string,
  user_id: string,
): Promise<Partial<Record<FollowedField, string>>> {
  const rows = (await db('user_field_versions')
    .select('field', 'changed_at')
    .where({ company_id, user_id })
    .whereIn('field', ['name', 'full_name', 'phone'])
    .whereNotNull('changed_at')) as { field: FollowedField; changed_at: string }[];
  return Object.fromEntries(rows.map(({ field, changed_at }) => [field, changed_at]));
}
