import type { Db, Scope } from '@clientela/db';
import type { Keyset } from '@clientela/http';
import type { Customer } from '../customers/schema.ts';
import { select } from './collecting.ts';
import type { Listing } from './schema.ts';
import { inOrder, keyed, sourceOf, type Key } from './source.ts';
import { details } from './store.ts';

/**
 * The customers that follow one in a list's order. Each way to follow is a range of its own that an index gives: the same in the first
 * columns and beyond it in the next one; nulls follow everything. So a row that stays as it is, is neither met twice nor passed over,
 * whatever happens to others meanwhile.
 * @param after the values of the order in the last row of the page before; undefined for the first page
 */
export async function listAfter(
  db: Db,
  scope: Scope,
  listing: Listing,
  after: Keyset | undefined,
  limit: number,
): Promise<{ rows: Customer[]; next: Keyset | undefined }> {
  const source = sourceOf(db, scope, listing);
  const ranges = after ? following(source.keys, after) : [[]];
  const parts = ranges.map((range) => {
    const rows = select(db, source, source.rows.clone());
    for (const { sql, values } of range) void rows.whereRaw(sql, values);
    return inOrder(rows, source.keys).limit(limit + 1);
  });
  const all = db.from(db.raw(`(${parts.map(() => '(?)').join(' union all ')}) as f`, parts)).select('f.*');
  const page = inOrder(all, keyed(source.keys, 'f')).limit(limit + 1);
  const found = await details(db, page, source);
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  const spanning = 'all' in scope;
  const next = last && [
    ...listing.sort.map(({ column }) => last[column]),
    last.id,
    ...(spanning ? [last.business_id] : []),
  ];
  return { rows, next };
}

type Part = { sql: string; values: (string | number | boolean)[] };

/** The ranges, in any order, that hold what follows: the same up to one key, and beyond in that one. */
export function following(keys: readonly Key[], after: Keyset): Part[][] {
  const same = (key: Key, at: number): Part => {
    const value = after[at] ?? null;
    return value === null ? { sql: `${key.sql} is null`, values: [] } : { sql: `${key.sql} = ?`, values: [value] };
  };
  return keys.flatMap((key, at) => {
    const value = after[at] ?? null;
    if (value === null) return []; // nothing follows what is missing
    const before = keys.slice(0, at).map(same);
    const beyond: Part = { sql: `${key.sql} ${key.descending ? '<' : '>'} ?`, values: [value] };
    const missing: Part = { sql: `${key.sql} is null`, values: [] };
    return [[...before, beyond], ...(key.nullable ? [[...before, missing]] : [])];
  });
}
