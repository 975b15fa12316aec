import type { Knex } from 'knex';

/** `sort` columns come from an allow-list; `page` counts from 1. */
export type PageRequest = { page: number; per_page: number; sort: readonly { column: string; descending: boolean }[] };
export type Page<Row> = {
  rows: Row[];
  total: number;
  total_is_estimate?: true;
  page: number;
  pages: number;
  per_page: number;
};

/** Filtered lists are counted exactly up to this many rows; beyond it the total is an estimate. */
export const EXACT_COUNT_LIMIT = 10_000;

/** A list by limit and offset. */
export type OffsetRequest = { limit: number; offset: number; sort: PageRequest['sort'] };
export type OffsetPage<Row> = { rows: Row[]; total: number; total_is_estimate?: true };

type ListOptions = {
  isFiltered: boolean;
  nullable?: readonly string[];
  alphabetical?: readonly string[];
  largeResultQuery?: Knex.QueryBuilder;
};

/**
 * Sorts text as people sort it, in the root order of Unicode: adam, Ana, Émile, ørn, Zoe. Only for sorts and their indexes: the order changes
 * with the version of ICU, so unique indexes keep the order of the database.
 */
export const alphabetical = (column: string): string => `${column} collate "und-x-icu"`;

/**
 * Reads one page of a query and its total: exact up to 10,000 and for an unfiltered list, else the planner's estimate.
 * The id breaks ties, so that no row repeats on or is missing from a neighbouring page.
 * @param query filtered, without columns, order and limit
 * @param options.isFiltered whether the request narrows the list, so that its total may be an estimate
 * @param options.nullable sort columns that may be null: nulls come last in both directions (naming a column that is never null would
 * keep an index from providing the order)
 * @param options.alphabetical sort columns with names, which are sorted as people sort them
 * @param options.largeResultQuery the same query in a form that is faster when it matches more rows than are counted
 */
export async function paginate<Row extends object>(
  query: Knex.QueryBuilder,
  columns: readonly (string | Knex.Raw)[],
  { page, per_page, sort }: PageRequest,
  options: ListOptions,
): Promise<Page<Row>> {
  const request = { limit: per_page, offset: (page - 1) * per_page, sort };
  const result = await paginateByOffset<Row>(query, columns, request, options);
  return { ...result, page, pages: Math.ceil(result.total / per_page), per_page };
}

/** Reads like `paginate`, from an offset. */
export async function paginateByOffset<Row extends object>(
  query: Knex.QueryBuilder,
  columns: readonly (string | Knex.Raw)[],
  { limit, offset, sort }: OffsetRequest,
  options: ListOptions,
): Promise<OffsetPage<Row>> {
  const total = await countRows(query, options.isFiltered);
  const chosen = total.total_is_estimate && options.largeResultQuery ? options.largeResultQuery : query;
  const rows = chosen.clone().select(columns as (string | Knex.Raw)[]);
  for (const { column, descending } of sort) {
    const key = options.alphabetical?.includes(column) ? alphabetical('??') : '??';
    const nulls = options.nullable?.includes(column) ? ' nulls last' : '';
    void rows.orderByRaw(`${key} ${descending ? 'desc' : 'asc'}${nulls}`, [column]);
  }
  void rows.orderBy('id', (sort[0]?.descending ?? true) ? 'desc' : 'asc');
  return { rows: (await rows.limit(limit).offset(offset)) as Row[], ...total };
}

async function countRows(
  query: Knex.QueryBuilder,
  isFiltered: boolean,
): Promise<{ total: number; total_is_estimate?: true }> {
  const rows = query.clone().select(query.client.raw('1'));
  const counted = isFiltered ? rows.limit(EXACT_COUNT_LIMIT + 1) : rows;
  const [count] = (await query.client.queryBuilder().count({ total: '*' }).from(counted.as('counted'))) as [
    { total: number },
  ];
  if (!isFiltered || count.total <= EXACT_COUNT_LIMIT) return { total: count.total };
  return { total: Math.max(await plannerRowEstimate(query), EXACT_COUNT_LIMIT + 1), total_is_estimate: true };
}

/** Returns the planner's row estimate of a query without columns. */
export async function plannerRowEstimate(query: Knex.QueryBuilder): Promise<number> {
  const { sql, bindings } = query.clone().select(query.client.raw('1')).toSQL();
  const plan = await query.client.raw(`explain (format json) ${sql}`, bindings as Knex.RawBinding[]);
  return plan.rows[0]['QUERY PLAN'][0].Plan['Plan Rows'] as number;
}
