/** Where a list goes on, newest first: after this record, with those that are older, or as old and of a smaller id. */
export type Position = { occurred_at: string; id: string };

/** What of a list is wanted: a page with its total, or what follows a position. */
export type Wanted = { page: number; per_page: number } | { after: Position | undefined; per_page: number };

/** What follows a position; `last` is where it goes on, when there is more. */
export type Following<Row> = { rows: Row[]; per_page: number; last: Position | undefined };

/** What follows a position, of rows of which one more was asked for than is shown. */
export function followingOf<Row extends Position>(rows: Row[], per_page: number): Following<Row> {
  const shown = rows.slice(0, per_page);
  return { rows: shown, per_page, last: rows.length > per_page ? shown.at(-1) : undefined };
}

const spelled = ({ occurred_at, id }: Position) => `${occurred_at} ${id}`;
/** The newest first. Instants and ids are compared by their texts, which sort as they do. */
export const newestFirst = (one: Position, other: Position): number => (spelled(one) > spelled(other) ? -1 : 1);
