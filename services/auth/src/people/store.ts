import { isUuid, whereCompany, type Db, type Scope } from '@clientela/db';
import type { Person } from './schema.ts';

/** Finds the names of users and API keys, by their ids. */
export async function findPeople(db: Db, scope: Scope, ids: readonly string[]): Promise<Map<string, Person>> {
  const keys = ids.flatMap((id) => /^key:(.*)$/.exec(id)?.[1] ?? []);
  const rows: Person[] = await whereCompany(db('users'), scope)
    .select('id', db.raw("concat_ws(' ', first_name, last_name) as name"), 'is_active as active')
    .whereRaw('id = any(?::uuid[])', [ids.filter(isUuid)]);
  const keyRows: Person[] =
    keys.length === 0
      ? []
      : await whereCompany(db('api_keys'), scope)
          .select(db.raw(`'key:' || id as id`), 'name', db.raw('revoked_at is null and expires_at > now() as active'))
          .whereRaw('id = any(?::uuid[])', [keys]);
  return new Map([...rows, ...keyRows].map((person) => [person.id, person]));
}
