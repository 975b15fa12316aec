import { expect, test } from 'vitest';
import { placeRows } from './row-slots.ts';

test('rows keep their slots, new ones take those of the rows farthest away', () => {
  const slots = placeRows([], { first: 0, last: 5 }, 0, 100);
  expect(slots).toEqual([0, 1, 2, 3, 4, 5]);
  expect(placeRows(slots, { first: 1, last: 4 }, 2, 100)).toBe(slots); // no element is removed
  expect(placeRows(slots, { first: 2, last: 7 }, 2, 100)).toEqual([6, 7, 2, 3, 4, 5]);
  expect(placeRows(slots, { first: 50, last: 53 }, 51, 100)).toEqual([50, 51, 52, 53, 4, 5]);
});

test('the row with the focus keeps its slot, wherever the view is', () => {
  const slots = placeRows([], { first: 0, last: 3 }, 1, 100);
  const far = placeRows(slots, { first: 50, last: 53 }, 1, 100);
  expect(far).toEqual([50, 1, 51, 52, 53]);
  expect(placeRows(far, { first: 50, last: 53 }, 99, 100)).toEqual([50, 99, 51, 52, 53]);
});

test('rows that are far away leave the page, but for the one with the focus', () => {
  const slots = placeRows([], { first: 0, last: 5 }, 0, 1000);
  expect(placeRows(slots, { first: 500, last: 503 }, 0, 1000)).toEqual([0, 500, 501, 502, 503, -1]);
});

test('a slot whose row is not in the list any more is empty until another takes it', () => {
  const slots = placeRows([], { first: 0, last: 3 }, 0, 4);
  const shorter = placeRows(slots, { first: 0, last: 1 }, 0, 2);
  expect(shorter).toEqual([0, 1, -1, -1]);
  expect(placeRows(shorter, { first: 0, last: 2 }, 0, 3)).toEqual([0, 1, 2, -1]);
});
