import { useState } from 'react';
import type { Rows } from './drawn-rows.ts';

const near = 60; // rows out of view that may stay in the page: their data are there still

/**
 * Gives each row a slot, whose elements show it. Rows that have one keep it, the others take those of the rows farthest away, because new
 * texts in elements take far less time than new elements.
 * @returns the row of each slot, -1 where there is none
 */
export function placeRows(
  slots: readonly number[],
  { first, last }: Rows,
  focused: number,
  count: number,
): readonly number[] {
  const wanted = new Set(Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at));
  if (focused >= 0) wanted.add(focused);
  const distance = (row: number) => (row < 0 ? Infinity : Math.max(first - row, row - last));
  const next = slots.map((row) => (wanted.has(row) || (row < count && distance(row) <= near) ? row : -1));
  const missing = [...wanted].filter((row) => !next.includes(row));
  if (missing.length === 0 && next.every((row, slot) => row === slots[slot])) return slots;
  const free = [...next.entries()]
    .filter(([, row]) => !wanted.has(row))
    .toSorted(([, one], [, other]) => (distance(one) === distance(other) ? 0 : distance(other) - distance(one)));
  for (const row of missing) next[free.shift()?.[0] ?? next.length] = row;
  return next;
}

/** The row that each slot shows: those drawn and, wherever it is, that with the focus. */
export function useSlots(drawn: Rows, focused: number, count: number): readonly number[] {
  const [slots, setSlots] = useState<readonly number[]>([]);
  const next = placeRows(slots, drawn, focused, count);
  if (next !== slots) setSlots(next);
  return next;
}
