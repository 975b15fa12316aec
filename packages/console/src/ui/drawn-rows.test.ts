import { expect, test } from 'vitest';
import { rowsToDraw, type Rows } from './drawn-rows.ts';

/** Draws until nothing changes. @returns what was drawn each time */
function drawAll(drawn: Rows, view: Rows, count: number): Rows[] {
  const next = rowsToDraw(drawn, view, count);
  const isDone = next.first === drawn.first && next.last === drawn.last;
  return isDone ? [] : [next, ...drawAll(next, view, count)];
}

test('rows in view are drawn at once, those around them a few at a time', () => {
  expect(drawAll({ first: 100, last: 135 }, { first: 118, last: 137 }, 1000)).toEqual([
    { first: 110, last: 140 },
    { first: 110, last: 145 },
  ]);
  expect(drawAll({ first: 0, last: 35 }, { first: 500, last: 519 }, 1000)[0]).toMatchObject({ last: 519 });
  expect(drawAll({ first: 500, last: 535 }, { first: 0, last: 19 }, 1000)[0]).toMatchObject({ first: 0 });
});

test('no row is drawn that is not in the list', () => {
  expect(drawAll({ first: 0, last: 0 }, { first: 0, last: 9 }, 10)).toEqual([{ first: 0, last: 9 }]);
  expect(drawAll({ first: 500, last: 535 }, { first: 0, last: 9 }, 10)).toEqual([{ first: 0, last: 9 }]);
  expect(drawAll({ first: 960, last: 990 }, { first: 985, last: 999 }, 1000).at(-1)).toEqual({ first: 977, last: 999 });
});
