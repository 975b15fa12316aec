import { whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { CustomerFilter, Listing, SortColumn } from './schema.ts';

// Builds the query of a list over as few of three tables as its filters and its sort need: each of them has indexes by creation time, and
// the smaller ones answer from the index alone.

export type Sql = ReturnType<Db['raw']>;
/** A condition on `customers as c`. */
export type Condition = (rows: Query) => void;
export type SortKey = { sql: string; values?: readonly string[]; descending: boolean; nullable: boolean; table: Table };

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
const nullable: ReadonlySet<SortColumn> = new Set(['full_name', 'last_order_date']);
/** The columns of a table that lists use. */
const columnsOf = {
  t: ['company_id', 'customer_id', 'customer_created_at', 'label', 'listed'],
  n: [
    'company_id',
    'customer_id',
    'customer_created_at',
    'listed',
    'last_order_date',
    'lifetime_value',
    'total_orders',
  ],
  c: ['*'],
} as const;

export type ListQuery = {
  scope: Scope;
  listing: Listing;
  /** Rows of the tables that filters and sort need, filtered; without columns, order and limit. */
  baseQuery: Query;
  /** The same rows of the tables that the filters alone need. */
  filterQuery: Query;
  filterTables: readonly Table[];
  /** The order, ties included. */
  sortKeys: readonly SortKey[];
  /** The column of the company and that of the customer id. */
  company: string;
  id: string;
  /** Whether one table answers filters and sort, and no search. */
  isSingleTable: boolean;
  /** Whether one index gives exactly these rows in this order. */
  isIndexOrdered: boolean;
};

/**
 * @param options.matches a further condition on `customers as c`: what a search finds
 * @param options.scanLimit restricts the table that has an index in the list's order to so many of its first rows
 */
export function buildListQuery(
  db: Db,
  scope: Scope,
  listing: Listing,
  options: { matches?: Condition | undefined; scanLimit?: number } = {},
): ListQuery {
  const { matches, scanLimit } = options;
  const sortTables = listing.sort.flatMap(({ column }) => tableOfSort[column] ?? []);
  const filterTables = tablesOfFilters(listing, matches !== undefined);
  if (filterTables.length === 0) filterTables.push(sortTables[0] ?? 'c');
  const main = filterTables[0] as Table;
  const joined = [...new Set([...filterTables, ...sortTables])];

  const scanTables = new Set(listing.sort.map(({ column }) => tableOfSort[column] ?? main));
  const scanTable = [...scanTables][0] ?? main;
  const descending = listing.sort[0]?.descending ?? true;
  const tie = { descending, nullable: false, table: scanTable };
  const sortKeys: SortKey[] = [
    ...listing.sort.map(({ column, descending }) => {
      const table = tableOfSort[column] ?? main;
      const sql = column === 'created_at' ? createdAt[main] : `${table}.${column}`;
      return { sql, descending, nullable: nullable.has(column), table };
    }),
    { sql: idOf[scanTable], ...tie },
    ...('all' in scope ? [{ sql: `${scanTable}.company_id`, ...tie }] : []),
  ];

  const from = (table: Table): Sql =>
    scanLimit !== undefined && table === scanTable
      ? db.raw('(?) as ??', [applyOrder(scanRange(db, scope, listing, table), sortKeys).limit(scanLimit), table])
      : db.raw('?? as ??', [tables[table], table]);
  const rowsOf = (chosen: readonly Table[]): Query => {
    const rows = db.from(from(main));
    for (const table of chosen.slice(1))
      void rows.join(from(table), (on) =>
        on.on(`${table}.company_id`, `${main}.company_id`).andOn(idOf[table], idOf[main]),
      );
    for (const table of chosen) {
      void whereCompany(rows, scope, `${table}.company_id`);
      applyFilters(rows, table, listing);
    }
    applyCreationRange(rows, main, listing);
    matches?.(rows);
    return rows;
  };
  const isSingleTable = joined.length === 1 && !matches;
  return {
    scope,
    listing,
    baseQuery: rowsOf(joined),
    filterQuery: rowsOf(filterTables),
    filterTables,
    sortKeys,
    company: `${main}.company_id`,
    id: idOf[main],
    isSingleTable,
    isIndexOrdered: isSingleTable && isIndexOrdered(listing),
  };
}

function tablesOfFilters(listing: Listing, isSearch: boolean): Table[] {
  const used: Table[] = [];
  if (listing.tag) used.push('t');
  if (filtersCounters(listing)) used.push('n');
  if (isSearch || filtersCustomers(listing)) used.push('c');
  // Any table answers a range of creation times; that of the counters, from one index.
  if (used.length === 0 && (listing.created_from ?? listing.created_to)) used.push('n');
  return used;
}

/** Joins the tables of sort keys that the filters did not need. */
export function joinSortTables(rows: Query, { sortKeys, filterTables }: ListQuery, company: string, id: string): Query {
  const missing = new Set(sortKeys.map(({ table }) => table).filter((table) => !filterTables.includes(table)));
  for (const table of missing)
    void rows.join(`${tables[table]} as ${table}`, { [`${table}.company_id`]: company, [idOf[table]]: id });
  return rows;
}

/** The filters that an index in the order of a column answers as well. */
const indexedFilters: Readonly<Record<SortColumn, readonly (keyof CustomerFilter)[]>> = {
  created_at: ['created_from', 'created_to', 'status', 'type', 'tag'],
  full_name: [],
  last_order_date: ['last_order_from', 'last_order_to'],
  lifetime_value: ['min_lifetime_value'],
  total_orders: [],
};

function isIndexOrdered({ sort, active_only: _active_only, search: _search, ...filters }: Listing): boolean {
  const [first, second] = sort;
  if (!first || second) return false;
  const given = (Object.keys(filters) as (keyof CustomerFilter)[]).filter(
    (name) => filters[name as 'tag'] !== undefined,
  );
  return given.every((name) => indexedFilters[first.column].includes(name));
}

/** Rows of the scanned table by those conditions only that its index in this order answers: a limit then bounds what is read. */
function scanRange(db: Db, scope: Scope, listing: Listing, table: Table): Query {
  const { listed, undeleted } = statusFilter(listing);
  const rows = whereCompany(db.from(db.raw('?? as ??', [tables[table], table])), scope, `${table}.company_id`);
  if (table === 't') applyFilters(rows, 't', listing);
  if (table === 'c' && undeleted) void rows.whereNull('c.deleted_at');
  if (table === 'c' && listed) void rows.where('c.status', 'active');
  const column = listing.sort[0]?.column;
  if (column === 'created_at') applyCreationRange(rows, table, listing);
  if (column === 'last_order_date') applyLastOrderRange(rows, listing);
  if (column === 'lifetime_value') applyLifetimeValue(rows, listing);
  return rows.select(columnsOf[table].map((name) => `${table}.${name}`));
}

/** Which customers are listed: active and undeleted ones by default, else by status and deletion mark. */
export function statusFilter({ active_only, status }: Listing): {
  listed: boolean;
  undeleted: boolean;
  statuses: string[];
} {
  const statuses = [...new Set([...(status ? [status] : []), ...((active_only ?? !status) ? ['active'] : [])])];
  const undeleted = active_only !== false;
  return { listed: undeleted && statuses.length === 1 && statuses[0] === 'active', undeleted, statuses };
}

/** Whether the customer_counts table knows the total. */
export const isCountedBySummary = (listing: Listing): boolean =>
  !(listing.search ?? listing.tag ?? listing.external_id ?? listing.created_from ?? listing.created_to) &&
  !filtersCounters(listing);

const filtersCounters = ({ last_order_from, last_order_to, min_lifetime_value }: Listing) =>
  Boolean(last_order_from ?? last_order_to ?? min_lifetime_value);

/** Whether a filter needs a column that only the customers table has. */
function filtersCustomers(listing: Listing): boolean {
  const { listed, undeleted, statuses } = statusFilter(listing);
  return Boolean(listing.type ?? listing.external_id) || (!listed && (undeleted || statuses.length > 0));
}

function applyFilters(rows: Query, table: Table, listing: Listing): void {
  if (table === 'c') applyRecordFilters(rows, listing);
  else if (statusFilter(listing).listed) void rows.where(`${table}.listed`, true);
  if (table === 't') void rows.whereRaw('lower(t.label) = lower(?)', [listing.tag ?? '']);
  if (table !== 'n') return;
  applyLastOrderRange(rows, listing);
  applyLifetimeValue(rows, listing);
}

function applyRecordFilters(rows: Query, listing: Listing): void {
  const { undeleted, statuses } = statusFilter(listing);
  if (undeleted) void rows.whereNull('c.deleted_at');
  for (const status of statuses) void rows.where('c.status', status);
  if (listing.type) void rows.where('c.type', listing.type);
  if (listing.external_id) void rows.where('c.external_id', listing.external_id);
}

function applyCreationRange(rows: Query, table: Table, { created_from, created_to }: Listing): void {
  if (created_from) void rows.where(createdAt[table], '>=', created_from);
  if (created_to) void rows.where(createdAt[table], '<=', created_to);
}

function applyLastOrderRange(rows: Query, { last_order_from, last_order_to }: Listing): void {
  if (last_order_from) void rows.where('n.last_order_date', '>=', last_order_from);
  if (last_order_to) void rows.where('n.last_order_date', '<=', last_order_to);
}

function applyLifetimeValue(rows: Query, { min_lifetime_value }: Listing): void {
  if (min_lifetime_value) void rows.where('n.lifetime_value', '>=', min_lifetime_value);
}

/** Orders rows, nulls last. NULLS LAST on a column without nulls would keep an index from giving the order. */
export function applyOrder(rows: Query, keys: readonly SortKey[]): Query {
  for (const { sql, values = [], descending, nullable } of keys)
    void rows.orderByRaw(`${sql} ${descending ? 'desc' : 'asc'}${nullable && descending ? ' nulls last' : ''}`, values);
  return rows;
}

/** The same order for rows of a subquery that selected its sort keys as k0, k1 … */
export const aliasedSortKeys = (keys: readonly SortKey[], from: string): SortKey[] =>
  keys.map((key, index) => ({ ...key, sql: `${from}.k${index}`, values: [] }));

/** Selects whose rows they are and the sort keys. */
export const selectKeys = (
  db: Db,
  { company, id, sortKeys }: Pick<ListQuery, 'company' | 'id' | 'sortKeys'>,
  rows: Query,
): Query =>
  rows
    .select([db.raw(`${company} as found_company`), db.raw(`${id} as found_id`)])
    .select(sortKeys.map(({ sql, values = [] }, index) => db.raw(`${sql} as k${index}`, [...values])));
