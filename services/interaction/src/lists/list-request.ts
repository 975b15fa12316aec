import type { Page } from '@clientela/db';
import { invalid } from '@clientela/errors';
import type { Binding, Cursors } from '@clientela/http';
import type { Following, Position, Wanted } from './rules.ts';
import type { ListQuery } from './schema.ts';

/**
 * Reads the query of a list into what is wanted and by which filter, and tells what was found.
 * @param list what the list is of: its cursors open no other
 * @throws AppError 422 for a cursor beside page or search, or of another list
 */
export function listing<Q extends ListQuery>(cursors: Cursors, list: Binding, query: Q) {
  const { page, per_page, cursor, ...filter } = query;
  const binding = { ...list, filter };
  if (cursor !== undefined) refuseBeside({ page, search: 'search' in filter ? filter.search : undefined });
  const wanted: Wanted =
    cursor === undefined ? { page: page ?? 1, per_page } : { after: positionOf(cursor, cursors, binding), per_page };

  const answer = <Row extends Position>(name: string, found: Page<Row> | Following<Row>) => {
    if ('last' in found)
      return { [name]: found.rows, per_page, next_cursor: cursorAfter(found.last, cursors, binding) };
    const { rows, ...paging } = found;
    return { [name]: rows, ...paging };
  };
  return { filter, wanted, answer };
}

function refuseBeside(given: Record<string, unknown>): void {
  const faults = Object.keys(given)
    .filter((path) => given[path] !== undefined)
    .map((path) => ({ path, message: 'must be left out beside a cursor' }));
  if (faults.length > 0) throw invalid(faults);
}

/** @throws AppError 422 for a cursor of another list */
export function positionOf(cursor: string, cursors: Cursors, list: Binding): Position | undefined {
  if (!cursor) return undefined;
  const [occurred_at, id] = cursors.decode(cursor, list);
  return { occurred_at: String(occurred_at), id: String(id) };
}

/** The cursor that goes on after the last of a list, when there is more than it. */
export const cursorAfter = (last: Position | undefined, cursors: Cursors, list: Binding): string | null =>
  last ? cursors.encode([last.occurred_at, last.id], list) : null;
