import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { missingRecords, pendingWork } from './checks.ts';
import { waitUntilFine } from './retry.ts';
import { appliesTo, killAtPoint, crashPoints, eventFlows } from './crash-points.ts';
import { newWriter } from './run-chaos.ts';
import { write, type Writer } from './writers.ts';

describe.each(['RabbitMQ', 'HTTP'] as const)('events over %s', (transport) => {
  let fleet: ChaosFleet;
  let writer: Writer;
  beforeAll(async () => {
    fleet = await startChaosFleet(transport);
    writer = await newWriter(fleet, `points ${transport}`);
    for (const kind of ['newCustomer', 'newCustomer', 'product', 'interaction', 'favorite'] as const)
      await write(kind, writer);
  });
  afterAll(() => fleet?.end());

  const each = crashPoints[transport].flatMap((point) =>
    eventFlows
      .filter((flow) => appliesTo(point, flow))
      .map((flow) => ({ point, flow, name: `${flow.publisher} to ${flow.subscriber}, ${point.name}` })),
  );
  test.for(each)('$name', async ({ point, flow }) => {
    if (flow.write === 'hardDelete') await write('newCustomer', writer);
    expect(await killAtPoint(fleet, writer, point, flow)).toEqual([]);
  });

  test('finally no event is pending, and every acknowledged write can be read', async () => {
    expect(await waitUntilFine(() => pendingWork(fleet), Date.now() + 30_000)).toEqual([]);
    expect(await missingRecords(writer)).toEqual([]);
  });
});
