import { createServer, type AddressInfo, type Socket } from 'node:net';
import { startRedis } from '@clientela/testing';
import { pino } from 'pino';
import { expect, onTestFinished, test as base, vi } from 'vitest';
import { connectRedis } from './redis.ts';

const log = pino({ level: 'silent' });
const connect = (url: string, options: { log?: typeof log } = {}) => {
  const redis = connectRedis(url, options.log ?? log);
  onTestFinished(() => redis.close());
  return redis;
};
const test = base.extend('server', async ({}, { onCleanup }) => {
  const server = await startRedis();
  onCleanup(() => server.close());
  return server;
});
const isUp = (redis: ReturnType<typeof connect>, expected = true) =>
  vi.waitFor(() => expect(redis.isUp()).toBe(expected), { timeout: 15_000, interval: 5 });
const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const startedAt = performance.now();
  const result = await work();
  return [result, performance.now() - startedAt];
};

test('runs commands, skips them while the server is away, and finds it again', async ({ server }) => {
  const redis = connect(server.url);
  expect(await redis.run((client) => client.get('a'))).toBeUndefined(); // not connected yet
  await isUp(redis);
  expect(await redis.run((client) => client.incr('a'))).toBe(1);
  await server.kill();
  await isUp(redis, false);
  const [result, ms] = await timed(() => redis.run((client) => client.incr('a')));
  expect([result, ms < 20]).toEqual([undefined, true]);
  await server.start();
  await isUp(redis);
  expect(await redis.run((client) => client.incr('a'))).toBe(1); // kept nothing
});

test('waits less than 100 ms for a server that hangs, and not at all once it is known to', async ({ server }) => {
  const redis = connect(server.url);
  await isUp(redis);
  await server.pause();
  // The same time without Redis: a busy machine runs timers late.
  const [, control] = await timed(() => new Promise((resolve) => setTimeout(resolve, 75)));
  const together = await Promise.all(
    Array.from({ length: 20 }, () => timed(() => redis.run((client) => client.incr('a')))),
  );
  expect(together.map(([result]) => result)).toEqual(Array.from({ length: 20 }, () => undefined));
  expect(Math.max(...together.map(([, ms]) => ms))).toBeLessThan(25 + Math.max(75, control));
  const [, ms] = await timed(async () => {
    for (let time = 0; time < 100; time += 1) await redis.run((client) => client.incr('a'));
  });
  expect(ms).toBeLessThan(20);
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
  onTestFinished(() => {
    clearInterval(counting);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `redis://:secret@127.0.0.1:${(server.address() as AddressInfo).port}`, mostConnections: () => most };
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
test.for(replies)('is not up at a server that %s, and opens one connection at a time', async ([, reply]) => {
  const lines: string[] = [];
  const stub = await stubRedis(reply);
  const redis = connect(stub.url, { log: pino({}, { write: (line: string) => void lines.push(line) }) });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(redis.isUp()).toBe(false);
  const [result, ms] = await timed(() => redis.run((client) => client.incr('a')));
  expect([result, ms < 20]).toEqual([undefined, true]);
  expect(stub.mostConnections()).toBeLessThanOrEqual(2);
  expect(lines.length).toBeLessThanOrEqual(1);
  expect(lines.join('')).not.toContain('secret');
});

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
      { timeout: 15_000, interval: 20 },
    );
  await publishUntil(1);
  await server.kill();
  await server.start();
  await publishUntil(received + 1);
});
