import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError, malformed, createProblem } from '@clientela/errors';
import { requestIdOf, type Log } from '@clientela/runtime';
import type { Limits } from './limits.ts';

/** Answers on a connection that has no response object, and closes it. */
function answerRaw(socket: Duplex, error: AppError, limits: Limits): number {
  const request_id = requestIdOf({});
  const { status, headers, body } = createProblem(error, request_id);
  const text = JSON.stringify(body);
  const lines = {
    ...headers,
    'X-Request-Id': request_id,
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${text}`);
  // Not at once: a caller that is still sending would lose the answer with the connection.
  setTimeout(() => socket.destroy(), limits.linger_time).unref();
  return status;
}

/** What node's parser refused, as one of our refusals. */
function refusalOf(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AppError('headers_too_large', { detail: 'The header lines are too long' });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new AppError('too_large', { detail: 'The chunk extensions are too long' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('request_timeout', { detail: 'The request came too slowly' });
  return malformed('This is not a well-formed HTTP request');
}

export type GatewayServer = {
  server: Server;
  listen: (host: string, port: number) => Promise<number>;
  drain: () => Promise<void>;
};

/** node's HTTP server with every limit set: its own are either absent or minutes long. */
export function createGatewayServer(app: RequestListener, limits: Limits, log: Log): GatewayServer {
  const server = createServer(
    {
      headersTimeout: limits.headers_time,
      requestTimeout: limits.request_time,
      connectionsCheckingInterval: limits.checking_interval,
      keepAliveTimeout: limits.keep_alive,
      maxHeaderSize: limits.headers,
      insecureHTTPParser: false,
      noDelay: true,
      // Asked for by a door instead, which answers with a problem document.
      requireHostHeader: false,
    },
    app,
  );
  server.maxConnections = limits.connections;
  // The size bounds them; beyond a count node would drop headers silently, Content-Length among them.
  server.maxHeadersCount = 0;

  // With these, a body is asked for only when the doors want it (`limitBody`); other expectations are ignored.
  server.on('checkContinue', app);
  server.on('checkExpectation', app);
  // An Upgrade is never followed: node serves such a request as if the header were not there, which RFC 9110 asks for.

  server.on('connect', (_req, socket) => {
    answerRaw(
      socket,
      new AppError('method_not_allowed', { detail: 'This is no tunnel', headers: { Allow: '' } }),
      limits,
    );
  });

  const refused = new WeakSet<Duplex>();
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (refused.has(socket)) return; // what else arrives until the connection closes
    refused.add(socket);
    const { _httpMessage: underWay } = socket as Duplex & { _httpMessage?: { headersSent: boolean } };
    if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent) {
      socket.destroy();
      return;
    }
    const status = answerRaw(socket, refusalOf(error.code), limits);
    log.info({ route: 'unmatched', status, fault: error.code });
  });

  const listen = (host: string, port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });

  /** No new connections; running requests end first, up to a limit. */
  const drain = () =>
    new Promise<void>((resolve) => {
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const late = setTimeout(() => server.closeAllConnections(), limits.drain);
      server.close(() => {
        clearInterval(idle);
        clearTimeout(late);
        resolve();
      });
    });

  return { server, listen, drain };
}
