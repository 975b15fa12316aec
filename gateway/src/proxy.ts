import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Service } from '@clientela/contracts';
import { AppError, unavailable } from '@clientela/errors';
import type { Request } from 'express';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { enforceBodyRate, hasBody, isBackpressured, slowBody } from './body.ts';
import { sendProblem } from './error-handler.ts';
import { forwardResponse, type BufferedBytes } from './forward-response.ts';
import type { Limits } from './limits.ts';
import { upstreamDuration } from './metrics.ts';
import { newProxiedRequest, transition, type Failure, type ProxyEvent } from './proxied-request.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import { filterResponseHeaders } from './response-headers.ts';
import { createTurns } from './turns.ts';
import type { Route, Upstream } from './upstreams.ts';

const retryAfter = { 'Retry-After': '2' };

const failures: Record<Exclude<Failure, 'bodyRejected'>, (service: Service) => AppError> = {
  serviceUnavailable: (service) => unavailable(`The ${service} service is unavailable`),
  badGateway: (service) =>
    new AppError('bad_gateway', {
      detail: `The ${service} service closed the connection without a complete response`,
      headers: retryAfter,
    }),
  gatewayTimeout: (service) =>
    new AppError('upstream_timeout', { detail: `The ${service} service did not respond in time`, headers: retryAfter }),
  slowBody,
};

/** The failures that are the service's, in metrics. */
const outcomes = { serviceUnavailable: 'unavailable', badGateway: 'bad_gateway', gatewayTimeout: 'timeout' } as const;

/** Receives the events of the proxy library for one request. */
export type UpstreamEvents = {
  onRequest: (upstreamRequest: ClientRequest) => void;
  onResponse: (upstreamResponse: IncomingMessage) => void;
  onError: (error: Error & { code?: string }) => void;
};

/**
 * Starts the state machine of one request and its timer.
 * @param send sends the request to the service; again for a retry
 */
function trackRequest(
  req: Request,
  res: GatewayResponse,
  target: {
    service: Service;
    route: Route;
    limits: Limits;
    buffered: BufferedBytes;
    /** The responses of each route so far that are no failure of its service. */
    responses: Map<Route, number>;
    send: () => void;
  },
): UpstreamEvents {
  const { service, route, limits, buffered, responses, send } = target;
  const rules = {
    isStream: route.kind === 'stream',
    isSafe: req.method === 'GET' || req.method === 'HEAD',
    deadline: route.kind === 'stream' ? limits.streamIdleTimeout : route.deadline,
    rateWindow: limits.rateWindow,
    minBytes: (limits.minBodyRate * limits.rateWindow) / 1000,
  };
  let state = newProxiedRequest;
  let upstreamRequest: ClientRequest | undefined;
  let upstreamResponse: IncomingMessage | undefined;
  let bodyRejection: AppError | undefined;
  let stopForwarding: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sentAt = performance.now();

  const observe = (outcome: 'ok' | (typeof outcomes)[keyof typeof outcomes]) =>
    upstreamDuration.observe({ upstream: service, outcome }, (performance.now() - sentAt) / 1000);

  const dispatch = (event: ProxyEvent) => {
    const { next, action } = transition(state, event, rules);
    state = next;
    if (state.phase === 'settled') clearTimeout(timer);
    if (action.type === 'wait') startTimer(action.ms);
    if (action.type === 'send') watchRequest();
    if (action.type === 'cancel') upstreamRequest?.destroy();
    if (action.type === 'forward') forward();
    if (action.type === 'retry') retry();
    if (action.type === 'fail') sendFailure(action.failure, action.cause);
    if (action.type === 'disconnect') disconnect(action.cause);
  };

  let bytesBefore = { read: 0, written: 0 };
  const startTimer = (ms: number) => {
    bytesBefore = { read: req.socket.bytesRead, written: req.socket.bytesWritten };
    timer = setTimeout(onTimeout, ms);
  };

  const onTimeout = () => {
    const bytesSent = state.phase === 'responding' ? 0 : req.socket.bytesRead - bytesBefore.read;
    dispatch({
      type: 'timedOut',
      bytesMoved: req.socket.bytesWritten - bytesBefore.written + bytesSent,
      isHeadersSent: res.headersSent,
      isConnecting: upstreamRequest?.socket?.connecting === true,
      isBodyLate: !req.complete && upstreamRequest !== undefined && !isBackpressured(upstreamRequest),
    });
  };

  const watchRequest = () => {
    const watched = upstreamRequest;
    if (!watched) return;
    watched.once('close', () => {
      if (watched === upstreamRequest) dispatch({ type: 'upstreamClosed' });
    });
    if (!hasBody(req)) return;
    enforceBodyRate(req, watched, route.body_limit, limits, (reason) => {
      bodyRejection = reason;
      dispatch({ type: 'bodyRejected', code: reason.error_code, isHeadersSent: res.headersSent });
    });
  };

  const forward = () => {
    if (!upstreamResponse) return;
    filterResponseHeaders(upstreamResponse, req, res);
    stopForwarding = forwardResponse(upstreamResponse, res, {
      limits,
      buffered,
      stallTimeout: rules.isStream ? limits.streamIdleTimeout : limits.stallTimeout,
      onStalled: () => dispatch({ type: 'clientStalled' }),
    });
    if (rules.isStream) process.nextTick(() => !res.headersSent && state.phase === 'responding' && res.flushHeaders());
  };

  const retry = () => {
    upstreamRequest = undefined;
    send();
  };

  const disconnect = (cause: string) => {
    res.locals.context.failure = cause;
    stopForwarding?.();
    res.destroy();
  };

  const sendFailure = (failure: Failure, cause: string) => {
    res.locals.context.failure = cause;
    if (failure in outcomes) observe(outcomes[failure as keyof typeof outcomes]);
    stopForwarding?.();
    // Destroys the upstream request only now: the proxy library would destroy the client's connection with it.
    res.once('finish', () => upstreamRequest?.destroy());
    sendProblem(res, failure === 'bodyRejected' ? bodyRejection : failures[failure](service));
  };

  /** Fails the request before its deadline when the service stays silent, while others of the route wait as well. */
  const watchSilence = (silence: number) => {
    const remaining = endsAt - performance.now(); // a busy process runs its timers late, which must not add up
    if (remaining <= silence) return startTimer(remaining);
    const before = responses.get(route);
    timer = setTimeout(() => {
      if (responses.get(route) === before) onTimeout();
      else watchSilence(silence);
    }, silence);
  };

  res.once('close', () => dispatch({ type: 'clientClosed' }));
  const endsAt = performance.now() + rules.deadline;
  watchSilence(route.max_silence ?? rules.deadline);
  return {
    onRequest: (request) => {
      upstreamRequest = request;
      sentAt = performance.now();
      // Only now, because the request may have waited for a connection.
      if (!rules.isStream) request.setHeader('X-Request-Timeout', Math.max(0, Math.ceil(endsAt - performance.now())));
      dispatch({ type: 'connected' });
    },
    onResponse: (response) => {
      upstreamResponse = response;
      observe('ok');
      if ((response.statusCode ?? 500) < 500) responses.set(route, (responses.get(route) ?? 0) + 1);
      dispatch({ type: 'responded' });
    },
    onError: (error) =>
      dispatch({
        type: 'upstreamFailed',
        code: error.code ?? error.name,
        isReusedConnection: upstreamRequest?.reusedSocket === true,
      }),
  };
}

/** Replaces the library's plugins, which log addresses and send error pages with host names. */
const reportEvents: Plugin<Request, GatewayResponse> = (proxy) => {
  proxy.on('proxyReq', (upstreamRequest, _req, res) => res.locals.upstream?.onRequest(upstreamRequest));
  proxy.on('proxyRes', (upstreamResponse, _req, res) => res.locals.upstream?.onResponse(upstreamResponse));
  proxy.on('error', (error, _req, res) => {
    if (res && 'locals' in res) res.locals.upstream?.onError(error);
  });
};

export type Proxy = { middleware: Middleware; close: () => void };

/** Whether a request ends soon and sends no body. Only such requests take turns: a slow one would block its company's others. */
const isShortRead = ({ method, kind, deadline }: Route): boolean =>
  method === 'GET' && kind === 'json' && deadline <= 10_000;

/**
 * Forwards requests to the services as streams, and turns every failure on the way into a problem document.
 * @param options.takesTurns whether companies take turns at a service with their reads
 */
export function createProxy(upstreams: readonly Upstream[], limits: Limits, options: { takesTurns: boolean }): Proxy {
  const agents: Agent[] = [];
  const buffered: BufferedBytes = { total: 0 };
  const responses = new Map<Route, number>();
  const takeTurn = createTurns({
    max: limits.maxReadsPerCompany,
    maxWait: limits.maxTurnWait,
    sharedFor: limits.serviceSharedFor,
  });

  /** Creates a proxy with one fixed target and its own connections. */
  const proxyTo = ({ hostname, port }: URL) => {
    const agent = new Agent({
      keepAlive: true,
      maxSockets: limits.maxUpstreamSockets,
      timeout: limits.upstreamIdleTimeout,
    });
    agents.push(agent);
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
      plugins: [reportEvents],
    });
  };

  // Streams have their own connections, so that many long ones never delay short requests.
  const proxies = new Map(
    upstreams.map(({ service, url }) => [service, { short: proxyTo(new URL(url)), stream: proxyTo(new URL(url)) }]),
  );

  const middleware: Middleware = (req, res, next) => {
    const { route, service } = res.locals.context;
    const proxy = service && proxies.get(service);
    if (!route || !proxy) throw new Error('a request without a route reached the proxy');
    const send = () => void proxy[route.kind === 'stream' ? 'stream' : 'short'](req, res, next);
    const events = trackRequest(req, res, { service, route, limits, buffered, responses, send });
    res.locals.upstream = events;
    const { actor } = res.locals.context;
    if (!options.takesTurns || !actor || !isShortRead(route)) {
      send();
      return;
    }
    const endTurn = takeTurn(service, actor.company_id ?? actor.user_id, send);
    res.once('close', endTurn);
    res.locals.upstream = {
      ...events,
      onResponse: (response) => {
        response.once('end', endTurn);
        events.onResponse(response);
      },
    };
  };

  return { middleware, close: () => agents.forEach((agent) => agent.destroy()) };
}
