import type { Request } from 'express';
import type { Dispatcher } from 'undici';
import { hasBody, tooLarge } from '../body.ts';
import type { UpstreamEvents, UpstreamRequest, UpstreamResponse } from './transport.ts';
import type { Connection, Connections } from './connections.ts';

// Sends ordinary requests, whose bodies have arrived, with undici's client: at half the cost of node's.

/** Headers that undici writes itself. */
const framing = new Set(['content-length', 'transfer-encoding']);

/** Whether a request can be sent in one piece. undici closes the connection after a HEAD, in case that a server sends a body. */
export const isWhole = (req: Request): boolean => req.method !== 'HEAD' && (!hasBody(req) || req.complete);

/** Errors of undici, by the name that node's client gives to the same. */
const codes: Readonly<Record<string, string>> = { UND_ERR_SOCKET: 'ECONNRESET', UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT' };

function withNodeCode(error: Error & { code?: string }): Error & { code?: string } {
  const code = error.code === undefined ? undefined : codes[error.code];
  return code === undefined ? error : Object.assign(new Error(error.message), { code });
}

function headersOf(req: Request): string[] {
  const headers: string[] = [];
  for (const name in req.headers) {
    const value = req.headers[name];
    if (value === undefined || framing.has(name)) continue;
    for (const each of Array.isArray(value) ? value : [value]) headers.push(name, each);
  }
  return headers;
}

/** Reads a body that has arrived. A retry sends it again. */
const bodies = new WeakMap<Request, Buffer | null>();
function bodyOf(req: Request): Buffer | null {
  if (!hasBody(req)) return null;
  const known = bodies.get(req);
  if (known !== undefined) return known;
  const body = req.read() as Buffer | null;
  bodies.set(req, body);
  return body;
}

/** Sends a request on a free connection of a replica. */
export function sendWhole(connections: Connections, req: Request, events: UpstreamEvents, bodyLimit: number): void {
  const body = bodyOf(req);
  if (body && body.length > bodyLimit) return events.rejectBody(tooLarge(bodyLimit));
  let connection: Connection | undefined;
  let controller: Dispatcher.DispatchController | undefined;
  let isDestroyed = false;
  let isDone = false;
  let isReused = false;
  let onData: ((chunk: Buffer) => void) | undefined;
  let onEnd: (() => void) | undefined;

  const release = () => {
    if (connection) connections.release(connection);
    connection = undefined;
  };
  const headers = headersOf(req);
  const request: UpstreamRequest = {
    method: req.method,
    setHeader: (name, value) => void headers.push(name, value),
    isConnecting: () => connection?.isConnecting === true,
    isReused: () => isReused,
    streamsBody: false,
    isBackpressured: () => false,
    onceClosed: () => {}, // each end is reported as the end of the response or as an error
    destroy: () => {
      if (isDone || isDestroyed) return;
      isDestroyed = true;
      controller?.abort(new Error('aborted'));
    },
    abandon: () => request.destroy(),
  };
  const responseOf = (statusCode: number, headers: UpstreamResponse['headers']): UpstreamResponse => ({
    statusCode,
    headers,
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
    subscribe: (takeData, takeEnd) => {
      [onData, onEnd] = [takeData, takeEnd];
      return () => {
        [onData, onEnd] = [undefined, undefined];
      };
    },
  });

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (started) => {
      controller = started;
      isReused = (connection?.served ?? 0) > 0;
      if (isDestroyed) started.abort(new Error('aborted'));
      else events.onConnected(request);
    },
    onResponseStart: (_controller, statusCode, headers) => {
      if (statusCode >= 200) events.onResponse(responseOf(statusCode, headers));
    },
    onResponseData: (_controller, chunk) => onData?.(chunk),
    onResponseEnd: () => {
      isDone = true;
      if (connection) connection.served += 1;
      release();
      const end = onEnd;
      events.onEnd();
      end?.();
    },
    onResponseError: (_controller, error) => {
      isDone = true;
      release();
      if (!isDestroyed) events.onError(withNodeCode(error));
    },
  };

  connections.acquire((free) => {
    connection = free;
    if (isDestroyed) return release();
    if (!events.onSent(request)) return release();
    free.client.dispatch({ path: req.url, method: req.method, headers, body }, handler);
  });
}
