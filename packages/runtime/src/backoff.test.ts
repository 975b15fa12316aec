import { expect, test } from 'vitest';
import { backoff } from './backoff.ts';

test('doubles from the base up to the maximum', () => {
  const delays = [0, 1, 2, 3, 10, 5000].map((attempt) => backoff(attempt, { baseMs: 250, maxMs: 1500, jitter: false }));
  expect(delays).toEqual([250, 500, 1000, 1500, 1500, 1500]);
});

test('jitter shortens a delay by at most half', () => {
  const delays = Array.from({ length: 200 }, () => backoff(3, { maxMs: 2000 }));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(400);
  expect(Math.max(...delays)).toBeLessThanOrEqual(800);
  expect(new Set(delays).size).toBeGreaterThan(100);
});
