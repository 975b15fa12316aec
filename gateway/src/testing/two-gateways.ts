import { randomBytes, randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRedis } from '@clientela/testing';
import { call, signToken, startTestGateway, until } from './gateway.ts';

/** Two gateways of one installation that share a Redis, with a limit per user and minute. */
export async function startTwoGateways({ url }: Pick<TestRedis, 'url'>, limit: number) {
  const settings = {
    REDIS_URL: url,
    GATEWAY_SERVICE_KEY: randomBytes(32).toString('base64url'),
    RATE_LIMIT_USER_PER_MINUTE: String(limit),
    MAX_CONCURRENT_PER_USER: '1000',
    MAX_CONCURRENT_PER_COMPANY: '1000',
    MAX_CONCURRENT_PER_IP: '1000',
  };
  const paths = { customer: { '/api/customers': { get: {} } } };
  const first = await startTestGateway({ paths, settings });
  const second = await startTestGateway({ paths, settings, keys: { keys: [first.key.jwk] } });
  const ports = [first.port, second.port];

  const redisState = async (port: number) => {
    const { json } = await call(port, { path: '/ready' });
    return (json['dependencies'] as { redis: string }).redis;
  };
  /** Waits until both gateways report Redis so. */
  const redisIs = async (state: 'up' | 'down') => {
    for (const port of ports) await until(async () => (await redisState(port)) === state, `Redis is ${state}`);
  };
  await redisIs('up');

  /**
   * Sends requests of a user to the gateways by turns, eight at a time.
   * @returns admitted requests of each, the slowest, and how late this process ran at most, in milliseconds: gateways and clients share it
   */
  const send = async (count: number, user_id: string = randomUUID(), gateways: readonly number[] = [0, 1]) => {
    const headers = { Authorization: `Bearer ${signToken(first.key, { sub: user_id, sid: randomUUID() })}` };
    const admitted = [0, 0];
    let slowest = 0;
    let next = 0;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const sendOn = async () => {
      while (next < count) {
        const index = gateways[next % gateways.length] ?? 0;
        next += 1;
        const startedAt = performance.now();
        const { status } = await call(ports[index] ?? 0, { path: '/api/customers', headers });
        slowest = Math.max(slowest, performance.now() - startedAt);
        if (status === 200) admitted[index] = (admitted[index] ?? 0) + 1;
        else if (status !== 429) throw new Error(`status ${status}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, sendOn));
    delay.disable();
    return { admitted, total: (admitted[0] ?? 0) + (admitted[1] ?? 0), slowest, late: delay.max / 1e6 };
  };
  const isAwayLine = ({ msg }: Record<string, unknown>) => msg === 'redis: unavailable, retrying';
  const timesAway = () => [first, second].flatMap(({ logLines }) => logLines.filter(isAwayLine)).length;
  /**
   * Sends requests of a new user while Redis stays there.
   * @param prepare finds the user; again when a busy machine let Redis reply too late, as for any slow Redis
   */
  const sendShared = async (
    count: number,
    {
      gateways,
      prepare = () => randomUUID(),
    }: { gateways?: readonly number[]; prepare?: () => string | Promise<string> } = {},
  ) => {
    for (;;) {
      const user_id = await prepare();
      await redisIs('up');
      const before = timesAway();
      const sent = await send(count, user_id, gateways);
      if (timesAway() === before) return { ...sent, user_id };
    }
  };
  /** Lets a window of a minute end. */
  const endWindow = () => sleep(60_200);
  return { redisIs, send, sendShared, endWindow };
}
