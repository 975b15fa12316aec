import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { runChaos } from './run-chaos.ts';

describe.each(['RabbitMQ', 'HTTP'] as const)('events over %s', (transport) => {
  let fleet: ChaosFleet;
  beforeAll(async () => {
    fleet = await startChaosFleet(transport);
  });
  afterAll(() => fleet?.end());

  test('keeps 2,000 acknowledged writes, each with effect exactly once, through 40 kills', async () => {
    const { problems, kills, writes } = await runChaos(fleet, {
      name: `chaos ${transport}`,
      writes: 2000,
      kills: 40,
      writers: 6,
    });
    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(40);
    expect(writes).toBeGreaterThanOrEqual(2000);
  });
});
