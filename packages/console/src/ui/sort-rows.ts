const rest = 200; // milliseconds without a new row
const atOnce = 6; // rows in a frame, because to move one takes almost as long as to draw it

const indexOf = (row: Element) => Number(row.getAttribute('aria-rowindex'));

/** Puts rows in front of another element, in their order. @returns how many it moved, at most as many as it may */
function place(body: Element, rows: readonly Element[], end: Element | null, most: number): number {
  let moved = 0;
  let next = end;
  for (const row of rows.toReversed()) {
    if (row.nextElementSibling !== next) {
      if (moved === most) return moved;
      body.insertBefore(row, next);
      moved += 1;
    }
    next = row;
  }
  return moved;
}

/**
 * Brings the elements of rows into the order of the rows once scrolling, which leaves them in any order, rests: screen readers and what is
 * selected over several rows follow it. The row with the focus would lose it by a move, so the others move around it.
 * @returns what stops it
 */
export function sortRows(body: Element): () => void {
  let frame = 0;
  const sort = () => {
    const rows = [...body.children].toSorted((one, other) => indexOf(one) - indexOf(other));
    const focused = rows.findIndex((row) => row.contains(document.activeElement));
    const moved = place(body, rows.slice(focused + 1), null, atOnce);
    const before = rows.slice(0, Math.max(0, focused));
    const all = moved + place(body, before, rows[focused] ?? null, atOnce - moved);
    if (all > 0) frame = requestAnimationFrame(sort);
  };
  const timer = setTimeout(sort, rest);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}
