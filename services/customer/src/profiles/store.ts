import type { Db, Tx } from '@clientela/db';
import { findCustomer, type StoredCustomer } from '../customers/store.ts';

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
 * Records the version of a user's change for each field.
 * @param sequence version of the user after the change
 * @returns the fields for which no newer change was recorded before
 */
export async function advanceFieldVersions<Field extends string>(
  tx: Tx,
  company_id: string,
  user_id: string,
  fields: readonly Field[],
  sequence: number,
): Promise<Field[]> {
  if (fields.length === 0) return [];
  const newer = await tx('user_field_versions')
    .insert(fields.toSorted().map((field) => ({ company_id, user_id, field, sequence })))
    .onConflict(['company_id', 'user_id', 'field'])
    .merge(['sequence'])
    .where('user_field_versions.sequence', '<', sequence)
    .returning('field');
  return (newer as { field: Field }[]).map(({ field }) => field);
}
