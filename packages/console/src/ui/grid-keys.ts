/** A cell of a grid: row -1 is the header. */
export type Position = { row: number; column: number };

/** The cell that an element is in, known by its place: a name of its own would change whenever its row shows another record. */
export function positionOf(target: EventTarget | null): Position | undefined {
  const cell = target instanceof Element ? target.closest('[role=gridcell], [role=columnheader]') : null;
  const row = cell?.parentElement;
  if (!cell || !row) return undefined;
  return { row: Number(row.getAttribute('aria-rowindex')) - 2, column: [...row.children].indexOf(cell) };
}

/** The element of a cell, if it is in the page. */
export const cellAt = (grid: ParentNode, { row, column }: Position): HTMLElement | null =>
  grid.querySelector(`[aria-rowindex="${row + 2}"] > :nth-child(${column + 1})`);

/** Where a key leads from a cell (ARIA APG, grid). @returns undefined for any other key */
export function nextPosition(
  { row, column }: Position,
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'>,
  { rows, columns, page }: { rows: number; columns: number; page: number },
): Position | undefined {
  const far = event.ctrlKey || event.metaKey;
  const last = { row: rows - 1, column: columns - 1 };
  const to = (nextRow: number, nextColumn = column): Position => ({
    row: Math.max(-1, Math.min(last.row, nextRow)),
    column: Math.max(0, Math.min(last.column, nextColumn)),
  });
  switch (event.key) {
    case 'ArrowDown':
      return to(far ? last.row : row + 1);
    case 'ArrowUp':
      return to(far ? 0 : row - 1);
    case 'ArrowRight':
      return to(row, column + 1);
    case 'ArrowLeft':
      return to(row, column - 1);
    case 'PageDown':
      return to(row + page);
    case 'PageUp':
      return to(Math.max(0, row - page));
    case 'Home':
      return far ? to(0, 0) : to(row, 0);
    case 'End':
      return far ? to(last.row, last.column) : to(row, last.column);
    case 'j':
      return far ? undefined : to(row + 1);
    case 'k':
      return far ? undefined : to(Math.max(0, row - 1));
    default:
      return undefined;
  }
}
