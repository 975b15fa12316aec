import { AppError } from '@clientela/errors';
import { describe, expect, test } from 'vitest';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

const createTask = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
};
const overloaded = expect.objectContaining({ kind: 'unavailable', headers: { 'Retry-After': '5' } });

describe('the concurrency limiter', () => {
  test('runs a limited number of tasks at once, in order of arrival', async () => {
    const limit = createConcurrencyLimiter({ concurrency: 2, maxQueued: 10, timeoutMs: 5000 });
    const started: number[] = [];
    const tasks = [0, 1, 2, 3].map(() => createTask());
    const all = tasks.map(({ work }, n) => limit(() => (started.push(n), work())));
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    tasks[1]?.end();
    await all[1];
    await expect.poll(() => started).toEqual([0, 1, 2]);
    tasks.forEach(({ end }) => end());
    await Promise.all(all);
    expect(started).toEqual([0, 1, 2, 3]);
  });

  test('rejects tasks when the queue is full, the wait times out or the client disconnects; a failed task frees its slot', async () => {
    const limit = createConcurrencyLimiter({ concurrency: 1, maxQueued: 2, timeoutMs: 50 });
    const blocking = createTask();
    const running = limit(blocking.work);
    const disconnected = new AbortController();
    const aborted = limit(() => Promise.resolve('never'), disconnected.signal);
    const timedOut = limit(() => Promise.resolve('never'));
    await expect(limit(() => Promise.resolve('never'))).rejects.toEqual(overloaded);
    disconnected.abort();
    await expect(aborted).rejects.toBeInstanceOf(AppError);
    await expect(timedOut).rejects.toEqual(overloaded);
    blocking.end();
    await running;
    await expect(limit(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await limit(() => Promise.resolve('done'))).toBe('done');
  });
});
