import { afterAll, beforeAll, expect, test } from 'vitest';
import { chaosStreet, type ChaosStreet } from './chaos-fleet.ts';
import { comesTo, killAt, points, ways } from './crash-points.ts';
import { newWriter, storm } from './run-chaos.ts';
import { writeThe } from './writers.ts';

// The short version of what `npm run chaos` does: the same, less of it.
let street: ChaosStreet;
beforeAll(async () => {
  street = await chaosStreet('RabbitMQ');
}, 120_000);
afterAll(() => street?.end());

test('writes while every program, the broker and PostgreSQL are killed: all are there, and all took effect once', async () => {
  const { wrong, kills } = await storm(street, { name: 'storm', writes: 80, kills: 9, writers: 3 });
  expect(wrong).toEqual([]);
  expect(kills).toBe(9);
}, 90_000);

test('killed at each point of an event’s way: it takes effect once', async () => {
  const writer = await newWriter(street, 'points');
  await writeThe('newCustomer', writer);
  for (const point of points.RabbitMQ) {
    const way = ways.find((way) => comesTo(point, way));
    expect(way && (await killAt(street, writer, point, way)), point.name).toEqual([]);
  }
}, 90_000);
