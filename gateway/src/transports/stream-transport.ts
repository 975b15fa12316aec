import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { hasBody } from '../body.ts';
import type { Limits } from '../limits.ts';
import type { GatewayResponse } from '../request-context.ts';
import type { UpstreamEvents, UpstreamRequest, UpstreamResponse } from './transport.ts';

// Sends uploads, streams and whatever else arrives or leaves piece by piece, with http-proxy-middleware and node's client.

const upstreamRequestOf = (request: ClientRequest, req: Request): UpstreamRequest => ({
  method: request.method,
  setHeader: (name, value) => void request.setHeader(name, value),
  isConnecting: () => request.socket?.connecting === true,
  isReused: () => request.reusedSocket,
  streamsBody: hasBody(req),
  isBackpressured: () => request.writableNeedDrain,
  onceClosed: (listener) => void request.once('close', listener),
  destroy: () => void request.destroy(),
  abandon: () => {}, // the library does it
});

const upstreamResponseOf = (response: IncomingMessage): UpstreamResponse => ({
  statusCode: response.statusCode ?? 502,
  headers: response.headers,
  pause: () => void response.pause(),
  resume: () => void response.resume(),
  subscribe: (onData, onEnd) => {
    response.on('data', onData).once('end', onEnd);
    return () => void response.off('data', onData).off('end', onEnd);
  },
});

function onRequest(request: ClientRequest, req: Request, events: UpstreamEvents, limits: Limits): void {
  const upstreamRequest = upstreamRequestOf(request, req);
  const isWaiting = events.onSent(upstreamRequest);
  if (isWaiting && upstreamRequest.isConnecting())
    waitForConnection(request, req, limits, () => events.onConnected(upstreamRequest));
  else events.onConnected(upstreamRequest);
}

/** Sends nothing of the body before the connection is open: until then the request may go to another replica. */
function waitForConnection(request: ClientRequest, req: Request, limits: Limits, onConnected: () => void): void {
  if (hasBody(req)) process.nextTick(() => req.unpipe(request)); // the proxy library pipes it right after this
  const timeout = setTimeout(
    () => request.destroy(Object.assign(new Error('No connection'), { code: 'ETIMEDOUT' })),
    limits.connectTimeout,
  );
  request.once('close', () => clearTimeout(timeout));
  request.socket?.once('connect', () => {
    clearTimeout(timeout);
    if (request.destroyed) return;
    onConnected();
    if (hasBody(req) && !request.destroyed) req.pipe(request);
  });
}

/** Replaces the library's plugins, which log addresses and send error pages with host names. */
const reportEvents =
  (limits: Limits): Plugin<Request, GatewayResponse> =>
  (proxy) => {
    proxy.on('proxyReq', (request, req, res) => {
      if (res.locals.upstream) onRequest(request, req, res.locals.upstream, limits);
    });
    proxy.on('proxyRes', (response, _req, res) => {
      const { upstream } = res.locals;
      response.once('end', () => upstream?.onEnd());
      upstream?.onResponse(upstreamResponseOf(response));
    });
    proxy.on('error', (error, _req, res) => {
      if (res && 'locals' in res) res.locals.upstream?.onError(error);
    });
  };

/** Creates a proxy with one fixed target. */
export function createStreamTransport(url: string, agent: Agent, limits: Limits) {
  const { hostname, port } = new URL(url);
  return createProxyMiddleware<Request, GatewayResponse>({
    pathFilter: () => true, // the default parses each URL again
    target: { protocol: 'http:', hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port: port || '80' },
    agent,
    changeOrigin: true,
    xfwd: false,
    ws: false,
    followRedirects: false,
    selfHandleResponse: true,
    ejectPlugins: true,
    plugins: [reportEvents(limits)],
  });
}
