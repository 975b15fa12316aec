import { paginate, whereKeyset, type Page, type Query } from '@clientela/db';
import { toCursorPage, type CursorPage, type ListRange, type Position } from './rules.ts';

/**
 * Lists records newest first by (occurred_at, id): a page with its total, or the rows after a position.
 * @param query filtered, without columns, order and limit
 * @param options.isFiltered whether the request narrows the list, so that its total may be an estimate
 */
export async function listByTime<Row extends Position>(
  query: Query,
  columns: readonly string[],
  range: ListRange,
  options: { isFiltered: boolean },
): Promise<Page<Row> | CursorPage<Row>> {
  if ('page' in range) {
    const sort = [{ column: 'occurred_at', descending: true }];
    return paginate<Row>(query, columns, { ...range, sort }, options);
  }
  const { after, per_page } = range;
  return toCursorPage(await listNewest<Row>(query, columns, after, per_page + 1), per_page);
}

/** Lists at most `limit` rows after a position, newest first. */
export async function listNewest<Row extends Position>(
  query: Query,
  columns: readonly string[],
  after: Position | undefined,
  limit: number,
): Promise<Row[]> {
  const rows = query
    .clone()
    .select(columns as string[])
    .orderByRaw('occurred_at desc, id desc')
    .limit(limit);
  if (after) void whereKeyset(rows, ['occurred_at', 'id'], '<', [after.occurred_at, after.id]);
  return (await rows) as Row[];
}
