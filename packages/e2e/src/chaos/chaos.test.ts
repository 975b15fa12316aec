import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { appliesTo, killAtPoint, crashPoints, eventFlows } from './crash-points.ts';
import { newWriter, runChaos } from './run-chaos.ts';
import { write } from './writers.ts';

// A short version of `npm run chaos`, over HTTP, because the start of a broker takes long.
let fleet: ChaosFleet;
beforeAll(async () => {
  fleet = await startChaosFleet('HTTP');
}, 120_000);
afterAll(() => fleet?.end());

test('keeps every acknowledged write, with effect exactly once, while services and PostgreSQL are killed', async () => {
  const { problems, kills } = await runChaos(fleet, {
    name: 'chaos',
    writes: 12,
    kills: 3,
    writers: 3,
    faults: ['kill -9 customer', 'kill -9 interaction', 'kill -9 PostgreSQL'],
    maxDelayMs: 200,
  });
  expect(problems).toEqual([]);
  expect(kills).toBe(3);
}, 90_000);

// The other points: crash-points.chaos.test.ts.
test.each(crashPoints.HTTP.filter(({ held }) => held === 'confirm' || held === 'ack'))(
  'an event takes effect once when its $killed is killed $name',
  async (point) => {
    const writer = await newWriter(fleet, point.name);
    await write('newCustomer', writer);
    const flow = eventFlows.find((one) => appliesTo(point, one));
    expect(flow && (await killAtPoint(fleet, writer, point, flow))).toEqual([]);
  },
  90_000,
);
