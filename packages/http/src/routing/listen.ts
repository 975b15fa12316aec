import { createServer, type RequestListener } from 'node:http';
import { closeGracefully, listenOn } from '@clientela/runtime';

const shutdownTimeoutMs = 8000; // within the 10 s that a supervisor grants

/**
 * Starts the HTTP server for the gateway and the other services.
 * @returns the port, and a graceful `close`: accepts no new connections and waits for running requests
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
      requestTimeout: 3_600_000, // for the longest upload; the gateway enforces shorter deadlines
      connectionsCheckingInterval: 2000,
      maxHeaderSize: 16_384,
    },
    app,
  );
  server.maxConnections = 1000;
  const port = await listenOn(server, options);
  return { port, close: () => closeGracefully(server, shutdownTimeoutMs) };
}
