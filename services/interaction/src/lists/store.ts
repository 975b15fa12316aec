import { paginate, type Page, type Query } from '@clientela/db';
import { followingOf, type Following, type Position, type Wanted } from './rules.ts';

/**
 * Records newest first by (occurred_at, id): one page and how many there are, or what follows a position.
 * @param found filtered, without columns, order and limit
 * @param options.filtered whether the caller narrowed the list, so that its count may be an estimate
 */
export async function listByTime<Row extends Position>(
  found: Query,
  columns: readonly string[],
  wanted: Wanted,
  options: { filtered: boolean },
): Promise<Page<Row> | Following<Row>> {
  if ('page' in wanted) {
    const sort = [{ column: 'occurred_at', descending: true }];
    return paginate<Row>(found, columns, { ...wanted, sort }, { isFiltered: options.filtered });
  }
  const { after, per_page } = wanted;
  return followingOf(await newest<Row>(found, columns, after, per_page + 1), per_page);
}

/** At most `limit` of those that follow a position. */
export async function newest<Row extends Position>(
  found: Query,
  columns: readonly string[],
  after: Position | undefined,
  limit: number,
): Promise<Row[]> {
  const rows = found
    .clone()
    .select(columns as string[])
    .orderByRaw('occurred_at desc, id desc')
    .limit(limit);
  if (after) void rows.whereRaw('(occurred_at, id) < (?, ?)', [after.occurred_at, after.id]);
  return (await rows) as Row[];
}
