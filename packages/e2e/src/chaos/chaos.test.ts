import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { appliesTo, killAtPoint, crashPoints, eventFlows } from './crash-points.ts';
import { newWriter, runChaos } from './run-chaos.ts';
import { write } from './writers.ts';

// A short version of `npm run chaos`.
let fleet: ChaosFleet;
beforeAll(async () => {
  fleet = await startChaosFleet('RabbitMQ');
}, 120_000);
afterAll(() => fleet?.end());

test('keeps every acknowledged write, with effect exactly once, while every process, the broker and PostgreSQL are killed', async () => {
  const { problems, kills } = await runChaos(fleet, {
    name: 'chaos',
    writes: 27,
    kills: 9,
    writers: 3,
    maxDelayMs: 200,
  });
  expect(problems).toEqual([]);
  expect(kills).toBe(9);
}, 90_000);

test('an event takes effect once when a process is killed at each point of its delivery', async () => {
  const writer = await newWriter(fleet, 'points');
  await write('newCustomer', writer);
  for (const point of crashPoints.RabbitMQ) {
    const flow = eventFlows.find((flow) => appliesTo(point, flow));
    expect(flow && (await killAtPoint(fleet, writer, point, flow)), point.name).toEqual([]);
  }
}, 90_000);
