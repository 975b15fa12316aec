import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dependencies, publishers, recovery, rows, type Row } from './cells.ts';
import { faults } from './fault-proxy.ts';
import { startResilienceFleet, type ResilienceFleet } from './resilience-fleet.ts';

// The whole table of docs/resilience.md on real processes. RESILIENCE_REPORT=1 prints what was observed.

let fleet: ResilienceFleet;
beforeAll(async () => {
  fleet = await startResilienceFleet();
});
afterAll(() => fleet?.end());

/** Sends a request and waits for its response. */
async function observe({ send }: Row) {
  const startedAt = performance.now();
  const response = await send(fleet).catch((error: Error) => ({
    status: 0,
    headers: new Headers(),
    body: error.message,
  }));
  return { ...response, seconds: (performance.now() - startedAt) / 1000 };
}
const name = ({ caller, request }: Row) => `${caller}: ${request}`;
/** Sends a request without a fault. @returns its status, and whether it used Redis where it should */
async function outcomeOf(row: Row) {
  const from = fleet.redisCommands.length;
  const { status } = await observe(row);
  const isUsed = () => fleet.redisCommands.slice(from).some((command) => row.redisCommand?.test(command) ?? true);
  for (let tries = 0; row.redisCommand && !isUsed() && tries < 50; tries += 1) await sleep(10);
  return { request: name(row), status, usesRedis: row.redisCommand !== undefined && isUsed() };
}
const normal = (row: Row) => ({
  request: name(row),
  status: row.normal,
  usesRedis: row.redisCommand !== undefined,
});

test('every row of Redis names the command by which it uses Redis', () => {
  for (const row of rows) expect(row.redisCommand !== undefined, name(row)).toBe(row.dependency === 'Redis');
});

describe.each(dependencies)('%s', (dependency) => {
  const affected = rows.filter((row) => row.dependency === dependency);

  test.each(faults)('%s', async (fault) => {
    for (const row of affected) expect(await outcomeOf(row), 'before the fault').toEqual(normal(row));
    await fleet.proxies[dependency].set(fault);
    const observed = await Promise.all(affected.map(observe)); // never rejects
    await fleet.proxies[dependency].set(undefined);
    const endedAt = performance.now();
    const isRecovered = async () => {
      for (const row of affected) if (!isDeepStrictEqual(await outcomeOf(row), normal(row))) return name(row);
      if (dependency !== 'RabbitMQ') return 'recovered';
      for (const service of publishers) if ((await fleet.pending(service)) > 0) return `events of ${service}`;
      return 'recovered';
    };
    await expect.poll(isRecovered, { timeout: recovery * 1000, interval: 100 }).toBe('recovered');
    const recoveredAfter = (performance.now() - endedAt) / 1000;
    if (process.env['RESILIENCE_REPORT'])
      for (const [index, row] of affected.entries()) {
        const { status = 0, seconds = 0 } = observed[index] ?? {};
        process.stdout.write(
          `REPORT ${dependency} | ${fault} | ${name(row)} | ${status} | ${seconds.toFixed(1)} | recovered ${recoveredAfter.toFixed(1)}\n`,
        );
      }

    const wrong = affected.flatMap((row, index) => {
      const [statuses, seconds] = row.expected[fault];
      const response = observed[index];
      const isExpected =
        response !== undefined &&
        [statuses].flat().includes(response.status) &&
        response.seconds <= seconds &&
        (response.status < 500 || Number(response.headers.get('retry-after')) > 0) &&
        (response.status >= 300 || JSON.stringify(response.body).includes(row.contains ?? ''));
      return isExpected ? [] : [`${name(row)}: ${response?.status} after ${response?.seconds.toFixed(1)} s`];
    });
    expect(wrong).toEqual([]);
  });
});
