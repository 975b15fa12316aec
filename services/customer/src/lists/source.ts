import { whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { Listing, Order, SortColumn } from './schema.ts';

// Which rows a list has: a query over as few of the three tables as its filters and its order need, because each of them has indexes
// for the newest first, and the smaller ones hold what is asked of them in the index itself.

/** A piece of SQL with its values. */
export type Sql = ReturnType<Db['raw']>;

const tables = { t: 'customer_tags', n: 'customer_counters', c: 'customers' } as const;
type Alias = keyof typeof tables;
const idOf = { t: 't.customer_id', n: 'n.customer_id', c: 'c.id' } as const;
const createdAt = { t: 't.customer_created_at', n: 'n.customer_created_at', c: 'c.created_at' } as const;
const where: Readonly<Record<SortColumn, Alias | undefined>> = {
  created_at: undefined, // in each of them
  full_name: 'c',
  last_order_date: 'n',
  lifetime_value: 'n',
  total_orders: 'n',
};
const nullable: ReadonlySet<SortColumn> = new Set(['full_name', 'last_order_date']);

/** What a list is ordered by, as SQL. */
export type Key = { sql: string; values?: readonly string[]; descending: boolean; nullable: boolean };
export type Source = {
  /** Filtered, without columns, order and limit. */
  rows: Query;
  /** What `hits` is in these rows, when it stands for customers. */
  hits: Sql | undefined;
  /** The order; at the end what breaks ties. */
  keys: readonly Key[];
  company: string;
  id: string;
  /** The table in whose order the list can be walked; undefined when that takes columns of several. */
  walked: Alias | undefined;
  /** Whether that table alone tells which rows there are. */
  alone: boolean;
  /** An order that takes time to tell, so that it is told only of those who are sorted: of these columns, its keys on `f`. */
  late?: { columns: readonly string[]; keys: readonly Key[] };
};

/** Rows in the place of a table's own: fewer of them, with all columns that lists use. */
export type Instead = Partial<Record<Alias, Sql | Query>>;
/** A condition on `customers as c`. */
export type Condition = (rows: Query) => void;

type Statuses = { listed: boolean; undeleted: boolean; status: string[] };

/** Which customers are meant: the listed ones (active and not deleted), or by their status and deletion. */
function statusesOf({ active_only, status }: Listing): Statuses {
  const wanted = [...(status ? [status] : []), ...((active_only ?? !status) ? ['active'] : [])];
  const statuses = [...new Set(wanted)];
  const undeleted = active_only !== false;
  return { listed: undeleted && statuses.length === 1 && statuses[0] === 'active', undeleted, status: statuses };
}

/** Whether the kept counts know how many there are. */
export const isCounted = ({ search, tag, external_id, created_from, created_to, ...other }: Listing): boolean =>
  !(search ?? tag ?? external_id ?? created_from ?? created_to) && !hasCounters(other);

const hasCounters = ({ last_order_from, last_order_to, min_lifetime_value }: Partial<Listing>) =>
  Boolean(last_order_from ?? last_order_to ?? min_lifetime_value);

/** Whether other tables than that of the customers must be asked. */
export const onOthers = (listing: Listing): boolean => Boolean(listing.tag) || hasCounters(listing);

/** Whether the last order is all that is asked for, but for when the customer came and that the default list has it. */
export const onlyOrdersAsked = (listing: Listing): boolean =>
  Boolean(listing.last_order_from ?? listing.last_order_to) &&
  !(listing.search ?? listing.tag ?? listing.min_lifetime_value) &&
  !asksCustomers(listing);

/** Conditions that only the table of customers can tell. */
const asksCustomers = (listing: Listing): boolean => {
  const { listed, status } = statusesOf(listing);
  return (
    Boolean(listing.type ?? listing.external_id) ||
    (!listed && status.length > 0) ||
    (!listed && listing.active_only !== false)
  );
};

/**
 * @param options.hits customers who were found by themselves, of whom it is known that the record fits: the place of the table. They are
 *   planned for by themselves as well, and read only as far as they are asked for.
 * @param options.found what else must hold of a customer: that a search finds it
 */
export function sourceOf(
  db: Db,
  scope: Scope,
  listing: Listing,
  options: { hits?: readonly Query[] | undefined; instead?: Instead; found?: Condition } = {},
): Source {
  const { hits, found } = options;
  const instead: Instead = hits ? { ...options.instead, c: db.raw('hits') } : (options.instead ?? {});
  const used = new Set<Alias>();
  if (listing.tag) used.add('t');
  // The index of counters in order of time holds all that a range of time asks for.
  if (hasCounters(listing) || (listing.created_from ?? listing.created_to)) used.add('n');
  if (found || instead.c || asksCustomers(listing)) used.add('c');
  for (const { column } of listing.sort) if (where[column]) used.add(where[column]);
  if (used.size === 0) used.add('c');

  const order = (['t', 'n', 'c'] as const).filter((alias) => used.has(alias));
  const newest = order[0] as Alias;
  const rows = db.from(table(db, newest, instead));
  for (const alias of order.slice(1)) {
    void rows.join(table(db, alias, instead), (on) =>
      on.on(`${alias}.company_id`, `${newest}.company_id`).andOn(idOf[alias], idOf[newest]),
    );
  }
  for (const alias of order) {
    if (hits && alias === 'c') continue;
    void whereCompany(rows, scope, `${alias}.company_id`);
    narrow(rows, alias, listing, alias === newest);
  }
  if (found) found(rows);

  const sorted = listing.sort.map(({ column, descending }): Key => {
    const of = where[column];
    return { sql: of ? `${of}.${column}` : createdAt[newest], descending, nullable: nullable.has(column) };
  });
  const [first] = listing.sort;
  const tables = new Set(listing.sort.map(({ column }) => where[column] ?? newest));
  const down = first?.descending ?? true;
  const walked = tables.size === 1 ? [...tables][0] : undefined;
  return {
    rows,
    hits: hits && db.raw(hits.map(() => '?').join(' union '), [...hits]),
    keys: [
      ...sorted,
      { sql: idOf[walked ?? newest], descending: down, nullable: false },
      ...('all' in scope ? [{ sql: `${walked ?? newest}.company_id`, descending: down, nullable: false }] : []),
    ],
    company: `${newest}.company_id`,
    id: idOf[walked ?? newest],
    walked: listing.sort.length === 1 ? walked : undefined,
    alone: order.length === 1,
  };
}

const table = (db: Db, alias: Alias, instead: Instead): Sql =>
  instead[alias] ? db.raw('? as ??', [instead[alias], alias]) : db.raw('?? as ??', [tables[alias], alias]);

/** The conditions on one of the tables. What several know is asked of each, but for the time of the first only. */
export function narrow(rows: Query, alias: Alias, listing: Listing, first: boolean): void {
  const { listed } = statusesOf(listing);
  if (alias === 'c') ofStatus(rows, listing);
  else if (listed) void rows.where(`${alias}.is_listed`, true);
  if (alias === 't') void rows.whereRaw('lower(t.label) = lower(?)', [listing.tag ?? '']);
  if (alias === 'n') {
    if (listing.last_order_from) void rows.where('n.last_order_date', '>=', listing.last_order_from);
    if (listing.last_order_to) void rows.where('n.last_order_date', '<=', listing.last_order_to);
    if (listing.min_lifetime_value) void rows.where('n.lifetime_value', '>=', listing.min_lifetime_value);
  }
  if (first) ofTime(rows, alias, listing);
}

function ofStatus(rows: Query, listing: Listing): void {
  const { undeleted, status } = statusesOf(listing);
  if (undeleted) void rows.whereNull('c.deleted_at');
  for (const wanted of status) void rows.where('c.status', wanted);
  if (listing.type) void rows.where('c.type', listing.type);
  if (listing.external_id) void rows.where('c.external_id', listing.external_id);
}

function ofTime(rows: Query, alias: Alias, { created_from, created_to }: Listing): void {
  if (created_from) void rows.where(createdAt[alias], '>=', created_from);
  if (created_to) void rows.where(createdAt[alias], '<=', created_to);
}

/** All that the record itself tells of whether a list has it. */
export function ofRecord(rows: Query, listing: Listing): void {
  ofStatus(rows, listing);
  ofTime(rows, 'c', listing);
}

/** The same of a record that was read. */
export function isOfRecord(listing: Listing): (record: Recorded) => boolean {
  const { undeleted, status } = statusesOf(listing);
  const { type, external_id, created_from, created_to } = listing;
  return (record) =>
    !(undeleted && record.deleted_at !== null) &&
    status.every((wanted) => record.status === wanted) &&
    (type === undefined || record.type === type) &&
    (external_id === undefined || record.external_id === external_id) &&
    (created_from === undefined || Date.parse(record.created_at) >= Date.parse(created_from)) &&
    (created_to === undefined || Date.parse(record.created_at) <= Date.parse(created_to));
}

type Recorded = {
  status: string;
  type: string;
  external_id: string | null;
  created_at: string;
  deleted_at: string | null;
};

const columns = {
  t: ['company_id', 'customer_id', 'customer_created_at', 'label', 'is_listed'],
  n: [
    'company_id',
    'customer_id',
    'customer_created_at',
    'is_listed',
    'last_order_date',
    'lifetime_value',
    'total_orders',
  ],
  c: ['*'],
} as const;

/** The first rows of a table in the order of the list: what a walk looks at before it gives up. */
export function firstRows(db: Db, scope: Scope, listing: Listing, source: Source, limit: number): Instead {
  const alias = source.walked;
  if (!alias) return {};
  const rows = whereCompany(db.from(db.raw('?? as ??', [tables[alias], alias])), scope, `${alias}.company_id`);
  const { listed, undeleted } = statusesOf(listing);
  // Only conditions on which the indexes in this order agree.
  if (alias === 'c' && undeleted) void rows.whereNull('c.deleted_at');
  if (alias === 'c' && listed) void rows.where('c.status', 'active');
  if (alias === 't')
    narrow(rows, 't', { sort: [], tag: listing.tag, active_only: listing.active_only, status: listing.status }, false);
  if (listing.sort[0]?.column === 'created_at') ofTime(rows, alias, listing);
  void rows.select(columns[alias].map((column) => `${alias}.${column}`));
  const first = inOrder(rows, source.keys).limit(limit);
  return { [alias]: db.raw('(?)', [first]) };
}

/** Orders rows; nulls come last either way (said of a column that never is null, it would keep an index from giving the order). */
export function inOrder(rows: Query, keys: readonly Key[]): Query {
  for (const { sql, values = [], descending, nullable } of keys)
    void rows.orderByRaw(`${sql} ${descending ? 'desc' : 'asc'}${nullable && descending ? ' nulls last' : ''}`, values);
  return rows;
}

/** The same order for rows that have passed through a subquery: `keyed` names the columns k0, k1 … */
export const keyed = (keys: readonly Key[], from: string): Key[] =>
  keys.map(({ descending, nullable }, at) => ({ sql: `${from}.k${at}`, descending, nullable }));

export const sortedBy = (order: Order): boolean => order.length === 1 && order[0]?.column === 'created_at';
