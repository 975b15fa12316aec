import { AppError } from '@clientela/errors';
import { expect, test } from 'vitest';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

/** Work that goes on until it is told to end. */
const work = () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { go: () => promise, end: resolve, fail: () => reject(new Error('failed')) };
};
const refusal = expect.objectContaining({ kind: 'unavailable', headers: { 'Retry-After': '2' } });

test('so many are inside, so many wait in line, and the next is turned away at once', async () => {
  const through = createConcurrencyLimiter({ concurrency: 2, maxQueued: 2, queueTimeoutMs: 60_000 });
  const inside: number[] = [];
  const works = Array.from({ length: 4 }, work);
  const all = works.map(({ go }, at) =>
    through(async () => {
      inside.push(at);
      await go();
    }),
  );
  await Promise.resolve();
  expect(inside).toEqual([0, 1]);
  await expect(through(async () => 'in')).rejects.toEqual(refusal);
  works[1]?.end();
  await all[1];
  await expect.poll(() => inside).toEqual([0, 1, 2]);
  works[0]?.fail(); // a place is given back however the work ends
  await expect(all[0]).rejects.toThrow('failed');
  await expect.poll(() => inside).toEqual([0, 1, 2, 3]);
  works[2]?.end();
  works[3]?.end();
  await Promise.all([all[2], all[3]]);
  expect(await through(async () => 'in')).toBe('in');
});

test('who has waited too long is turned away, and is not let in later', async () => {
  const through = createConcurrencyLimiter({ concurrency: 1, maxQueued: 5, queueTimeoutMs: 20 });
  const first = work();
  const busy = through(first.go);
  const late = work();
  let entered = false;
  const answer = through(async () => {
    entered = true;
    await late.go();
  }).catch((error: unknown) => error);
  expect(await answer).toBeInstanceOf(AppError);
  first.end();
  await busy;
  expect(await through(async () => 'next')).toBe('next');
  expect(entered).toBe(false);
});
