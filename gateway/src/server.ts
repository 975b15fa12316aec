import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, malformed, createProblem } from '@clientela/errors';
import { closeGracefully, jsonText, listenOn, requestIdOf, type ExpressMessages, type Log } from '@clientela/runtime';
import type { Limits } from './limits.ts';
import { rejections } from './metrics.ts';
import { handleInOrder } from './pipelining.ts';
import type { Header } from './response-headers.ts';

type ServerOptions = {
  /** Responds to a request in place of the app, or returns false. */
  refuse: (req: IncomingMessage, res: ServerResponse) => boolean;
  limits: Limits;
  log: Log;
  messages: ExpressMessages;
  /** Those of every response, for those that the app does not send. */
  headers: readonly Header[];
  /** The error of a request for this target whose method node does not know. */
  unknownMethod: (target: string) => AppError;
};

/**
 * Writes a problem document to a connection without a response object, and closes it.
 * @returns the status
 */
function sendRawProblem(socket: Duplex, error: AppError, { limits, headers: common }: ServerOptions): number {
  const request_id = requestIdOf({});
  const { status, headers, body } = createProblem(error, request_id);
  rejections.add({ reason: body.error_code.toLowerCase() });
  const text = jsonText(body);
  const fields = {
    ...Object.fromEntries(common),
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

type ParserError = Error & { code?: string; rawPacket?: Buffer; bytesParsed?: number };

/** Reads the target of a request line whose method is well-formed, and unknown to node's parser. */
function targetOfUnknownMethod({ code, rawPacket, bytesParsed = Infinity }: ParserError): string | undefined {
  if (code !== 'HPE_INVALID_METHOD' || !rawPacket) return undefined;
  const line = /^([!#$%&'*+.^_`|~\w-]+) (\/[\x21\x22\x24-\x7e]*) HTTP\/1\.[01]\r\n/.exec(rawPacket.toString('latin1'));
  // The parser stopped within the method, so it begins this packet.
  return line && bytesParsed <= (line[1] ?? '').length ? line[2] : undefined;
}

/** Maps an error of node's HTTP parser to an AppError. */
function parserError(error: ParserError, { unknownMethod }: ServerOptions): AppError {
  const { code } = error;
  if (code === 'HPE_HEADER_OVERFLOW') return new AppError('headers_too_large', { detail: 'The headers are too long' });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new AppError('too_large', { detail: 'The chunk extensions are too long' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('request_timeout', { detail: 'The request arrived too slowly' });
  const target = targetOfUnknownMethod(error);
  return target === undefined ? malformed('The request is not well-formed HTTP') : unknownMethod(target);
}

export type GatewayServer = {
  server: Server;
  listen: (host: string, port: number) => Promise<number>;
  /** Waits for running requests, up to `shutdownTimeout`. */
  drain: () => Promise<void>;
};

/** Creates node's HTTP server with every limit set: its defaults are absent or minutes long. */
export function createGatewayServer(app: RequestListener, options: ServerOptions): GatewayServer {
  const { limits, log, refuse } = options;
  const { listener: handle, isBusy } = handleInOrder(app, limits);
  const listener: RequestListener = (req, res) => {
    if (!refuse(req, res)) handle(req, res);
  };
  const server = createServer(
    {
      ...options.messages.options,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      connectionsCheckingInterval: limits.connectionsCheckInterval,
      keepAliveTimeout: limits.keepAliveTimeout,
      maxHeaderSize: limits.maxHeaderSize,
      insecureHTTPParser: false,
      noDelay: true,
      // Most requests have no body: they cost less without the events of an empty one, to which nothing listens.
      optimizeEmptyRequests: true,
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
    sendRawProblem(socket, error, options);
  });

  const rejected = new WeakSet<Duplex>();
  server.on('clientError', (error: ParserError, socket) => {
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
    const status = sendRawProblem(socket, parserError(error, options), options);
    log.info({ route: 'unmatched', status, failure: error.code });
  });

  return {
    server,
    listen: (host, port) => listenOn(server, { host, port }),
    drain: () => closeGracefully(server, limits.shutdownTimeout),
  };
}
