import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Service } from '@clientela/contracts';
import { AppError, unavailable } from '@clientela/errors';
import type { Request } from 'express';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { filterResponseHeaders } from './response-headers.ts';
import { hasBody, isBackpressured, enforceBodyRate, slowBody } from './body.ts';
import type { Limits } from './limits.ts';
import type { Route, Upstream } from './upstreams.ts';
import { sendProblem } from './error-handler.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';

/** One request on its way to a service. */
type ProxiedRequest = {
  service: Service;
  route: Route;
  /** The request to the service, once it has a connection. */
  upstreamRequest: ClientRequest | undefined;
  upstreamResponse: IncomingMessage | undefined;
  retried: boolean;
  settled: boolean;
  /** Bytes that the client's connection had carried at the last check. */
  bytesMoved: number;
  /** Whether the deadline passed while the response was in progress. */
  pastDeadline: boolean;
  timer: NodeJS.Timeout | undefined;
};

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);
const retryAfter = { 'Retry-After': '2' };

const serviceUnavailable = (service: Service) => unavailable(`The ${service} service is unavailable`);
const badGateway = (service: Service) =>
  new AppError('bad_gateway', {
    detail: `The ${service} service closed the connection without a complete response`,
    headers: retryAfter,
  });
const gatewayTimeout = (service: Service) =>
  new AppError('upstream_timeout', { detail: `The ${service} service did not respond in time`, headers: retryAfter });

export type Proxy = { middleware: Middleware; close: () => void };

/** Forwards requests to the services as streams, and turns every failure on the way into a problem document. */
export function createProxy(upstreams: readonly Upstream[], limits: Limits): Proxy {
  const inFlight = new WeakMap<GatewayResponse, ProxiedRequest>();
  const agents: Agent[] = [];

  /** Sends a problem document, or closes the connection when the service's response has begun. */
  const failRequest = (
    req: Request,
    res: GatewayResponse,
    proxied: ProxiedRequest,
    reason: AppError,
    fault: string,
  ) => {
    if (proxied.settled) return;
    proxied.settled = true;
    clearTimeout(proxied.timer);
    res.locals.context.fault = fault;
    proxied.upstreamResponse?.unpipe(res);
    if (res.headersSent) {
      res.destroy();
      return;
    }
    // Destroys the upstream request only now: the proxy library would destroy the client's connection with it.
    res.once('finish', () => proxied.upstreamRequest?.destroy());
    sendProblem(res, reason);
  };

  const startDeadline = (req: Request, res: GatewayResponse, proxied: ProxiedRequest) => {
    const { route, service } = proxied;
    const minBytes = (limits.minBodyRate * limits.rateWindow) / 1000;
    const bytesSince = () => {
      const before = proxied.bytesMoved;
      proxied.bytesMoved = req.socket.bytesRead + req.socket.bytesWritten;
      return proxied.bytesMoved - before;
    };
    const schedule = (time: number) => {
      proxied.timer = setTimeout(onTimeout, time);
    };
    const onTimeout = () => {
      const { upstreamRequest } = proxied;
      const moved = bytesSince();
      if (route.kind === 'stream' && moved > 0) return schedule(limits.streamIdleTimeout);
      // Lets a response in progress continue for a slow client, as long as bytes move.
      if (route.kind !== 'stream' && res.headersSent && (!proxied.pastDeadline || moved >= minBytes)) {
        proxied.pastDeadline = true;
        return schedule(limits.rateWindow);
      }
      if (!upstreamRequest) return failRequest(req, res, proxied, serviceUnavailable(service), 'no free connection');
      if (upstreamRequest.socket?.connecting)
        return failRequest(req, res, proxied, serviceUnavailable(service), 'no connection');
      if (!req.complete && !isBackpressured(upstreamRequest))
        return failRequest(req, res, proxied, slowBody(), 'slow body');
      failRequest(req, res, proxied, gatewayTimeout(service), 'deadline');
    };
    bytesSince();
    schedule(route.kind === 'stream' ? limits.streamIdleTimeout : route.deadline);
  };

  const onProxyRequest = (upstreamRequest: ClientRequest, req: Request, res: GatewayResponse) => {
    const proxied = inFlight.get(res);
    if (!proxied) return;
    if (proxied.settled) {
      upstreamRequest.destroy(); // the request was settled while it waited for a connection
      return;
    }
    proxied.upstreamRequest = upstreamRequest;
    // Closed without a response and without an error, as by an unrequested upgrade.
    upstreamRequest.once('close', () => {
      if (proxied.upstreamRequest === upstreamRequest && !proxied.upstreamResponse)
        failRequest(req, res, proxied, badGateway(proxied.service), 'no response');
    });
    if (hasBody(req)) {
      enforceBodyRate(req, upstreamRequest, proxied.route.body_limit, limits, (reason) =>
        failRequest(req, res, proxied, reason, reason.error_code),
      );
    }
  };

  const onProxyResponse = (upstreamResponse: IncomingMessage, req: Request, res: GatewayResponse) => {
    const proxied = inFlight.get(res);
    if (!proxied || proxied.settled) return;
    proxied.upstreamResponse = upstreamResponse;
    filterResponseHeaders(upstreamResponse, req, res);
    if (proxied.route.kind === 'stream')
      process.nextTick(() => !res.headersSent && !proxied.settled && res.flushHeaders());
  };

  const onProxyError = (error: Error & { code?: string }, req: Request, res: GatewayResponse, retry: () => void) => {
    const proxied = inFlight.get(res);
    if (!proxied || proxied.settled) return;
    const { upstreamRequest, upstreamResponse, service } = proxied;
    const fault = error.code ?? error.name;
    // The service closed an idle connection just as the request went out. Retries, because a read is safe to repeat.
    const isStale =
      upstreamRequest?.reusedSocket === true &&
      upstreamResponse === undefined &&
      (fault === 'ECONNRESET' || fault === 'EPIPE');
    if (isStale && !proxied.retried && (req.method === 'GET' || req.method === 'HEAD')) {
      proxied.retried = true;
      proxied.upstreamRequest = undefined;
      return retry();
    }
    const isUnsent = unreachableCodes.has(fault) && !upstreamRequest?.reusedSocket;
    if (upstreamResponse) {
      // Closes the connection, so that the client sees that the response is incomplete.
      res.locals.context.fault = fault;
      return void res.destroy();
    }
    failRequest(req, res, proxied, isUnsent ? serviceUnavailable(service) : badGateway(service), fault);
  };

  /** Creates a proxy with one fixed target and its own connections. */
  const proxyTo = ({ hostname, port }: URL) => {
    const agent = new Agent({
      keepAlive: true,
      maxSockets: limits.maxUpstreamSockets,
      timeout: limits.upstreamIdleTimeout,
    });
    agents.push(agent);
    // Replaces the library's plugins, which log addresses and send error pages with host names.
    const events: Plugin<Request, GatewayResponse> = (proxy) => {
      proxy.on('proxyReq', onProxyRequest);
      proxy.on('proxyRes', onProxyResponse);
      proxy.on('error', (error, req, res) => {
        if (req && res && 'locals' in res) onProxyError(error, req, res, () => void forward(req, res));
      });
    };
    const forward = createProxyMiddleware<Request, GatewayResponse>({
      pathFilter: () => true, // the default parses each URL again
      target: { protocol: 'http:', hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port: port || '80' },
      agent,
      changeOrigin: true,
      xfwd: false,
      ws: false,
      followRedirects: false,
      ejectPlugins: true,
      plugins: [events],
    });
    return forward;
  };

  // Streams have their own connections, so that many long ones never delay short requests.
  const proxies = new Map(
    upstreams.map(({ service, url }) => [service, { short: proxyTo(new URL(url)), stream: proxyTo(new URL(url)) }]),
  );

  const middleware: Middleware = (req, res, next) => {
    const { route, service } = res.locals.context;
    const proxy = service && proxies.get(service);
    if (!route || !proxy) throw new Error('a request without a route reached the proxy');
    const proxied: ProxiedRequest = {
      service,
      route,
      upstreamRequest: undefined,
      upstreamResponse: undefined,
      retried: false,
      settled: false,
      bytesMoved: 0,
      pastDeadline: false,
      timer: undefined,
    };
    inFlight.set(res, proxied);
    res.once('close', () => {
      proxied.settled = true;
      clearTimeout(proxied.timer);
    });
    startDeadline(req, res, proxied);
    void proxy[route.kind === 'stream' ? 'stream' : 'short'](req, res, next);
  };

  return { middleware, close: () => agents.forEach((agent) => agent.destroy()) };
}
