/** Keyset position in a list ordered by (occurred_at, id), newest first. */
export type Position = { occurred_at: string; id: string };

/** The requested part of a list: a page with its total, or the rows after a position. */
export type ListRange = { page: number; per_page: number } | { after: Position | undefined; per_page: number };

/** Rows after a position; `last` is the position of the next request, undefined at the end of the list. */
export type CursorPage<Row> = { rows: Row[]; per_page: number; last: Position | undefined };

/** Builds a cursor page from its rows and one extra row, which shows whether there is a next page. */
export function toCursorPage<Row extends Position>(rows: Row[], per_page: number): CursorPage<Row> {
  const pageRows = rows.slice(0, per_page);
  return { rows: pageRows, per_page, last: rows.length > per_page ? pageRows.at(-1) : undefined };
}

const sortKey = ({ occurred_at, id }: Position) => `${occurred_at} ${id}`;
/** Orders positions newest first. ISO instants and ids sort like their texts. */
export const newestFirst = (a: Position, b: Position): number => (sortKey(a) > sortKey(b) ? -1 : 1);
