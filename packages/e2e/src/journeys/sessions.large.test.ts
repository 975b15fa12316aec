import { expect } from 'vitest';
import { checkConcurrentSignIns } from '../testing/concurrent-sign-ins.ts';
import { fleetTest as test } from '../testing/test-fleet.ts';

test('of 200 concurrent sign-ins each succeeds, or gets 503 with Retry-After and succeeds when repeated; /health responds meanwhile', async ({
  defaultFleet,
}) => {
  expect(await checkConcurrentSignIns(defaultFleet, { users: 20, signIns: 200 })).toBeGreaterThan(10);
});
