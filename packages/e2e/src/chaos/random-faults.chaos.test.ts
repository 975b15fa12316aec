import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chaosStreet, type ChaosStreet } from './chaos-fleet.ts';
import { storm } from './run-chaos.ts';

describe.each(['RabbitMQ', 'HTTP'] as const)('events over %s', (transport) => {
  let street: ChaosStreet;
  beforeAll(async () => {
    street = await chaosStreet(transport);
  });
  afterAll(() => street?.end());

  test('2,000 writes while 40 times something is killed: all are there, and all took effect once', async () => {
    const { wrong, kills, writes } = await storm(street, {
      name: `storm ${transport}`,
      writes: 2000,
      kills: 40,
      writers: 6,
    });
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(40);
    expect(writes).toBeGreaterThanOrEqual(2000);
  });
});
