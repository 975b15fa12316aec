import { randomUUID } from 'node:crypto';
import { startRedis } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startTwoGateways } from './testing/two-gateways.ts';

// The whole, with 1,000 requests and full windows: shared-rate-limits.large.test.ts.

test('two gateways with one Redis admit exactly the limit together; while it is away each at most the limit', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const { send, redisIs } = await startTwoGateways(redis, 30);
  expect((await send(100)).total).toBe(30);

  const user = randomUUID();
  const before = await send(20, user);
  expect(before.total).toBe(20);
  await redis.kill();
  await redisIs('down');
  const during = await send(100, user);
  // Each goes on from what it knew of the window, so that it admits no more than the limit in it.
  for (const [gateway, admitted] of during.admitted.entries())
    expect(admitted + (before.admitted[gateway] ?? 0)).toBeLessThanOrEqual(30);
  expect((await send(100)).admitted).toEqual([30, 30]);

  await redis.start();
  await redisIs('up');
  expect((await send(100)).total).toBe(30);
});

test('requests do not wait for a Redis that hangs, which counts none of them when it continues', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const { send, redisIs } = await startTwoGateways(redis, 30);
  const healthy = await send(60);
  const [user, early] = [randomUUID(), randomUUID()];
  expect((await send(20, early, [0])).total).toBe(20);
  await redis.pause();
  const hanging = await send(100, user);
  expect(hanging.admitted).toEqual([30, 30]);
  expect(hanging.slowest).toBeLessThan(250 + healthy.slowest); // a busy machine runs timers late
  await redisIs('down');
  expect((await send(5, early, [0])).total).toBe(5);
  await redis.resume();
  await redisIs('up');
  expect((await send(100, user)).total).toBe(30);
  // In the window that Redis did not forget, a gateway's own count holds too.
  expect((await send(100, early, [0])).total).toBe(5);
});
