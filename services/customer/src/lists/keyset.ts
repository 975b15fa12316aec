import type { Db, Scope } from '@clientela/db';
import type { Keyset } from '@clientela/http';
import type { Customer } from '../customers/schema.ts';
import { buildListQuery, type SortKey } from './list-query.ts';
import type { Listing } from './schema.ts';
import { applyConditions, equals, follows, isNull, scanInOrder, type KeyCondition } from './store.ts';

/**
 * Reads the customers that follow one in a list's order. A customer that does not change is neither repeated nor skipped while others do.
 * @param after the sort values of the previous page's last row; undefined for the first page
 */
export async function listByCursor(
  db: Db,
  scope: Scope,
  listing: Listing,
  after: Keyset | undefined,
  limit: number,
): Promise<{ rows: Customer[]; next: Keyset | undefined }> {
  const query = buildListQuery(db, scope, listing);
  const found: Customer[] = [];
  // The ranges follow one another in the list's order; the last ones are seldom needed.
  for (const range of after ? keysetRanges(query.sortKeys, after) : [[]]) {
    const baseQuery = applyConditions(query.baseQuery.clone(), range);
    found.push(...(await scanInOrder(db, { ...query, baseQuery }, { limit: limit + 1 - found.length, offset: 0 })));
    if (found.length > limit) break;
  }
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  const next = last && [
    ...listing.sort.map(({ column }) => last[column]),
    last.id,
    ...('all' in scope ? [last.business_id] : []),
  ];
  return { rows, next };
}

/** Returns the ranges that hold what follows a row, in order: equal up to one key and after it in that one, nulls last. */
export const keysetRanges = (keys: readonly SortKey[], after: Keyset): KeyCondition[][] =>
  keys
    .flatMap((key, index) => {
      const value = after[index] ?? null;
      if (value === null) return []; // nothing follows null
      const before = keys.slice(0, index).map((previous, at) => equals(previous, after[at] ?? null));
      return [...(key.nullable ? [[...before, isNull(key)]] : []), [...before, follows(key, value)]];
    })
    .toReversed();
