import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { startRedis, type TestRedis } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startTwoGateways } from './testing/two-gateways.ts';

/** Delays all replies of a server, as a slow network does. */
async function delayProxy(port: number) {
  const worker = new Worker(new URL('testing/delay-proxy.ts', import.meta.url), { workerData: { port } });
  onTestFinished(() => void worker.terminate());
  const [proxyPort] = (await once(worker, 'message')) as [number];
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const setDelay = (ms: number) => worker.postMessage(ms);
  return { url: `redis://127.0.0.1:${proxyPort}`, setDelay };
}

type Proxy = Awaited<ReturnType<typeof delayProxy>>;
type Change = (redis: TestRedis, proxy: Proxy) => void | Promise<void>;
const faults: readonly [name: string, begin: Change, end: Change][] = [
  ['is killed', (redis) => redis.kill(), (redis) => redis.start()],
  ['hangs', (redis) => redis.pause(), (redis) => redis.resume()],
  ['replies after 200 ms', (_redis, proxy) => proxy.setDelay(200), (_redis, proxy) => proxy.setDelay(0)],
  ['replies after 5 s', (_redis, proxy) => proxy.setDelay(5000), (_redis, proxy) => proxy.setDelay(0)],
];

test.for(faults)(
  'two gateways and one Redis that %s: exact, then each at most the limit, then exact again',
  async ([, begin, end]) => {
    const limit = 600;
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const proxy = await delayProxy(redis.port);
    const { send, sendShared, redisIs, endWindow } = await startTwoGateways(proxy, limit);
    const [early, during] = [randomUUID(), randomUUID()];
    const healthy = await sendShared(1000);
    expect(healthy.total).toBe(limit);
    expect((await send(100, early)).total).toBe(100);

    await begin(redis, proxy);
    const away = await send(2000, during);
    expect(away.admitted).toEqual([limit, limit]);
    expect(away.slowest).toBeLessThan(100 + healthy.slowest + 2 * away.late); // its timer and its response may be late
    await redisIs('down');
    const mixed = await send(2000, early);
    for (const admitted of mixed.admitted) expect(admitted).toBeLessThanOrEqual(limit);

    await end(redis, proxy);
    expect((await sendShared(1000)).total).toBe(limit);
    await endWindow();
    for (const user of [early, during]) {
      let tries = 0;
      const prepare = async () => {
        tries += 1;
        if (tries > 1) await endWindow();
        return user;
      };
      expect((await sendShared(1000, { prepare })).total).toBe(limit);
    }
  },
);
