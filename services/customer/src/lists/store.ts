import type { Db, Query, Scope } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { responseColumns } from '../customers/store.ts';
import { collected, select, type Found, type Slice } from './collecting.ts';
import { byMonths, firstOfMonths } from './months.ts';
import type { Listing } from './schema.ts';
import { hitsByKey, searchOf, type Search } from './search.ts';
import type { Samples } from './sample.ts';
import { firstRows, inOrder, isCounted, keyed, sortedBy, sourceOf, type Instead, type Source } from './source.ts';
import { countKept, estimated, exactUpTo, expectedRows } from './totals.ts';

/**
 * A part of a list, and how many customers the list has. The planner knows nothing of how filter and order hang together (the oldest
 * orders are those of the oldest customers), so it is not left to choose between walking the order and collecting what the filter has:
 * up to 10,000 are collected and sorted, which counts them as well; of more, a page is soon met with on a walk, and if it is not,
 * all are sorted.
 */
export async function listCustomers(
  db: Db,
  samples: Samples,
  scope: Scope,
  listing: Listing,
  slice: Slice,
): Promise<Found> {
  if (isCounted(listing)) {
    const total = await countKept(db, scope, listing);
    if (total === 0) return { rows: [], total };
    const plain = listing.type === undefined && listing.status === undefined && listing.sort.length === 1;
    const source = sourceOf(db, scope, listing);
    if (plain || sortedBy(listing.sort)) return { rows: await fetch(db, source, source.rows, slice), total };
    const few = total <= exactUpTo ? await collected(db, source, slice) : undefined;
    return { rows: few?.found.rows ?? (await walked(db, scope, listing, slice)), total };
  }
  const search = listing.search === undefined ? undefined : await searchOf(db, samples, scope, listing);
  if (search) return searched(db, scope, listing, slice, search);

  const source = sourceOf(db, scope, listing);
  const { found: few } = await collected(db, source, slice);
  if (few.total <= exactUpTo) return few;
  const most = await countKept(db, scope, listing);
  const expected = await expectedRows(db, source.rows);
  const deep = slice.limit + slice.offset;
  if (byMonths(scope, listing, deep)) {
    const instead = firstOfMonths(db, scope, listing, source, deep);
    const rows = await fetch(db, source, sourceOf(db, scope, listing, { instead }).rows, slice);
    return { rows, ...estimated(expected, most) };
  }
  // By tag there is an index in the order itself: its walk is short.
  const soonSorted = source.alone && !listing.tag && expected < soonestSorted && listing.sort.length === 1;
  const rows = soonSorted ? await sorted(db, source, slice) : await walked(db, scope, listing, slice);
  return { rows, ...estimated(expected, most) };
}

/** As above, of those whom a search finds. */
async function searched(db: Db, scope: Scope, listing: Listing, slice: Slice, search: Search): Promise<Found> {
  const most = await countKept(db, scope, listing);
  if (search.many !== undefined)
    return { rows: await walked(db, scope, listing, slice, search), ...estimated(search.many, most) };
  const { found } = search;
  const collect = (hits?: Query) =>
    collected(db, sourceOf(db, scope, listing, hits ? { hits: [hits] } : { found }), slice, { remember: true });
  const { found: few, some } = await collect(search.hits);
  const mistyped = await search.mistyped(few.total);
  if (search.hits && mistyped.length > 0)
    return (await collect(hitsByKey(db, scope, listing, [...some, ...mistyped]))).found;
  if (few.total <= exactUpTo) return few;
  const expected = search.expected ?? (await expectedRows(db, sourceOf(db, scope, listing, { found }).rows));
  return { rows: await walked(db, scope, listing, slice, search), ...estimated(expected, most) };
}

const soonestSorted = 20_000; // entries of such an index, which are sorted in the time of a walk
const shortWalk = 20_000; // entries of an index that holds all that is asked
const joinedWalk = 4_000; // rows that have to be looked up elsewhere

/** A slice of a list that has many: met with on a walk in its order, or sorted out of all of them. */
export async function walked(
  db: Db,
  scope: Scope,
  listing: Listing,
  slice: Slice,
  search?: Pick<Search, 'found' | 'hits'>,
): Promise<Customer[]> {
  const found = search && { found: search.found };
  const source = sourceOf(db, scope, listing, { ...found });
  const bound = (source.alone && !search ? shortWalk : joinedWalk) + 50 * (slice.limit + slice.offset);
  if (source.walked && slice.offset < exactUpTo) {
    const first: Instead = firstRows(db, scope, listing, source, bound);
    const rows = await fetch(db, source, sourceOf(db, scope, listing, { instead: first, ...found }).rows, slice);
    if (rows.length === slice.limit) return rows;
  }
  const all = search?.hits ? sourceOf(db, scope, listing, { hits: [search.hits] }) : source;
  if (listing.sort.length > 1) await upTo(db, scope, listing, slice, all, search);
  return sorted(db, all, slice);
}

/** A slice out of all of them. What a fence shuts off is planned for by itself: by the filter, not by the order. */
function sorted(db: Db, source: Source, { limit, offset }: Slice): Promise<Customer[]> {
  const keys = keyed(source.keys, 'f');
  const all = db.from(db.raw('(? offset 0) as f', [select(db, source, source.rows)])).select('f.*');
  return details(db, inOrder(all, keys).limit(limit).offset(offset), source);
}

/** Leaves out what the first column alone puts behind the slice: so many need not be sorted by the others. */
async function upTo(
  db: Db,
  scope: Scope,
  listing: Listing,
  { limit, offset }: Slice,
  { rows, keys }: Source,
  search?: Pick<Search, 'found' | 'hits'>,
): Promise<void> {
  const [column] = listing.sort;
  const [key] = keys;
  if (!column || !key) return;
  const [last] = await walked(
    db,
    scope,
    { ...listing, sort: [column] },
    { limit: 1, offset: offset + limit - 1 },
    search,
  );
  const value = last?.[column.column] ?? null;
  if (value !== null) void rows.whereRaw(`${key.sql} ${key.descending ? '>=' : '<='} ?`, [value]);
}

/** A slice, in the order of an index. */
const fetch = (db: Db, source: Source, rows: Query, { limit, offset }: Slice): Promise<Customer[]> =>
  details(
    db,
    inOrder(select(db, source, rows.clone()), source.keys)
      .limit(limit)
      .offset(offset),
    source,
  );

/** The customers of some rows, in their order. Only these are read whole. */
export const details = async (db: Db, rows: Query, { keys }: Pick<Source, 'keys'>): Promise<Customer[]> =>
  (await inOrder(
    db
      .select([...responseColumns])
      .from(db.raw('(?) as k', [rows]))
      .join('customers as c', { 'c.company_id': 'k.found_company', 'c.id': 'k.found_id' })
      .join('customer_counters as n', { 'n.company_id': 'k.found_company', 'n.customer_id': 'k.found_id' }),
    keyed(keys, 'k'),
  )) as Customer[];
