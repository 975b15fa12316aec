import { expect, test } from 'vitest';
import { addUp, changeOf, highest, isNothing, pairPoints } from './series.ts';

const point = (day: string, value: number | string) => ({ at: `2026-03-${day}T00:00:00.000Z`, value });

test('compares each interval with the one as far into the period before', () => {
  expect(pairPoints([point('01', 5), point('02', 6), point('03', 7), point('04', 8)], 2)).toEqual([
    { at: '2026-03-03', value: 7, before: { at: '2026-03-01', value: 5 } },
    { at: '2026-03-04', value: 8, before: { at: '2026-03-02', value: 6 } },
  ]);
  expect(pairPoints([point('03', 7), point('04', 8)], 2)).toEqual([
    { at: '2026-03-03', value: 7, before: undefined },
    { at: '2026-03-04', value: 8, before: undefined },
  ]);
});

test('adds amounts exactly, and counts', () => {
  expect(addUp(['0.10', '0.20'])).toBe('0.30');
  expect(addUp(['90071992547409.93', '0.10', '0.00'])).toBe('90071992547410.03');
  expect(addUp(['1.00', '-1.05'])).toBe('-0.05');
  expect(addUp(['0.00'])).toBe('0.00');
  expect(addUp([1, 0, 2])).toBe(3);
});

test('says how much more there is than before, unless there was nothing', () => {
  expect(changeOf(12, 10)).toBe(0.2);
  expect(changeOf('7.50', '10.00')).toBe(-0.25);
  expect(changeOf(2, 3)).toBe(-0.3333);
  expect(changeOf(3, 0)).toBeUndefined();
  expect(changeOf('3.00', '-1.00')).toBeUndefined();
});

test('finds the first interval with the most, and whether there is anything', () => {
  const rows = (...values: (number | string)[]) =>
    pairPoints(
      values.map((value, index) => point(`0${index + 1}`, value)),
      values.length,
    );
  expect(highest(rows(1, 3, 3, 2))?.at).toBe('2026-03-02');
  expect(highest(rows('9.50', '10.00', '-20.00'))?.at).toBe('2026-03-02');
  expect(highest(rows(0, 0))).toBeUndefined();
  expect(isNothing(rows('0.00', '0.00'))).toBe(true);
  expect(isNothing(rows('0.00', '-1.00'))).toBe(false);
  expect(isNothing(pairPoints([point('01', 1), point('02', 0)], 1))).toBe(false);
});
