/** The order of a list: by a time, ties by id. */
export type TimeOrder = { column: 'occurred_at' | 'scheduled_at'; descending: boolean };
export const newestFirst: TimeOrder = { column: 'occurred_at', descending: true };

/** A row of a list; `scheduled_at` is never null in a list ordered by it. */
export type TimedRow = { id: string; occurred_at: string; scheduled_at?: string | null };

/** Keyset position in a list: the time that it is ordered by, and the id. */
export type Position = { at: string; id: string };

/** The requested part of a list: a page with its total, or the rows after a position. */
export type ListRange = { page: number; per_page: number } | { after: Position | undefined; per_page: number };

/** Rows after a position; `last` is the position of the next request, undefined at the end of the list. */
export type CursorPage<Row> = { rows: Row[]; per_page: number; last: Position | undefined };

/** Builds a cursor page from its rows and one extra row, which shows whether there is a next page. */
export function toCursorPage<Row extends TimedRow>(
  rows: Row[],
  per_page: number,
  { column }: TimeOrder = newestFirst,
): CursorPage<Row> {
  const pageRows = rows.slice(0, per_page);
  const last = rows.length > per_page ? pageRows.at(-1) : undefined;
  return { rows: pageRows, per_page, last: last && { at: last[column] as string, id: last.id } };
}

const sortKey = ({ occurred_at, id }: TimedRow) => `${occurred_at} ${id}`;
/** Compares rows newest first. ISO instants and ids sort like their texts. */
export const compareNewest = (a: TimedRow, b: TimedRow): number => (sortKey(a) > sortKey(b) ? -1 : 1);
