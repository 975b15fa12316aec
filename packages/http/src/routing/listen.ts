import { createServer, type RequestListener } from 'node:http';
import { closeConnectionsWhen, closeGracefully, listenOn, type ExpressMessages } from '@clientela/runtime';

const shutdownTimeoutMs = 8000; // within the 10 s that a supervisor grants

/**
 * Starts the HTTP server for the gateway and the other services.
 * @param options.draining aborts when the process begins to stop
 * @param options.messages the classes of requests and responses; default node's
 * @returns the port, and a graceful `close`: accepts no new connections and waits for running requests
 */
export async function listen(
  app: RequestListener,
  options: { host: string; port: number; draining?: AbortSignal; messages?: ExpressMessages },
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(
    {
      ...options.messages?.options,
      // What clients are told, who close their idle connections before a drain of 5 s ends. The server itself waits longer, so that it
      // closes none while a request is arriving.
      keepAliveTimeout: 5000,
      keepAliveTimeoutBuffer: 60_000,
      headersTimeout: 10_000,
      requestTimeout: 3_600_000, // for the longest upload; the gateway enforces shorter deadlines
      connectionsCheckingInterval: 2000,
      maxHeaderSize: 16_384,
    },
    options.draining ? closeConnectionsWhen(options.draining, app) : app,
  );
  server.maxConnections = 1000;
  const port = await listenOn(server, options);
  return { port, close: () => closeGracefully(server, shutdownTimeoutMs) };
}
