import type { Knex } from 'knex';

/** `sort` columns come from a list of allowed ones; `page` counts from 1. */
export type PageRequest = { page: number; per_page: number; sort: readonly { column: string; descending: boolean }[] };
export type Page<Row> = {
  rows: Row[];
  total: number;
  total_is_estimate?: true;
  page: number;
  pages: number;
  per_page: number;
};

const exactUpTo = 10_000;

/** A list by limit and offset. */
export type OffsetRequest = { limit: number; offset: number; sort: PageRequest['sort'] };
export type OffsetPage<Row> = { rows: Row[]; total: number; total_is_estimate?: true };

type Counting = { filtered: boolean; nullable?: readonly string[]; many?: Knex.QueryBuilder };

/**
 * One page of a query and how many rows there are: exact up to 10,000 and for an unfiltered list, else the planner's estimate.
 * Ties are broken by id, so that a page neither repeats nor skips a row of its neighbour.
 * @param query filtered, without columns, order and limit
 * @param options.filtered whether the caller narrowed the list, so that its count may be an estimate
 * @param options.nullable sort columns that may be null: nulls come last either way (said of a column that never is null, it would
 * keep an index from giving the order)
 * @param options.many the same query in the form that is quick when it finds more rows than are counted
 */
export async function paginate<Row extends object>(
  query: Knex.QueryBuilder,
  columns: readonly (string | Knex.Raw)[],
  { page: number, per_page, sort }: PageRequest,
  options: Counting,
): Promise<Page<Row>> {
  const request = { limit: per_page, offset: (number - 1) * per_page, sort };
  const found = await paginateByOffset<Row>(query, columns, request, options);
  return { ...found, page: number, pages: Math.ceil(found.total / per_page), per_page };
}

/** As `page`, from an offset on. */
export async function paginateByOffset<Row extends object>(
  query: Knex.QueryBuilder,
  columns: readonly (string | Knex.Raw)[],
  { limit, offset, sort }: OffsetRequest,
  options: Counting,
): Promise<OffsetPage<Row>> {
  const total = await count(query, options.filtered);
  const chosen = total.total_is_estimate && options.many ? options.many : query;
  const rows = chosen.clone().select(columns as (string | Knex.Raw)[]);
  for (const { column, descending } of sort) {
    void rows.orderBy(column, descending ? 'desc' : 'asc', options.nullable?.includes(column) ? 'last' : undefined);
  }
  void rows.orderBy('id', (sort[0]?.descending ?? true) ? 'desc' : 'asc');
  return { rows: (await rows.limit(limit).offset(offset)) as Row[], ...total };
}

async function count(
  query: Knex.QueryBuilder,
  filtered: boolean,
): Promise<{ total: number; total_is_estimate?: true }> {
  const rows = query.clone().select(query.client.raw('1'));
  const counted = filtered ? rows.limit(exactUpTo + 1) : rows;
  const [found] = (await query.client.queryBuilder().count({ total: '*' }).from(counted.as('counted'))) as [
    { total: number },
  ];
  if (!filtered || found.total <= exactUpTo) return { total: found.total };
  const { sql, bindings } = query.clone().select(query.client.raw('1')).toSQL();
  const plan = await query.client.raw(`explain (format json) ${sql}`, bindings as Knex.RawBinding[]);
  const estimate = plan.rows[0]['QUERY PLAN'][0].Plan['Plan Rows'] as number;
  return { total: Math.max(estimate, exactUpTo + 1), total_is_estimate: true };
}
