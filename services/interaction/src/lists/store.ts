import { paginate, whereKeyset, type Page, type Query } from '@clientela/db';
import {
  newestFirst,
  toCursorPage,
  type CursorPage,
  type ListRange,
  type Position,
  type TimedRow,
  type TimeOrder,
} from './rules.ts';

/**
 * Lists records by a time and their id, by default newest first: a page with its total, or the rows after a position.
 * @param query filtered, without columns, order and limit
 * @param options.isFiltered whether the request narrows the list, so that its total may be an estimate
 */
export async function listByTime<Row extends TimedRow>(
  query: Query,
  columns: readonly string[],
  range: ListRange,
  { isFiltered, order = newestFirst }: { isFiltered: boolean; order?: TimeOrder },
): Promise<Page<Row> | CursorPage<Row>> {
  if ('page' in range) return paginate<Row>(query, columns, { ...range, sort: [order] }, { isFiltered });
  const { after, per_page } = range;
  return toCursorPage(await listAfter<Row>(query, columns, after, per_page + 1, order), per_page, order);
}

/** Lists at most `limit` rows after a position, by default newest first. */
export async function listAfter<Row extends TimedRow>(
  query: Query,
  columns: readonly string[],
  after: Position | undefined,
  limit: number,
  { column, descending }: TimeOrder = newestFirst,
): Promise<Row[]> {
  const direction = descending ? 'desc' : 'asc';
  const rows = query
    .clone()
    .select(columns as string[])
    .orderBy([
      { column, order: direction },
      { column: 'id', order: direction },
    ])
    .limit(limit);
  if (after) void whereKeyset(rows, [column, 'id'], descending ? '<' : '>', [after.at, after.id]);
  return (await rows) as Row[];
}
