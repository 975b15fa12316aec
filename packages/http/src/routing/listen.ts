import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Starts the HTTP server for the gateway and the other services.
 * @returns the port, and a graceful `close`: accepts no new connections and waits up to 8 s for running requests
 */
export async function listen(
  app: RequestListener,
  options: { host: string; port: number },
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(
    {
      // Longer than clients keep idle connections, so that none is closed while a request is arriving.
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      requestTimeout: 600_000, // for the longest upload; the gateway enforces shorter deadlines
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
        // Keep-alive connections close once their response is sent.
        const idle = setInterval(() => server.closeIdleConnections(), 50);
        const forceClose = setTimeout(() => server.closeAllConnections(), 8000);
        server.close(() => {
          clearInterval(idle);
          clearTimeout(forceClose);
          resolve();
        });
      }),
  };
}
