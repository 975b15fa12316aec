import { createServer, STATUS_CODES, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, malformed, createProblem } from '@clientela/errors';
import { closeGracefully, jsonText, listenOn, requestIdOf, type Log } from '@clientela/runtime';
import type { Limits } from './limits.ts';
import { rejections } from './metrics.ts';
import { handleInOrder } from './pipelining.ts';

/**
 * Writes a problem document to a connection without a response object, and closes it.
 * @returns the status
 */
function sendRawProblem(socket: Duplex, error: AppError, limits: Limits): number {
  const request_id = requestIdOf({});
  const { status, headers, body } = createProblem(error, request_id);
  rejections.add({ reason: body.error_code.toLowerCase() });
  const text = jsonText(body);
  const fields = {
    ...headers,
    'X-Request-Id': request_id,
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`);
  // Destroys the socket later: a client that is still sending would lose the response otherwise.
  setTimeout(() => socket.destroy(), limits.lingerTimeout).unref();
  return status;
}

/** Maps an error code of node's HTTP parser to an AppError. */
function parserError(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') return new AppError('headers_too_large', { detail: 'The headers are too long' });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new AppError('too_large', { detail: 'The chunk extensions are too long' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('request_timeout', { detail: 'The request arrived too slowly' });
  return malformed('The request is not well-formed HTTP');
}

export type GatewayServer = {
  server: Server;
  listen: (host: string, port: number) => Promise<number>;
  /** Waits for running requests, up to `shutdownTimeout`. */
  drain: () => Promise<void>;
};

/** Creates node's HTTP server with every limit set: its defaults are absent or minutes long. */
export function createGatewayServer(app: RequestListener, limits: Limits, log: Log): GatewayServer {
  const { listener, isBusy } = handleInOrder(app, limits.maxPipelined);
  const server = createServer(
    {
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      connectionsCheckingInterval: limits.connectionsCheckInterval,
      keepAliveTimeout: limits.keepAliveTimeout,
      maxHeaderSize: limits.maxHeaderSize,
      insecureHTTPParser: false,
      noDelay: true,
      // `validateRequestTarget` checks it instead and sends a problem document.
      requireHostHeader: false,
    },
    listener,
  );
  server.maxConnections = limits.maxConnections;
  // Bounds headers by size only: beyond a count node would silently drop some, Content-Length among them.
  server.maxHeadersCount = 0;

  // Leaves 100 Continue to `checkBodyHeaders`; ignores other expectations.
  server.on('checkContinue', listener);
  server.on('checkExpectation', listener);
  // Without an `upgrade` listener node ignores an Upgrade header, as RFC 9110, 7.8 allows.

  server.on('connect', (_req, socket) => {
    // A response now would be taken for that of the request in progress.
    if (isBusy(socket)) {
      socket.destroy();
      return;
    }
    const error = new AppError('method_not_allowed', { detail: 'CONNECT is not supported', headers: { Allow: '' } });
    sendRawProblem(socket, error, limits);
  });

  const rejected = new WeakSet<Duplex>();
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    // Further input until the connection closes, which a rejection or the response in progress has announced.
    if (rejected.has(socket) || error.code === 'HPE_CLOSED_CONNECTION') return;
    rejected.add(socket);
    // Node sets null between responses.
    const { _httpMessage: pendingResponse } = socket as Duplex & { _httpMessage?: ServerResponse | null };
    // A response now would be taken for that of the complete request in progress.
    const isPending = pendingResponse?.headersSent === true || pendingResponse?.req.complete === true;
    if (error.code === 'ECONNRESET' || !socket.writable || isPending) {
      socket.destroy();
      return;
    }
    const status = sendRawProblem(socket, parserError(error.code), limits);
    log.info({ route: 'unmatched', status, failure: error.code });
  });

  return {
    server,
    listen: (host, port) => listenOn(server, { host, port }),
    drain: () => closeGracefully(server, limits.shutdownTimeout),
  };
}
