import { AppError } from '@clientela/errors';
import { expect, test } from 'vitest';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

/** Creates work that runs until `end` or `fail` is called. */
const work = () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { go: () => promise, end: resolve, fail: () => reject(new Error('failed')) };
};
const fullError = expect.objectContaining({ kind: 'unavailable', headers: { 'Retry-After': '2' } });

test('runs up to the limit, queues up to the queue length, and rejects further calls at once', async () => {
  const limit = createConcurrencyLimiter({ concurrency: 2, maxQueued: 2, queueTimeoutMs: 60_000 });
  const started: number[] = [];
  const works = Array.from({ length: 4 }, work);
  const all = works.map(({ go }, index) =>
    limit(async () => {
      started.push(index);
      await go();
    }),
  );
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  await expect(limit(async () => 'in')).rejects.toEqual(fullError);
  works[1]?.end();
  await all[1];
  await expect.poll(() => started).toEqual([0, 1, 2]);
  works[0]?.fail(); // failed work releases its slot
  await expect(all[0]).rejects.toThrow('failed');
  await expect.poll(() => started).toEqual([0, 1, 2, 3]);
  works[2]?.end();
  works[3]?.end();
  await Promise.all([all[2], all[3]]);
  expect(await limit(async () => 'in')).toBe('in');
});

test('rejects a call that waited too long and never runs it', async () => {
  const limit = createConcurrencyLimiter({ concurrency: 1, maxQueued: 5, queueTimeoutMs: 20 });
  const first = work();
  const busy = limit(first.go);
  const queued = work();
  let hasStarted = false;
  const outcome = limit(async () => {
    hasStarted = true;
    await queued.go();
  }).catch((error: unknown) => error);
  expect(await outcome).toBeInstanceOf(AppError);
  first.end();
  await busy;
  expect(await limit(async () => 'next')).toBe('next');
  expect(hasStarted).toBe(false);
});
