import { expect, test } from 'vitest';
import { createInProgress } from './in-progress.ts';

test('holds what was added and not removed, whatever the order', () => {
  const inProgress = createInProgress<number>();
  const expected = new Map<number, () => void>();
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let step = 0; step < 2000; step += 1) {
    const held = [...expected.keys()];
    const chosen = held[random(held.length + 5)];
    if (chosen === undefined) expected.set(step, inProgress.add(step));
    else {
      expected.get(chosen)?.();
      expected.delete(chosen);
    }
    expect(inProgress.items().toSorted((a, b) => a - b)).toEqual([...expected.keys()]);
  }
});

test('removes an item once, also when its removal is repeated', () => {
  const inProgress = createInProgress<string>();
  const remove = inProgress.add('first');
  inProgress.add('second');
  remove();
  inProgress.add('third');
  remove();
  expect(inProgress.items().toSorted()).toEqual(['second', 'third']);
});
