import { expect, test } from 'vitest';
import { idempotentRoutes, testErasedActors } from './erased-actors.ts';

test('finds the routes that accept an idempotency key', () => {
  expect(idempotentRoutes.length).toBeGreaterThan(15);
});

testErasedActors(idempotentRoutes);
