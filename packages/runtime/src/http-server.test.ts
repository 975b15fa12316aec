import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { closeConnectionsWhen, closeGracefully, listenOn } from './http-server.ts';

const address = { host: '127.0.0.1', port: 0 };
const queueOfKernel = '/proc/sys/net/core/somaxconn';
const isQueueLong = existsSync(queueOfKernel) && Number(readFileSync(queueOfKernel, 'utf8')) >= 4096;

describe('an HTTP server', () => {
  test('listens on a free port, and reports a taken one', async () => {
    const server = createServer();
    const port = await listenOn(server, address);
    expect(port).toBeGreaterThan(0);
    await expect(listenOn(createServer(), { ...address, port })).rejects.toThrow(/EADDRINUSE/);
    await closeGracefully(server, 1000);
  });

  test.runIf(isQueueLong)(
    'keeps 700 connections that arrive at once, and makes none repeat its first packet',
    async () => {
      const server = createServer();
      const port = await listenOn(server, address);
      const startedAt = performance.now();
      // The server accepts none of them before all have been opened, because it shares this event loop.
      const sockets = Array.from({ length: 700 }, () => connect({ ...address, port }));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      expect(performance.now() - startedAt).toBeLessThan(900); // a packet is repeated after 1 s
      for (const socket of sockets) socket.destroy();
      await closeGracefully(server, 1000);
    },
  );

  test('ends the connection of every response while it drains, of those in progress too', async () => {
    const draining = new AbortController();
    const waiting: ServerResponse[] = [];
    const server = createServer(
      closeConnectionsWhen(draining.signal, (req, res) =>
        req.url === '/slow' ? void waiting.push(res) : res.end('ok'),
      ),
    );
    const port = await listenOn(server, address);
    const connection = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).headers.get('connection');
    expect(await connection('/')).toBe('keep-alive');
    const slow = connection('/slow');
    await expect.poll(() => waiting.length).toBe(1);
    draining.abort();
    waiting[0]?.end('ok');
    expect(await slow).toBe('close');
    expect(await connection('/')).toBe('close');
    await closeGracefully(server, 1000);
  });

  test('finishes running requests before it closes, and cuts off what takes too long', async () => {
    const waiting: ServerResponse[] = [];
    for (const [timeoutMs, finishes] of [
      [10_000, true],
      [50, false],
    ] as const) {
      const server = createServer((_req, res) => void waiting.push(res));
      const port = await listenOn(server, address);
      const response = fetch(`http://127.0.0.1:${port}/`).then(
        (res) => res.text(),
        () => 'cut off',
      );
      await expect.poll(() => waiting.length).toBe(1);
      const closed = closeGracefully(server, timeoutMs);
      const running = waiting.pop();
      if (finishes) running?.end('finished');
      await closed;
      expect(await response).toBe(finishes ? 'finished' : 'cut off');
    }
  });
});
