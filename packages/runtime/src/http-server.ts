import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Connections that wait until the process accepts them. Beyond node's 511 the kernel would drop the first packets of new ones, which
 * their clients repeat after 1, 3, 7, 15 and 31 s. The kernel may allow fewer (net.core.somaxconn).
 */
const backlog = 4096;

/**
 * Starts listening.
 * @returns the port; the system chooses one when the requested port is 0
 * @throws the system's error, EADDRINUSE among them
 */
export const listenOn = (server: Server, { host, port }: { host: string; port: number }): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

/**
 * Ends the connection of each response from the moment on that the process drains. A client then opens another connection, to
 * another replica, instead of sending a request on one that is about to close.
 */
export function closeConnectionsWhen(draining: AbortSignal, listener: RequestListener): RequestListener {
  const pending = new Set<ServerResponse>();
  draining.addEventListener('abort', () => {
    for (const response of pending) response.shouldKeepAlive = false;
  });
  return (request, response) => {
    if (draining.aborted) response.shouldKeepAlive = false;
    pending.add(response);
    response.once('close', () => pending.delete(response));
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
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(closeAll);
      resolve();
    });
  });
