import { AppError } from '@clientela/errors';
import { describe, expect, test } from 'vitest';
import { queue } from './queue.ts';

const held = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
};
const busy = expect.objectContaining({ kind: 'unavailable', headers: { 'Retry-After': '5' } });

describe('the line for costly work', () => {
  test('lets so many run at once, in the order of their coming', async () => {
    const inTurn = queue({ at_once: 2, waiting: 10, patience: 5000 });
    const begun: number[] = [];
    const works = [0, 1, 2, 3].map(() => held());
    const all = works.map(({ work }, n) => inTurn(() => (begun.push(n), work())));
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    works[1]?.end();
    await all[1];
    await expect.poll(() => begun).toEqual([0, 1, 2]);
    works.forEach(({ end }) => end());
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  test('refuses who finds it full, waits too long, or has gone; a failure gives its place free', async () => {
    const inTurn = queue({ at_once: 1, waiting: 2, patience: 50 });
    const first = held();
    const running = inTurn(first.work);
    const gone = new AbortController();
    const left = inTurn(() => Promise.resolve('never'), gone.signal);
    const late = inTurn(() => Promise.resolve('never'));
    await expect(inTurn(() => Promise.resolve('never'))).rejects.toEqual(busy);
    gone.abort();
    await expect(left).rejects.toBeInstanceOf(AppError);
    await expect(late).rejects.toEqual(busy);
    first.end();
    await running;
    await expect(inTurn(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await inTurn(() => Promise.resolve('done'))).toBe('done');
  });
});
