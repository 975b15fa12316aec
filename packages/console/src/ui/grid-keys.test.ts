import { expect, test } from 'vitest';
import { nextPosition } from './grid-keys.ts';

const size = { rows: 100, columns: 5, page: 10 };
const press = (key: string, row: number, column: number, far = false) =>
  nextPosition({ row, column }, { key, ctrlKey: far, metaKey: false }, size);

test('moves by cell, row, page and to the ends, never out of the grid', () => {
  expect(press('ArrowDown', 0, 1)).toEqual({ row: 1, column: 1 });
  expect(press('ArrowUp', 0, 1)).toEqual({ row: -1, column: 1 });
  expect(press('ArrowUp', -1, 1)).toEqual({ row: -1, column: 1 });
  expect(press('ArrowRight', 0, 4)).toEqual({ row: 0, column: 4 });
  expect(press('PageDown', 95, 0)).toEqual({ row: 99, column: 0 });
  expect(press('PageUp', 4, 0)).toEqual({ row: 0, column: 0 });
  expect(press('End', 3, 0)).toEqual({ row: 3, column: 4 });
  expect(press('End', 3, 0, true)).toEqual({ row: 99, column: 4 });
  expect(press('Home', 50, 3, true)).toEqual({ row: 0, column: 0 });
  expect(press('j', 3, 2)).toEqual({ row: 4, column: 2 });
  expect(press('k', 0, 2)).toEqual({ row: 0, column: 2 });
  expect(press('Enter', 0, 0)).toBeUndefined();
});
