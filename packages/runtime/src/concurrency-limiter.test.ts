import { describe, expect, test } from 'vitest';
import { createConcurrencyLimiter, type ConcurrencyLimiter } from './concurrency-limiter.ts';

/** Starts work that ends on demand. */
function startWork(limiter: ConcurrencyLimiter, signal?: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = { isRunning: false, finish: resolve, done: Promise.resolve() };
  work.done = limiter(async () => {
    work.isRunning = true;
    await promise;
  }, signal);
  work.done.catch(() => {});
  return work;
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a concurrency limiter', () => {
  test('runs as many as allowed, the others in order of arrival', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 2 });
    const works = [1, 2, 3, 4].map(() => startWork(limiter));
    await settle();
    expect(works.map(({ isRunning }) => isRunning)).toEqual([true, true, false, false]);
    works[1]?.finish();
    await works[1]?.done;
    await settle();
    expect(works.map(({ isRunning }) => isRunning)).toEqual([true, true, true, false]);
    for (const work of works) work.finish();
    await Promise.all(works.map(({ done }) => done));
  });

  test('frees the place of work that fails', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueued: 0 });
    await expect(limiter(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await limiter(async () => 'next')).toBe('next');
  });

  test('rejects work beyond the waiting places, and work that waits too long', async () => {
    const rejection = () => new Error('busy');
    const limiter = createConcurrencyLimiter({ concurrency: 1, maxQueued: 1, queueTimeoutMs: 20, rejection });
    const running = startWork(limiter);
    const waiting = startWork(limiter);
    await expect(limiter(async () => {})).rejects.toThrow('busy');
    await expect(waiting.done).rejects.toThrow('busy');
    expect(waiting.isRunning).toBe(false);
    running.finish();
    await running.done;
    expect(await limiter(async () => 'free again')).toBe('free again');
  });

  test('gives up waiting when the signal aborts, and only then', async () => {
    const limiter = createConcurrencyLimiter({ concurrency: 1 });
    const aborting = new AbortController();
    const running = startWork(limiter, aborting.signal);
    const waiting = startWork(limiter, aborting.signal);
    aborting.abort();
    await expect(waiting.done).rejects.toThrow();
    await expect(limiter(async () => {}, aborting.signal)).rejects.toThrow();
    running.finish();
    await running.done;
  });
});
