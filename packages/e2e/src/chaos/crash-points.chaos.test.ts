import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chaosStreet, type ChaosStreet } from './chaos-fleet.ts';
import { allIsThere, nothingWaits } from './checks.ts';
import { settles } from './retry.ts';
import { comesTo, killAt, points, ways } from './crash-points.ts';
import { newWriter } from './run-chaos.ts';
import { writeThe, type Writer } from './writers.ts';

describe.each(['RabbitMQ', 'HTTP'] as const)('events over %s', (transport) => {
  let street: ChaosStreet;
  let writer: Writer;
  beforeAll(async () => {
    street = await chaosStreet(transport);
    writer = await newWriter(street, `points ${transport}`);
    for (const kind of ['newCustomer', 'newCustomer', 'product', 'interaction', 'favorite'] as const)
      await writeThe(kind, writer);
  });
  afterAll(() => street?.end());

  const each = points[transport].flatMap((point) =>
    ways
      .filter((way) => comesTo(point, way))
      .map((way) => ({ point, way, name: `${way.speaker} to ${way.hearer}, ${point.name}` })),
  );
  test.for(each)('$name', async ({ point, way }) => {
    if (way.write === 'removeForGood') await writeThe('newCustomer', writer);
    expect(await killAt(street, writer, point, way)).toEqual([]);
  });

  test('in the end nothing waits anywhere, and all that was written is there', async () => {
    expect(await settles(() => nothingWaits(street), Date.now() + 30_000)).toEqual([]);
    expect(await allIsThere(writer)).toEqual([]);
  });
});
