import { expect, test } from 'vitest';
import { createArraySize } from './array-size.ts';

test('arrays get short after failures, and long again after successes', () => {
  const size = createArraySize(100);
  const sizes = [false, false, false, false, true].map((succeeded) => {
    size.handled(succeeded, size.current);
    return size.current;
  });
  expect(sizes).toEqual([25, 7, 2, 1, 2]);
  for (let successes = 0; successes < 10; successes += 1) size.handled(true, size.current);
  expect(size.current).toBe(100);
  for (let failures = 0; failures < 4; failures += 1) size.handled(false, size.current);
  size.handledAlone();
  expect(size.current).toBe(2);
  size.handled(true, 2);
  size.handled(false, 3); // the last ones, fewer than there may be
  expect(size.current).toBe(1);
});
