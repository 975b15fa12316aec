import { expect, test } from 'vitest';
import { centred, squareOf } from './crop.ts';

test('the square lies within the picture, in its middle unless it is moved', () => {
  expect(squareOf({ width: 400, height: 300 }, centred)).toEqual({ side: 300, left: 50, top: 0 });
  expect(squareOf({ width: 300, height: 400 }, { ...centred, zoom: 2 })).toEqual({ side: 150, left: 75, top: 125 });
  expect(squareOf({ width: 400, height: 300 }, { zoom: 3, across: 1, down: 1 })).toEqual({
    side: 100,
    left: 300,
    top: 200,
  });
  expect(squareOf({ width: 400, height: 300 }, { ...centred, zoom: 0 }).side).toBe(300);
});
