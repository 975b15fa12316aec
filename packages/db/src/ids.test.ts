import { validate, version } from 'uuid';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => void vi.useRealTimers());

test('ids are UUIDs of version 7 with the time, distinct, and grow even when the clock goes back', async () => {
  vi.resetModules(); // another test of this worker may have set the clock
  const { newId } = await import('./ids.ts');
  const start = Date.now();
  const ids = Array.from({ length: 3000 }, newId);
  const end = Date.now();
  vi.useFakeTimers({ now: start - 60_000 });
  ids.push(...Array.from({ length: 1000 }, newId));
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  const time = Number.parseInt((ids[0] as string).replace('-', '').slice(0, 12), 16);
  expect(time).toBeGreaterThanOrEqual(start);
  expect(time).toBeLessThanOrEqual(end);
  // Those of another process share the time at most: the rest is random.
  expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(ids.length);
});
