import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { handleInOrder } from './pipelining.ts';
import { listenOn, openConnection, until } from './testing/gateway.ts';

const long = randomBytes(12_000_000); // more than the kernel takes for a client that does not read
const unreadTimeout = 1000;

/** Starts a server that holds back its answers to `/late`. */
async function startServer() {
  const sockets: Socket[] = [];
  const handle: RequestListener = (req, res) => {
    if (req.url === '/late') setTimeout(() => res.end('late.'), 2 * unreadTimeout);
    else res.end(req.url === '/long' ? long : 'short.');
  };
  const { listener } = handleInOrder(handle, { maxPipelined: 32, unreadTimeout });
  const { port, server } = await listenOn(listener);
  server.on('connection', (socket) => sockets.push(socket));
  return { connection: openConnection(port), isEnded: () => sockets[0]?.destroyed === true };
}
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

test('a client that takes nothing of a complete response is cut off', async () => {
  const { connection, isEnded } = await startServer();
  connection.socket.pause();
  connection.send(get('/long'));
  await until(isEnded, 'the end of the connection');
});

test('one that reads slowly, or waits for the next response, is not', async () => {
  const { connection, isEnded } = await startServer();
  connection.socket.on('data', () => {
    connection.socket.pause();
    setImmediate(() => connection.socket.resume());
  });
  connection.send(get('/short') + get('/long') + get('/late') + get('/short'));
  const end = () => connection.received().slice(long.length).slice(-1000); // short, because it is searched often
  await until(() => /late.*short\.$/s.test(end()), 'all');
  await new Promise((resolve) => setTimeout(resolve, 2 * unreadTimeout));
  expect(isEnded()).toBe(false);
});
