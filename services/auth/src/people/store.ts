import { isUuid, whereCompany, type Db, type Scope } from '@clientela/db';
import type { Person } from './schema.ts';

/** Finds the names of users, by their ids. */
export async function findPeople(db: Db, scope: Scope, ids: readonly string[]): Promise<Map<string, Person>> {
  const rows: Person[] = await whereCompany(db('users'), scope)
    .select('id', db.raw("concat_ws(' ', first_name, last_name) as name"), 'is_active as active')
    .whereRaw('id = any(?::uuid[])', [ids.filter(isUuid)]);
  return new Map(rows.map((person) => [person.id, person]));
}
