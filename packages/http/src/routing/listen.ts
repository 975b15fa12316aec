import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Listens for the gateway and the other services.
 * @returns the port, and how to stop: no new connections, running requests end first
 */
export async function listen(
  app: RequestListener,
  options: { host: string; port: number },
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(
    {
      // Longer than any caller keeps an idle connection, so that none is closed under a request that is on its way.
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      requestTimeout: 600_000, // the longest upload; the gateway holds the shorter deadline of every other door
      connectionsCheckingInterval: 2000,
      maxHeaderSize: 16_384,
    },
    app,
  );
  server.maxConnections = 1000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        // Connections kept by callers end with the answer they wait for.
        const idle = setInterval(() => server.closeIdleConnections(), 50);
        const late = setTimeout(() => server.closeAllConnections(), 8000);
        server.close(() => {
          clearInterval(idle);
          clearTimeout(late);
          resolve();
        });
      }),
  };
}
