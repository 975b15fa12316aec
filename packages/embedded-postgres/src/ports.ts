import { randomInt } from 'node:crypto';
import { createServer, connect } from 'node:net';

/**
 * A TCP port on 127.0.0.1 that nobody listens on now. It lies below the range from which systems take the near ends of outgoing
 * connections, so that it is still free when a program that died is started again on it.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = randomInt(10_000, 32_768);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error('No free port was found.');
}

const given = new Set<number>(); // by this process: what was asked for a moment ago is free until somebody listens

/** Whether a server could listen there now. `port` 0 is always free. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether somebody accepts connections at 127.0.0.1:port. */
export async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
