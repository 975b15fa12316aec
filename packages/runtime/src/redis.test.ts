import { createServer, type AddressInfo, type Socket } from 'node:net';
import { startRedis } from '@clientela/testing';
import { pino } from 'pino';
import { expect, onTestFinished, test as base, vi } from 'vitest';
import { connectRedis } from './redis.ts';

const log = pino({ level: 'silent' });
const connect = (url: string) => {
  const redis = connectRedis(url, log);
  onTestFinished(() => redis.close());
  return redis;
};
const test = base.extend('server', async ({}, { onCleanup }) => {
  const server = await startRedis();
  onCleanup(() => server.close());
  return server;
});
const isUp = (redis: ReturnType<typeof connect>, expected = true) =>
  vi.waitFor(() => expect(redis.isUp()).toBe(expected), { timeout: 45_000, interval: 5 });
/** @returns its result, or 'waited' when it waits for a timer or for a server */
const atOnce = (work: Promise<unknown>): Promise<unknown> =>
  Promise.race([work, new Promise((resolve) => setImmediate(resolve, 'waited'))]);

test('runs commands, skips them while the server is away, and finds it again', async ({ server }) => {
  const redis = connect(server.url);
  expect(await redis.run((client) => client.get('a'))).toBeUndefined(); // not connected yet
  await isUp(redis);
  expect(await redis.run((client) => client.incr('a'))).toBe(1);
  await server.kill();
  await isUp(redis, false);
  expect(await atOnce(redis.run((client) => client.incr('a')))).toBeUndefined();
  await server.start();
  await isUp(redis);
  expect(await redis.run((client) => client.incr('a'))).toBe(1); // kept nothing
});

test('waits less than 100 ms for a server that hangs, and not at all once it is known to', async ({ server }) => {
  const redis = connect(server.url);
  await isUp(redis);
  await server.pause();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const together = Array.from({ length: 20 }, () => redis.run((client) => client.incr('a')));
  expect(await atOnce(Promise.any(together))).toBe('waited');
  vi.advanceTimersByTime(99);
  expect(await Promise.all(together)).toEqual(together.map(() => undefined));
  for (let time = 0; time < 100; time += 1)
    expect(await atOnce(redis.run((client) => client.incr('a')))).toBeUndefined();
  await server.resume();
  await isUp(redis);
});

/** A server that reads commands and replies late, or in a way that is an error. */
async function stubRedis(reply: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => reply(socket)).on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let most = 0;
  const counting = setInterval(() => (most = Math.max(most, sockets.size)), 10);
  const close = () => {
    clearInterval(counting);
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `redis://:secret@127.0.0.1:${port}`, mostConnections: () => most, close };
}

const replies: readonly [string, (socket: Socket) => void][] = [
  ['is slow', (socket: Socket) => void setTimeout(() => socket.write('+OK\r\n'), 150)],
  ['never replies', () => {}],
  ['is loading', (socket: Socket) => void socket.write('-LOADING Redis is loading the dataset in memory\r\n')],
  ['is a replica', (socket: Socket) => void socket.write("-READONLY You can't write against a read only replica.\r\n")],
  ['is full', (socket: Socket) => void socket.write("-OOM command not allowed when used memory > 'maxmemory'.\r\n")],
  ['closes', (socket: Socket) => void socket.end()],
  ['sends nonsense', (socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
];
test.concurrent.for(replies)(
  'is not up at a server that %s, and opens one connection at a time',
  async ([, reply], { expect, onTestFinished }) => {
    const lines: string[] = [];
    const stub = await stubRedis(reply);
    const redis = connectRedis(stub.url, pino({}, { write: (line: string) => void lines.push(line) }));
    onTestFinished(() => {
      redis.close();
      stub.close();
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(redis.isUp()).toBe(false);
    expect(await atOnce(redis.run((client) => client.incr('a')))).toBeUndefined();
    expect(stub.mostConnections()).toBeLessThanOrEqual(2);
    expect(lines.length).toBeLessThanOrEqual(1);
    expect(lines.join('')).not.toContain('secret');
  },
);

test('passes on the messages of a channel, after a restart of the server too', async ({ server }) => {
  const redis = connect(server.url);
  const publisher = connect(server.url);
  let received = 0;
  redis.subscribe('news', () => (received += 1));
  const publishUntil = (count: number) =>
    vi.waitFor(
      async () => {
        await publisher.run((client) => client.publish('news', ''));
        expect(received).toBeGreaterThanOrEqual(count);
      },
      { timeout: 45_000, interval: 20 },
    );
  await publishUntil(1);
  await server.kill();
  await server.start();
  await publishUntil(received + 1);
});
