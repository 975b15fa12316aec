import { randomUUID } from 'node:crypto';
import { startRedis } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startTwoGateways } from './testing/two-gateways.ts';

// The whole, with 1,000 requests and full windows: shared-rate-limits.large.test.ts.

test('two gateways with one Redis admit exactly the limit together; while it is away each at most the limit', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const { send, sendShared, redisIs } = await startTwoGateways(redis, 30);
  expect((await sendShared(100)).total).toBe(30);

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
  expect((await sendShared(100)).total).toBe(30);
});

test('requests do not wait for a Redis that hangs, which counts none of them when it continues', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const { send, sendShared, redisIs } = await startTwoGateways(redis, 30);
  const users = [randomUUID(), randomUUID(), randomUUID()];
  const early = await sendShared(20, { gateways: [0] });
  expect(early.total).toBe(20);
  await redis.pause();
  // Redis hangs until all have their responses; how long these take: shared-rate-limits.large.test.ts.
  for (const hanging of await Promise.all(users.map((user) => send(70, user))))
    expect(hanging.admitted).toEqual([30, 30]);
  await redisIs('down');
  expect((await send(5, early.user_id, [0])).total).toBe(5);
  await redis.resume();
  expect((await sendShared(100, { prepare: () => users.pop() ?? '' })).total).toBe(30);
  // In the window that Redis did not forget, a gateway's own count holds too.
  expect((await send(100, early.user_id, [0])).total).toBe(5);
});
