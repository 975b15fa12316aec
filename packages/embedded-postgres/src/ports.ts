import { randomInt } from 'node:crypto';
import { createServer, connect } from 'node:net';

/**
 * Finds a free TCP port on 127.0.0.1. It is below the ephemeral range that systems use for outgoing connections, so that it is still
 * free when a process is restarted on it, and above 10080, which `fetch` and browsers refuse.
 */
export async function freePort(): Promise<number> {
  for (let attempts = 0; attempts < 1000; attempts += 1) {
    const port = randomInt(10_081, 32_768);
    if (!assigned.has(port) && (await isFree(port))) {
      assigned.add(port);
      return port;
    }
  }
  throw new Error('No free port was found.');
}

const assigned = new Set<number>(); // ports returned by this process, on which no server may listen yet

/** Whether a server could listen on a port now. `port` 0 is always free. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a server accepts connections at 127.0.0.1:port. */
export async function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    const finish = (isOpen: boolean) => () => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', finish(true)).once('error', finish(false)).once('timeout', finish(false));
  });
}
