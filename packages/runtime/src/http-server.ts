import type { RequestListener, Server, ServerResponse } from 'node:http';
import {
  createServer as createSocketServer,
  type AddressInfo,
  type ListenOptions,
  type Server as SocketServer,
  type Socket,
} from 'node:net';
import { createInProgress } from './in-progress.ts';

/**
 * Connections that wait until the process accepts them. Beyond node's 511 the kernel would drop the first packets of new ones, which
 * their clients repeat after 1, 3, 7, 15 and 31 s. The kernel may allow fewer (net.core.somaxconn).
 */
const backlog = 4096;

/**
 * How many sockets listen on the port. Of each, node accepts one connection per turn of its event loop. With a single one, the last of
 * 2,000 new connections waits for 30 s when a turn takes 15 ms. Only Linux distributes connections among sockets.
 */
const listenerCount = process.platform === 'linux' ? 64 : 1;

/** The further sockets of a server, and the one that holds its port. */
const furtherListeners = new WeakMap<Server, SocketServer[]>();

const listen = (server: SocketServer, options: ListenOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
const closed = (server: SocketServer): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** @throws the system's error when a process listens on this port: sockets that share a port would not notice */
async function assertFree(address: ListenOptions): Promise<void> {
  const probe = createSocketServer();
  await listen(probe, address);
  await closed(probe);
}

/**
 * Holds a port while the server listens. Two processes that start together could both find the port free; of one abstract socket, which
 * vanishes with its process, only one can be the owner. Other software of the same user that shares ports may still join later.
 * @throws EADDRINUSE when another process holds the port
 */
async function holdPort({ host, port }: { host: string; port: number }): Promise<SocketServer> {
  const lock = createSocketServer((socket) => socket.destroy()).unref();
  const path = `\0clientela:${port}:${host}`.slice(0, 100); // the system allows 107 bytes
  await new Promise<void>((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) => {
      const taken = new Error(`listen EADDRINUSE: address already in use ${host}:${port}`);
      reject(
        error.code === 'EADDRINUSE'
          ? Object.assign(taken, { code: error.code, syscall: 'listen', address: host, port })
          : error,
      );
    });
    lock.listen(path, resolve);
  });
  return lock;
}

/** Closes connections beyond `maxConnections`, which node counts for each socket that listens. */
function limitConnections(server: Server): void {
  let open = 0;
  server.on('connection', (socket: Socket) => {
    if (open >= (server.maxConnections ?? Infinity)) {
      socket.destroy();
      return;
    }
    open += 1;
    socket.once('close', () => (open -= 1));
  });
}

/**
 * Starts listening.
 * @returns the port; the system chooses one when the requested port is 0
 * @throws the system's error, EADDRINUSE among them
 */
export async function listenOn(server: Server, address: { host: string; port: number }): Promise<number> {
  if (listenerCount === 1) return listen(server, { ...address, backlog });
  const others: SocketServer[] = [];
  let isListening = false;
  try {
    if (address.port !== 0) {
      others.push(await holdPort(address));
      await assertFree(address);
    }
    limitConnections(server);
    const port = await listen(server, { ...address, backlog, reusePort: true });
    const further = Array.from({ length: listenerCount - 1 }, () =>
      createSocketServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)).on(
        'error',
        (error) => isListening && server.emit('error', error),
      ),
    );
    others.push(...further);
    const results = await Promise.allSettled(
      further.map((each) => listen(each, { ...address, port, backlog, reusePort: true })),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    isListening = true;
    furtherListeners.set(server, others);
    return port;
  } catch (error) {
    await Promise.all([server, ...others].map(closed));
    throw error;
  }
}

/**
 * Ends the connection of each response from the moment on that the process drains. A client then opens another connection, to
 * another replica, instead of sending a request on one that is about to close.
 */
export function closeConnectionsWhen(draining: AbortSignal, listener: RequestListener): RequestListener {
  const pending = createInProgress<ServerResponse>();
  draining.addEventListener('abort', () => {
    for (const response of pending.items()) response.shouldKeepAlive = false;
  });
  return (request, response) => {
    if (draining.aborted) response.shouldKeepAlive = false;
    response.once('close', pending.add(response));
    return listener(request, response);
  };
}

/**
 * Graceful shutdown: accepts no connections, lets running requests finish, then closes what is left.
 * @param timeoutMs milliseconds that running requests may take
 */
export const closeGracefully = (server: Server, timeoutMs: number): Promise<void> =>
  new Promise((resolve) => {
    // Closes each keep-alive connection after the response it waits for.
    const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
    const closeAll = setTimeout(() => server.closeAllConnections(), timeoutMs);
    void Promise.all([server, ...(furtherListeners.get(server) ?? [])].map(closed)).then(() => {
      clearInterval(closeIdle);
      clearTimeout(closeAll);
      resolve();
    });
  });
