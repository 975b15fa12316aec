import { alphabetical, whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { CustomerFilter, Listing, SortColumn } from './schema.ts';

// Builds the query of a list from as few of three tables as its filters and its sort need. Each of them has indexes by creation time, and
// the two smaller ones answer from an index alone.

export type Sql = ReturnType<Db['raw']>;

const tables = { t: 'customer_tags', n: 'customer_counters', c: 'customers' } as const;
type Table = keyof typeof tables;
const idOf = { t: 't.customer_id', n: 'n.customer_id', c: 'c.id' } as const;
const createdAt = { t: 't.customer_created_at', n: 'n.customer_created_at', c: 'c.created_at' } as const;
const tableOfSort: Readonly<Record<SortColumn, Table | undefined>> = {
  created_at: undefined, // each table has it
  full_name: 'c',
  last_order_date: 'n',
  lifetime_value: 'n',
  total_orders: 'n',
};
const sortedColumn = (table: Table, column: SortColumn) =>
  column === 'full_name' ? alphabetical(`${table}.full_name`) : `${table}.${column}`;
const nullable: ReadonlySet<SortColumn> = new Set(['full_name', 'last_order_date']);
const ranges = [
  ['created_from', 'created_at', '>='],
  ['created_to', 'created_at', '<='],
  ['last_order_from', 'last_order_date', '>='],
  ['last_order_to', 'last_order_date', '<='],
  ['min_lifetime_value', 'lifetime_value', '>='],
] as const;

export type SortKey = {
  sql: string;
  values?: readonly string[];
  descending: boolean;
  nullable: boolean;
  /** The table that has it. */
  table: Table;
  /** Whether the rows that the filters find have it without a further read. */
  isFound: boolean;
};

export type ListQuery = {
  scope: Scope;
  listing: Listing;
  /** A further condition on `customers as c`: the search. */
  matches: Sql | undefined;
  /** Filtered rows of the tables that filters and sort need; without columns, order and limit. */
  baseQuery: Query;
  /** The same rows from the tables that the filters need. */
  filterQuery: Query;
  filterTables: readonly Table[];
  /** The order, with the id to break ties. */
  sortKeys: readonly SortKey[];
  /** The columns that identify a customer. */
  company: string;
  id: string;
  /** What a scan reads: an index alone, the customers table, or several tables. */
  reads: 'index' | 'table' | 'join';
  /** Whether one index gives exactly these rows in this order. */
  isIndexOrdered: boolean;
};

/**
 * Builds the query of a list.
 * @param options.isMostOfTable whether the company has most of all customers, for a search
 * @param options.scanLimit restricts the table of the first sort column to so many of its first rows in the list's order
 */
export function buildListQuery(
  db: Db,
  scope: Scope,
  listing: Listing,
  options: { matches?: Sql | undefined; scanLimit?: number; isMostOfTable?: boolean } = {},
): ListQuery {
  const { matches, scanLimit, isMostOfTable = false } = options;
  const sortTables = listing.sort.flatMap(({ column }) => tableOfSort[column] ?? []);
  const filterTables = tablesOfFilters(listing, matches !== undefined);
  if (filterTables.length === 0) filterTables.push(sortTables[0] ?? 'c');
  const main = filterTables[0] as Table;
  const joined = [...new Set([...filterTables, ...sortTables])];

  const [first] = listing.sort;
  const scanTable = (first && tableOfSort[first.column]) ?? main;
  const isFound = (table: Table, column?: SortColumn) =>
    filterTables.includes(table) && (filterTables.length > 1 || !column || isInFilterIndex(listing, column));
  const tie = { descending: first?.descending ?? true, nullable: false, table: scanTable, isFound: isFound(scanTable) };
  const sortKeys: SortKey[] = [
    ...listing.sort.map(({ column, descending }) => {
      const table = tableOfSort[column] ?? main;
      const sql = column === 'created_at' ? createdAt[main] : sortedColumn(table, column);
      return { sql, descending, nullable: nullable.has(column), table, isFound: isFound(table, column) };
    }),
    { sql: idOf[scanTable], ...tie },
    ...('all' in scope ? [{ sql: `${scanTable}.company_id`, ...tie }] : []),
  ];

  const from = (table: Table): Sql =>
    scanLimit !== undefined && table === scanTable
      ? db.raw('(?) as ??', [applyOrder(scanRange(db, scope, listing, table), sortKeys).limit(scanLimit), table])
      : db.raw('?? as ??', [tables[table], table]);
  const rowsOf = (chosen: readonly Table[], isOutsideIndex = false): Query => {
    const rows = db.from(from(main));
    for (const table of chosen) {
      if (table !== main)
        void rows.join(from(table), { [`${table}.company_id`]: `${main}.company_id`, [idOf[table]]: idOf[main] });
      if (isOutsideIndex && 'company_id' in scope)
        void rows.whereRaw(`${table}.company_id is not distinct from ?`, [scope.company_id]);
      else void whereCompany(rows, scope, `${table}.company_id`);
      applyFilters(rows, table, listing);
    }
    applyRange(rows, listing, 'created_at', createdAt[main]);
    if (matches) void rows.whereRaw(matches);
    // The index of the search has the labels too.
    if (matches && listing.tag) void rows.whereRaw(`c.search_keys @> array['#' || lower(?)]`, [listing.tag]);
    return rows;
  };
  return {
    scope,
    listing,
    matches,
    baseQuery: rowsOf(joined),
    // The index of the search would compare all customers of the company with each text that may match; few rows are of another company.
    filterQuery: rowsOf(filterTables, isMostOfTable && matches !== undefined && filterTables.length === 1),
    filterTables,
    sortKeys,
    company: `${main}.company_id`,
    id: idOf[main],
    reads: joined.length > 1 ? 'join' : main === 'c' ? 'table' : 'index',
    isIndexOrdered: joined.length === 1 && !matches && isIndexOrdered(listing),
  };
}

function tablesOfFilters(listing: Listing, isSearch: boolean): Table[] {
  const { isDefault, undeleted, statuses } = statusFilter(listing);
  const has = (table: Table) =>
    ranges.some(([filter, column]) => listing[filter] !== undefined && tableOfSort[column] === table);
  const used: Table[] = [];
  if (listing.tag && !isSearch) used.push('t');
  if (has('n')) used.push('n');
  if (
    isSearch ||
    listing.type ||
    listing.external_id ||
    listing.id ||
    (!isDefault && (undeleted || statuses.length > 0))
  )
    used.push('c');
  // Every table answers a range of creation times; the index of the counters holds most columns.
  if (used.length === 0 && (listing.created_from ?? listing.created_to)) used.push('n');
  return used;
}

/**
 * Whether the index of the counters that answers the filters has a column. For another column PostgreSQL would scan the index of that
 * column, because it expects to find enough rows soon; the customers without orders come first.
 */
function isInFilterIndex(listing: Listing, column: SortColumn): boolean {
  if (column === 'created_at' || column === 'last_order_date') return true;
  const filtered = ranges.filter(([filter, of]) => listing[filter] !== undefined && of !== 'created_at');
  return filtered.length === 0 || filtered.some(([, of]) => of === column);
}

/** Whether the index in the list's order also answers all of its filters. */
function isIndexOrdered({ sort, active_only: _active_only, ...filters }: Listing): boolean {
  const [first, second] = sort;
  const indexed = new Set<string>(ranges.filter(([, column]) => column === first?.column).map(([filter]) => filter));
  if (first?.column === 'created_at') for (const filter of ['status', 'type', 'tag']) indexed.add(filter);
  return !second && Object.entries(filters).every(([filter, value]) => value === undefined || indexed.has(filter));
}

/** Rows of the scanned table by those conditions alone that its index answers, so that a limit bounds what is read. */
function scanRange(db: Db, scope: Scope, listing: Listing, table: Table): Query {
  const { isDefault, undeleted } = statusFilter(listing);
  const rows = whereCompany(db.from(`${tables[table]} as ${table}`), scope, `${table}.company_id`).select(`${table}.*`);
  if (table === 't') applyFilters(rows, 't', listing);
  if (table === 'c' && undeleted) void rows.whereNull('c.deleted_at');
  if (table === 'c' && isDefault) void rows.where('c.status', 'active');
  // Those without orders come first by their number or value: a partial index passes over them.
  if (table === 'n' && (listing.last_order_from ?? listing.last_order_to)) void rows.whereNotNull('n.last_order_date');
  const column = listing.sort[0]?.column ?? 'created_at';
  applyRange(rows, listing, column, column === 'created_at' ? createdAt[table] : `${table}.${column}`);
  return rows;
}

/** Reads active_only and status: the default list has active, undeleted customers. */
export function statusFilter({ active_only, status }: Pick<CustomerFilter, 'active_only' | 'status'>): {
  isDefault: boolean;
  undeleted: boolean;
  statuses: string[];
} {
  const statuses = [...new Set([...(status ? [status] : []), ...((active_only ?? !status) ? ['active'] : [])])];
  const undeleted = active_only !== false;
  return { isDefault: undeleted && statuses.length === 1 && statuses[0] === 'active', undeleted, statuses };
}

/** Whether status, type and deletion mark, by which customer_counts counts, are the only filters. */
export const isCountedBySummary = ({ search, tag, external_id, id, ...filters }: Listing): boolean =>
  !(search ?? tag ?? external_id ?? id) && ranges.every(([filter]) => filters[filter] === undefined);

function applyFilters(rows: Query, table: Table, listing: Listing): void {
  const { isDefault, undeleted, statuses } = statusFilter(listing);
  if (table !== 'c' && isDefault) void rows.where(`${table}.is_listed`, true);
  if (table === 't') void rows.whereRaw('lower(t.label) = lower(?)', [listing.tag ?? '']);
  if (table === 'n')
    for (const column of ['last_order_date', 'lifetime_value'] as const)
      applyRange(rows, listing, column, `n.${column}`);
  if (table !== 'c') return;
  if (undeleted) void rows.whereNull('c.deleted_at');
  for (const status of statuses) void rows.where('c.status', status);
  if (listing.type) void rows.where('c.type', listing.type);
  if (listing.external_id) void rows.where('c.external_id', listing.external_id);
  if (listing.id) void rows.whereIn('c.id', listing.id);
}

function applyRange(rows: Query, listing: Listing, column: SortColumn, sql: string): void {
  for (const [filter, compared, operator] of ranges) {
    const value = listing[filter];
    if (compared === column && value !== undefined) void rows.where(sql, operator, value);
  }
}

/** Orders rows, nulls last. NULLS LAST on a column without nulls would keep an index from giving the order. */
export function applyOrder(rows: Query, keys: readonly SortKey[]): Query {
  for (const { sql, values = [], descending, nullable } of keys)
    void rows.orderByRaw(`${sql} ${descending ? 'desc' : 'asc'}${nullable && descending ? ' nulls last' : ''}`, values);
  return rows;
}

/** Returns the same order for rows of a subquery that selected its sort keys as k0, k1 …, or for that subquery itself. */
export const aliasedSortKeys = (keys: readonly SortKey[], from?: string): SortKey[] =>
  keys.map((key, index) => Object.assign({ ...key }, { sql: from ? `${from}.k${index}` : `k${index}`, values: [] }));

/** Selects the customer's identity and the sort keys. */
export const selectKeys = (
  db: Db,
  { company, id, sortKeys }: Pick<ListQuery, 'company' | 'id' | 'sortKeys'>,
  rows: Query,
): Query =>
  rows
    .select([db.raw(`${company} as found_company`), db.raw(`${id} as found_id`)])
    .select(sortKeys.map(({ sql, values = [] }, index) => db.raw(`${sql} as k${index}`, [...values])));

/** Joins the tables that the sort needs besides the filters to selected keys `f`. */
export function joinSortTables(rows: Query, { sortKeys }: ListQuery): Query {
  const missing = new Set(sortKeys.filter(({ isFound }) => !isFound).map(({ table }) => table));
  for (const table of missing)
    void rows.join(`${tables[table]} as ${table}`, {
      [`${table}.company_id`]: 'f.found_company',
      [idOf[table]]: 'f.found_id',
    });
  return rows;
}
