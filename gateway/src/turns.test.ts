import { expect, test, vi } from 'vitest';
import { stopClock } from './testing/gateway.ts';
import { createTurns } from './turns.ts';

const newTurns = (options: { maxWait?: number; sharedFor?: number } = {}) => {
  const takeTurn = createTurns({ max: 2, maxWait: 5000, sharedFor: 5000, ...options });
  const started: string[] = [];
  return {
    started,
    take: (company: string, name = company) => takeTurn('customer', company, () => started.push(name)),
  };
};

test('the excess of one company waits for its turn, in order, and delays no other company', () => {
  const { started, take } = newTurns();
  take('other')();
  const turns = ['a1', 'a2', 'a3', 'a4'].map((name) => take('a', name));
  take('b');
  expect(started).toEqual(['other', 'a1', 'a2', 'b']);
  turns[0]?.();
  turns[0]?.();
  expect(started.slice(4)).toEqual(['a3']);
  turns[1]?.();
  expect(started.slice(4)).toEqual(['a3', 'a4']);
});

test('a company that has a service for itself does not wait', () => {
  stopClock();
  const { started, take } = newTurns({ sharedFor: 50 });
  for (const name of ['a1', 'a2', 'a3']) take('a', name);
  expect(started).toHaveLength(3);
  take('b');
  take('a', 'a4');
  expect(started).toHaveLength(4);
  vi.advanceTimersByTime(50);
  take('a', 'a5');
  expect(started).toHaveLength(5);
});

test('work that gives up waiting never starts; other work starts after a while in any case', () => {
  stopClock();
  const { started, take } = newTurns({ maxWait: 50 });
  take('other');
  const turns = ['a1', 'a2', 'a3', 'a4'].map((name) => take('a', name));
  turns[2]?.();
  vi.advanceTimersByTime(50);
  expect(started).toEqual(['other', 'a1', 'a2', 'a4']);
});
