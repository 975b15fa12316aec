import { createServer, type ServerResponse } from 'node:http';
import { connect, Server } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { closeConnectionsWhen, closeGracefully, listenOn } from './http-server.ts';

const address = { host: '127.0.0.1', port: 0 };

describe('an HTTP server', () => {
  test('listens on a free port, and reports a taken one', async () => {
    const server = createServer();
    const port = await listenOn(server, address);
    expect(port).toBeGreaterThan(0);
    await expect(listenOn(createServer(), { ...address, port })).rejects.toThrow(/EADDRINUSE/);
    await closeGracefully(server, 1000);
  });

  test('of two that start together on one port, one listens; the other leaves no socket behind', async () => {
    const probe = createServer();
    const port = await listenOn(probe, address);
    await closeGracefully(probe, 1000);
    for (let turns = 0; turns < 6; turns += 1) {
      const servers = [createServer(), createServer()];
      const results = await Promise.allSettled(
        servers.map(async (server, index) => {
          for (let turn = 0; turn < turns * index; turn += 1) await new Promise(setImmediate);
          return listenOn(server, { ...address, port });
        }),
      );
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
      expect(failures.map((error) => error.message)).toEqual([
        `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
      ]);
      expect(servers.filter(({ listening }) => listening)).toHaveLength(1);
      for (const server of servers) await closeGracefully(server, 1000);
    }
  });

  test.runIf(process.platform === 'linux')('a port is taken while another process is about to listen', async () => {
    const probe = createServer();
    const port = await listenOn(probe, address);
    await closeGracefully(probe, 1000);
    const other = new Server().listen(`\0clientela:${port}:127.0.0.1`);
    await expect(listenOn(createServer(), { ...address, port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    other.close();
  });

  test.runIf(process.platform === 'linux')('closes all its sockets when one of them cannot listen', async () => {
    const [server, sockets] = [createServer(), [] as Server[]];
    const { listen } = Server.prototype;
    vi.spyOn(Server.prototype, 'listen').mockImplementation(function failTenth(this: Server, ...args) {
      sockets.push(this);
      if (sockets.length !== 10) return (listen as (...values: unknown[]) => Server).apply(this, args);
      process.nextTick(() => this.emit('error', new Error('listen ENOBUFS')));
      return this;
    });
    await expect(listenOn(server, address)).rejects.toThrow('ENOBUFS');
    vi.restoreAllMocks();
    expect(sockets.filter(({ listening }) => listening)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('accepts many connections in few turns of the event loop', async () => {
    const server = createServer();
    const port = await listenOn(server, address);
    let [accepted, turns] = [0, 0];
    server.on('connection', () => (accepted += 1));
    const sockets = Array.from({ length: 600 }, () => connect({ ...address, port }));
    const turn = () => (turns += 1);
    for (; accepted < sockets.length; turn()) await new Promise(setImmediate);
    expect(turns).toBeLessThan(200); // one socket would take 600, and the packets that its queue drops thousands
    for (const socket of sockets) socket.destroy();
    await closeGracefully(server, 1000);
  });

  test('has at most maxConnections', async () => {
    const server = createServer((_req, res) => res.end('ok'));
    server.maxConnections = 20;
    const port = await listenOn(server, address);
    const sockets = Array.from({ length: 50 }, () => connect({ ...address, port }));
    let closed = 0;
    for (const socket of sockets) socket.on('error', () => {}).on('close', () => (closed += 1));
    await expect.poll(() => closed).toBe(30);
    for (const socket of sockets) socket.destroy();
    const isServed = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(isServed).toBe(true);
    await closeGracefully(server, 1000);
  });

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
