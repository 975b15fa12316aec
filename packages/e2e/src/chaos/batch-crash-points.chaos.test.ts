import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  batchPoints,
  installBatchPoints,
  killBatchAt,
  undisturbedState,
  type BatchState,
} from './batch-crash-points.ts';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { log } from './seed.ts';

let fleet: ChaosFleet;
let undisturbed: BatchState;
beforeAll(async () => {
  fleet = await startChaosFleet('HTTP');
  await installBatchPoints(fleet);
  undisturbed = await undisturbedState(fleet);
  log(`undisturbed: ${JSON.stringify(undisturbed)}`);
});
afterAll(() => fleet?.end());

test.each(batchPoints)(
  'a batch killed in step $step $moment ends, repeated, in the undisturbed state',
  async (point) => {
    expect(await killBatchAt(fleet, point, undisturbed)).toEqual([]);
  },
);

test('a batch whose response is lost ends, repeated, in the undisturbed state', async () => {
  expect(await killBatchAt(fleet, 'response', undisturbed)).toEqual([]);
});
