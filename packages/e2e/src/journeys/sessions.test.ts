import { expect } from 'vitest';
import { checkConcurrentSignIns } from '../testing/concurrent-sign-ins.ts';
import { fleetTest as test } from '../testing/test-fleet.ts';

// Sessions through kills and a rotated key, and 200 sign-ins: sessions.large.test.ts.
test('30 sign-ins at once all succeed, and /health responds meanwhile', async ({ defaultFleet }) => {
  expect(await checkConcurrentSignIns(defaultFleet, { users: 4, signIns: 30 })).toBeGreaterThan(2);
});
