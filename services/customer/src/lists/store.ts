import { EXACT_COUNT_LIMIT, plannerRowEstimate, whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { responseColumns } from '../customers/store.ts';
import {
  aliasedSortKeys,
  applyOrder,
  buildListQuery,
  isCountedBySummary,
  joinSortTables,
  selectKeys,
  statusFilter,
  type Condition,
  type ListQuery,
  type SortKey,
} from './list-query.ts';
import { choosePlan, scanBound, type Plan } from './plans.ts';
import type { Listing } from './schema.ts';

export type Slice = { limit: number; offset: number };
export type Total = { total: number; total_is_estimate?: true };
export type Page = { rows: Customer[] } & Total;

/** What a list consists of; `matches` is a further condition on the customer. */
export type List = { scope: Scope; listing: Listing; matches?: Condition | undefined };

/**
 * Reads a page of a list in the order of its sort.
 * @param known the total, when it has been found out before
 */
export async function readPage(db: Db, list: List, slice: Slice, known?: Total): Promise<Page> {
  const query = buildListQuery(db, list.scope, list.listing, list);
  const plan = (total: Total | undefined) =>
    choosePlan({
      ...query,
      total: total?.total,
      isEstimate: total?.total_is_estimate ?? false,
      sort: list.listing.sort,
      offset: slice.offset,
    });
  let total = known ?? (isCountedBySummary(list.listing) ? await countFromSummary(db, query) : undefined);
  if (total === undefined || plan(total) === 'countAndSort') {
    const page = await countAndSort(db, query, slice);
    if (page.total <= EXACT_COUNT_LIMIT) return page;
    total = await estimateTotal(db, query);
  }
  return { ...total, rows: await executors[plan(total)](db, list, query, slice, total) };
}

type Executor = (db: Db, list: List, query: ListQuery, slice: Slice, total: Total) => Promise<Customer[]>;

const executors: Readonly<Record<Plan, Executor>> = {
  empty: async () => [],
  orderedIndexScan: (db, _list, query, slice) => scanInOrder(db, query, slice),
  countAndSort: async (db, _list, query, slice) => (await countAndSort(db, query, slice)).rows,
  boundedIndexScan,
  sortAll: (db, _list, query, slice) => sortAll(db, query, slice),
  splitByFirstSortKey,
};

/** Counts rows up to one more than the limit and, unless there are more, sorts them and reads the page. */
export async function countAndSort(db: Db, query: ListQuery, { limit, offset }: Slice): Promise<Page> {
  const { sortKeys, filterTables } = query;
  const isFound = ({ table }: SortKey) => filterTables.includes(table);
  const foundKeys = sortKeys.filter(isFound);
  const found = selectKeys(db, { ...query, sortKeys: foundKeys }, query.filterQuery.clone());
  const aliases = aliasedSortKeys(foundKeys, 'f');
  const keys = sortKeys.map((key) => (isFound(key) ? (aliases.shift() ?? key) : key));
  const sorted = selectKeys(
    db,
    { company: 'f.found_company', id: 'f.found_id', sortKeys: keys },
    joinSortTables(db.from('found as f'), query),
  ).whereRaw('(select total from counted) <= ?', [EXACT_COUNT_LIMIT]);
  const rows = (await applyOrder(
    db
      .withMaterialized('found', found.limit(EXACT_COUNT_LIMIT + 1))
      .with('counted', db.from('found').count({ total: '*' }))
      .select(['counted.total', ...responseColumns])
      .from('counted')
      .leftJoin(db.raw('(?) as k', [applyOrder(sorted, keys).limit(limit).offset(offset)]), db.raw('true'))
      .leftJoin('customers as c', { 'c.company_id': 'k.found_company', 'c.id': 'k.found_id' })
      .leftJoin('customer_counters as n', { 'n.company_id': 'k.found_company', 'n.customer_id': 'k.found_id' }),
    aliasedSortKeys(sortKeys, 'k'),
  )) as (Customer & { total: number })[];
  return {
    total: rows[0]?.total ?? 0,
    rows: rows.filter(({ id }) => id !== null).map(({ total: _total, ...customer }) => customer),
  };
}

/** Reads a page in the order of an index. */
export const scanInOrder = (db: Db, query: ListQuery, { limit, offset }: Slice): Promise<Customer[]> => {
  const rows = applyOrder(selectKeys(db, query, query.baseQuery.clone()), query.sortKeys);
  return loadCustomers(db, rows.limit(limit).offset(offset), query);
};

async function boundedIndexScan(db: Db, list: List, query: ListQuery, slice: Slice): Promise<Customer[]> {
  const scanLimit = scanBound(query.isSingleTable, slice.limit + slice.offset);
  const bounded = buildListQuery(db, list.scope, list.listing, { ...list, scanLimit });
  const rows = await scanInOrder(db, bounded, slice);
  return rows.length === slice.limit ? rows : sortAll(db, query, slice);
}

/** OFFSET 0 is an optimization fence: the inner query is planned by its filter, not by the order. */
function sortAll(db: Db, query: ListQuery, { limit, offset }: Slice): Promise<Customer[]> {
  const all = db.from(db.raw('(? offset 0) as f', [selectKeys(db, query, query.baseQuery.clone())])).select('f.*');
  return loadCustomers(db, applyOrder(all, aliasedSortKeys(query.sortKeys, 'f')).limit(limit).offset(offset), query);
}

/**
 * Finds the first column's value at the end of the page. The rows before that value are few; of those with it, which may be a third of the
 * list (no orders), an index gives the order of the next column.
 */
async function splitByFirstSortKey(
  db: Db,
  list: List,
  query: ListQuery,
  { limit, offset }: Slice,
  total: Total,
): Promise<Customer[]> {
  const [first] = list.listing.sort;
  const [key, ...others] = query.sortKeys;
  if (!first || !key) return [];
  const byFirst = { ...list, listing: { ...list.listing, sort: [first] } };
  const end = total.total_is_estimate ? offset + limit : Math.min(offset + limit, total.total);
  const { rows } = await readPage(db, byFirst, { limit: 1, offset: end - 1 }, total);
  if (!rows[0]) return sortAll(db, query, { limit, offset });
  const value = rows[0][first.column] ?? null;
  const part = (condition: KeyCondition, keys: readonly SortKey[]) =>
    applyOrder(selectKeys(db, query, applyConditions(query.baseQuery.clone(), [condition])), keys).limit(
      offset + limit,
    );
  const parts = [part(precedes(key, value), query.sortKeys), part(equals(key, value), others)];
  const all = db.from(db.raw('((?) union all (?)) as f', parts)).select('f.*');
  return loadCustomers(db, applyOrder(all, aliasedSortKeys(query.sortKeys, 'f')).limit(limit).offset(offset), query);
}

/** Loads the customers of selected keys, in their order. Only these rows are read whole. */
export const loadCustomers = async (
  db: Db,
  keys: Query,
  { sortKeys }: Pick<ListQuery, 'sortKeys'>,
): Promise<Customer[]> =>
  (await applyOrder(
    db
      .select([...responseColumns])
      .from(db.raw('(?) as k', [keys]))
      .join('customers as c', { 'c.company_id': 'k.found_company', 'c.id': 'k.found_id' })
      .join('customer_counters as n', { 'n.company_id': 'k.found_company', 'n.customer_id': 'k.found_id' }),
    aliasedSortKeys(sortKeys, 'k'),
  )) as Customer[];

type KeyValue = string | number | boolean | null;
/** A condition on a sort key. */
export type KeyCondition = { sql: string; values: Exclude<KeyValue, null>[] };

export const isNull = ({ sql }: SortKey): KeyCondition => ({ sql: `${sql} is null`, values: [] });
export const equals = (key: SortKey, value: KeyValue): KeyCondition =>
  value === null ? isNull(key) : { sql: `${key.sql} = ?`, values: [value] };
export const follows = ({ sql, descending }: SortKey, value: Exclude<KeyValue, null>): KeyCondition => ({
  sql: `${sql} ${descending ? '<' : '>'} ?`,
  values: [value],
});
const precedes = (key: SortKey, value: KeyValue): KeyCondition =>
  value === null
    ? { sql: `${key.sql} is not null`, values: [] }
    : follows({ ...key, descending: !key.descending }, value);

export const applyConditions = (rows: Query, conditions: readonly KeyCondition[]): Query => {
  for (const { sql, values } of conditions) void rows.whereRaw(sql, values);
  return rows;
};

/** Estimates the total of a list that has more rows than are counted. */
export async function estimateTotal(db: Db, query: ListQuery): Promise<Total> {
  const { total: upperBound } = await countFromSummary(db, query);
  const estimate = Math.min(await plannerRowEstimate(query.filterQuery), upperBound);
  return { total: Math.max(EXACT_COUNT_LIMIT + 1, Math.round(estimate)), total_is_estimate: true };
}

/** Counts by status, type and deletion mark, which triggers keep exact. */
async function countFromSummary(db: Db, { scope, listing }: Pick<ListQuery, 'scope' | 'listing'>): Promise<Total> {
  const counts = whereCompany(db('customer_counts'), scope).sum({ total: 'customers' });
  const { undeleted, statuses } = statusFilter(listing);
  if (undeleted) void counts.where('deleted', false);
  for (const status of statuses) void counts.where('status', status);
  if (listing.type) void counts.where('type', listing.type);
  const [row] = (await counts) as [{ total: string | null }];
  return { total: Number(row.total ?? 0) };
}
