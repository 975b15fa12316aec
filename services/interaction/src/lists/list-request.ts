import type { Page } from '@clientela/db';
import { invalid } from '@clientela/errors';
import type { Binding, Cursors } from '@clientela/http';
import type { CursorPage, ListRange, Position } from './rules.ts';
import type { ListQuery } from './schema.ts';

/**
 * Splits a list query into its filter and its range, a page or a cursor, and builds the response.
 * @param list identifies the list, so that its cursors are valid for no other list
 * @throws AppError 422 for a cursor with page or search, or a cursor of another list
 */
export function readListRequest<Q extends ListQuery>(cursors: Cursors, list: Binding, query: Q) {
  const { page, per_page, cursor, ...filter } = query;
  const binding = { ...list, filter };
  if (cursor !== undefined) rejectWithCursor({ page, search: 'search' in filter ? filter.search : undefined });
  const range: ListRange =
    cursor === undefined
      ? { page: page ?? 1, per_page }
      : { after: decodePosition(cursor, cursors, binding), per_page };

  const toResponse = <Row>(name: string, result: Page<Row> | CursorPage<Row>) => {
    if ('last' in result)
      return { [name]: result.rows, per_page, next_cursor: encodePosition(result.last, cursors, binding) };
    const { rows, ...pagination } = result;
    return { [name]: rows, ...pagination };
  };
  return { filter, range, toResponse };
}

function rejectWithCursor(params: Record<string, unknown>): void {
  const errors = Object.keys(params)
    .filter((path) => params[path] !== undefined)
    .map((path) => ({ path, message: 'cannot be combined with cursor' }));
  if (errors.length > 0) throw invalid(errors);
}

/** Decodes a cursor; an empty one starts at the beginning. @throws AppError 422 for a cursor of another list */
export function decodePosition(cursor: string, cursors: Cursors, list: Binding): Position | undefined {
  if (!cursor) return undefined;
  const [at, id] = cursors.decode(cursor, list);
  return { at: String(at), id: String(id) };
}

/** Encodes the position after which a list continues; null at its end. */
export const encodePosition = (last: Position | undefined, cursors: Cursors, list: Binding): string | null =>
  last ? cursors.encode([last.at, last.id], list) : null;
