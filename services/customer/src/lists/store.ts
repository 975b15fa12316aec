import {
  execute,
  EXACT_COUNT_LIMIT,
  plannerRowEstimate,
  whereCompany,
  type Db,
  type NamedStatement,
  type Query,
} from '@clientela/db';
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
  type ListQuery,
  type SortKey,
} from './list-query.ts';
import { choosePlan, scanBound, type Plan } from './plans.ts';

export type Slice = { limit: number; offset: number };
export type Total = { total: number; total_is_estimate?: true };
export type Page = { rows: Customer[] } & Total;

/**
 * Reads a page of a list in the order of its sort.
 * @param known the total, when it has been found out before
 */
export async function readPage(db: Db, query: ListQuery, slice: Slice, known?: Total): Promise<Page> {
  const { sort } = query.listing;
  const plan = (total: Total | undefined) =>
    choosePlan({
      ...query,
      sort,
      offset: slice.offset,
      total: total?.total,
      isEstimate: total?.total_is_estimate ?? false,
    });
  let total = known ?? (isCountedBySummary(query.listing) ? await countFromSummary(db, query) : undefined);
  if (total === undefined || plan(total) === 'countAndSort') {
    const page = await countAndSort(db, query, slice);
    if (page.total <= EXACT_COUNT_LIMIT) return page;
    total = await estimateTotal(db, query);
  }
  return { ...total, rows: await executors[plan(total)](db, query, slice, total) };
}

type Executor = (db: Db, query: ListQuery, slice: Slice, total: Total) => Promise<Customer[]>;

/** Reads the rows of a page by a plan. All plans return the same rows; where one does not apply, it is slow. */
export const executors: Readonly<Record<Plan, Executor>> = {
  empty: async () => [],
  orderedIndexScan: (db, query, slice) => scanInOrder(db, query, slice),
  countAndSort: async (db, query, slice) => (await countAndSort(db, query, slice)).rows,
  boundedIndexScan,
  sortAll,
  splitByFirstSortKey,
};

/**
 * Counts rows up to one more than the limit and, unless there are more, sorts them and reads the page.
 * @param deferredSort another order, of columns of the counted rows `f`: its keys are computed only for rows that are sorted
 */
export async function countAndSort(
  db: Db,
  query: ListQuery,
  { limit, offset }: Slice,
  deferredSort?: { columns: readonly string[]; keys: readonly SortKey[] },
): Promise<Page> {
  const foundKeys = deferredSort ? [] : query.sortKeys.filter(({ isFound }) => isFound);
  const found = selectKeys(db, { ...query, sortKeys: foundKeys }, query.filterQuery.clone());
  if (deferredSort) void found.select(deferredSort.columns);
  const aliases = aliasedSortKeys(foundKeys, 'f');
  const keys = deferredSort?.keys ?? query.sortKeys.map((key) => (key.isFound ? (aliases.shift() ?? key) : key));
  const sorted = selectKeys(
    db,
    { company: 'f.found_company', id: 'f.found_id', sortKeys: keys },
    deferredSort ? db.from('found as f') : joinSortTables(db.from('found as f'), query),
  ).whereRaw('(select total from counted) <= ?', [EXACT_COUNT_LIMIT]);
  const selectedKeys = aliasedSortKeys(keys); // an expression that ranks is written, sent and parsed once
  const rows = (await applyOrder(
    db
      .withMaterialized('found', found.limit(EXACT_COUNT_LIMIT + 1))
      .with('counted', db.from('found').count({ total: '*' }))
      .select(['counted.total', 'k.found_company as company_id', 'k.found_id as id'])
      .from('counted')
      .leftJoin(db.raw('(?) as k', [applyOrder(sorted, selectedKeys).limit(limit).offset(offset)]), db.raw('true')),
    aliasedSortKeys(keys, 'k'),
  )) as (CustomerKey & { total: number })[];
  const keysOfPage = rows.filter(({ id }) => id !== null);
  return { total: rows[0]?.total ?? 0, rows: await loadCustomersByKeys(db, keysOfPage, statusFilter(query.listing)) };
}

/** Reads a page in the order of an index. */
export const scanInOrder = (db: Db, query: ListQuery, { limit, offset }: Slice): Promise<Customer[]> => {
  const rows = applyOrder(selectKeys(db, query, query.baseQuery.clone()), query.sortKeys);
  return loadCustomers(db, rows.limit(limit).offset(offset), query.sortKeys);
};

async function boundedIndexScan(db: Db, query: ListQuery, slice: Slice): Promise<Customer[]> {
  const scanLimit = scanBound(query.reads, slice.limit + slice.offset);
  const bounded = buildListQuery(db, query.scope, query.listing, { matches: query.matches, scanLimit });
  const rows = await scanInOrder(db, bounded, slice);
  return rows.length === slice.limit ? rows : sortAll(db, query, slice);
}

/** OFFSET 0 is an optimization fence: the inner query is planned by its filter, not by the order. */
function sortAll(db: Db, query: ListQuery, { limit, offset }: Slice): Promise<Customer[]> {
  const all = db.from(db.raw('(? offset 0) as f', [selectKeys(db, query, query.baseQuery.clone())])).select('f.*');
  return loadCustomers(
    db,
    applyOrder(all, aliasedSortKeys(query.sortKeys, 'f')).limit(limit).offset(offset),
    query.sortKeys,
  );
}

/**
 * Finds the first column's value at the end of the page. The rows before that value are few; of those with it, which may be a third of the
 * list (no orders), an index gives the order of the next column.
 */
async function splitByFirstSortKey(
  db: Db,
  query: ListQuery,
  { limit, offset }: Slice,
  total: Total,
): Promise<Customer[]> {
  const [first] = query.listing.sort;
  const [key, ...others] = query.sortKeys;
  if (!first || !key) return [];
  const byFirst = buildListQuery(db, query.scope, { ...query.listing, sort: [first] }, query);
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
  return loadCustomers(
    db,
    applyOrder(all, aliasedSortKeys(query.sortKeys, 'f')).limit(limit).offset(offset),
    query.sortKeys,
  );
}

/** Loads the customers of selected keys, in their order. Only these rows are read whole. */
export const loadCustomers = async (db: Db, keys: Query, sortKeys: readonly SortKey[]): Promise<Customer[]> =>
  (await applyOrder(
    db
      .select([...responseColumns])
      .from(db.raw('(?) as k', [keys]))
      .join('customers as c', { 'c.company_id': 'k.found_company', 'c.id': 'k.found_id' })
      .join('customer_counters as n', { 'n.company_id': 'k.found_company', 'n.customer_id': 'k.found_id' }),
    aliasedSortKeys(sortKeys, 'k'),
  )) as Customer[];

export type CustomerKey = { company_id: string; id: string };

export const keyArrays = (keys: readonly CustomerKey[]): [string[], string[]] => [
  keys.map(({ company_id }) => company_id),
  keys.map(({ id }) => id),
];

const byKeys: NamedStatement = {
  name: 'customers_by_keys',
  text: `select ${responseColumns.join(', ')}
    from unnest($1::uuid[], $2::uuid[]) with ordinality as k(found_company, found_id, place)
    join customers as c on c.company_id = k.found_company and c.id = k.found_id
    join customer_counters as n on n.company_id = k.found_company and n.customer_id = k.found_id
    where c.deleted_at is null or not $3::boolean
    order by k.place`,
};

/**
 * Loads customers in the order of their keys. Planning that takes longer than reading a page, so it is planned once.
 * @param options.undeleted leaves out those who were deleted after their keys were read
 */
export const loadCustomersByKeys = async (
  db: Db,
  keys: readonly CustomerKey[],
  { undeleted }: { undeleted: boolean },
): Promise<Customer[]> => (keys.length > 0 ? execute<Customer>(db, byKeys, [...keyArrays(keys), undeleted]) : []);

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
