import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Service } from '@clientela/contracts';
import { AppError, resourceErrorCodes, unavailable } from '@clientela/errors';
import { createRetryBudget, type RetryBudget } from '@clientela/runtime';
import type { Request } from 'express';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { enforceBodyRate, hasBody, isBackpressured, slowBody } from './body.ts';
import { sendProblem } from './error-handler.ts';
import { forwardResponse, type BufferedBytes } from './forward-response.ts';
import type { Limits } from './limits.ts';
import { upstreamDuration } from './metrics.ts';
import { newProxiedRequest, transition, type Failure, type ProxyEvent } from './proxied-request.ts';
import type { Replica, Replicas } from './replicas.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import { filterResponseHeaders } from './response-headers.ts';
import { startHop, type Hop } from './tracing.ts';
import { createTurns } from './turns.ts';
import type { Route } from './upstreams.ts';

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

/** How often a request is sent at most, when connections are refused. */
const maxAttempts = 4;

/**
 * Starts the state machine of one request and its timer.
 * @param target.send sends the request to the replica; again for a retry
 */
function trackRequest(
  req: Request,
  res: GatewayResponse,
  target: {
    service: Service;
    route: Route;
    replicas: Replicas;
    limits: Limits;
    buffered: BufferedBytes;
    /** Of requests that the service may have received. */
    retries: RetryBudget;
    /** The responses of each route so far that are no failure of its replica. */
    responses: WeakMap<Replica, Map<Route, number>>;
    send: (replica: Replica) => void;
  },
): UpstreamEvents & { start: () => void } {
  const { service, route, replicas, limits, buffered, retries, send } = target;
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
  let replica: Replica | undefined;
  const tried = new Set<Replica>();
  let sentAt = performance.now();
  const { span } = res.locals.context;
  let hop: Hop | undefined;
  let hops = 0;

  const observe = (outcome: 'ok' | (typeof outcomes)[keyof typeof outcomes]) =>
    upstreamDuration.observe({ upstream: service, outcome }, (performance.now() - sentAt) / 1000);

  const dispatch = (event: ProxyEvent) => {
    const { next, action } = transition(state, event, rules);
    if (next.isRetried && !state.isRetried) retries.tryWithdraw();
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

  const responsesOf = (responder: Replica): Map<Route, number> => {
    const counts = target.responses.get(responder) ?? new Map<Route, number>();
    target.responses.set(responder, counts);
    return counts;
  };

  const start = () => {
    replica = replicas.choose(tried) ?? replicas.choose();
    if (!replica) throw new Error('a service without replicas');
    tried.add(replica);
    replica.inFlight += 1;
    send(replica);
  };
  const release = () => {
    if (replica) replica.inFlight -= 1;
    replica = undefined;
  };
  const hasOtherReplica = () => tried.size < Math.min(replicas.all.length, maxAttempts);

  const retry = () => {
    upstreamRequest = undefined;
    start();
  };

  /** Sends nothing of the body before the connection is open: until then the request may go to another replica. */
  const waitForConnection = (request: ClientRequest) => {
    const { socket } = request;
    if (hasBody(req)) process.nextTick(() => req.unpipe(request)); // the proxy library pipes it right after this
    const timeout = setTimeout(
      () => request.destroy(Object.assign(new Error('No connection'), { code: 'ETIMEDOUT' })),
      limits.connectTimeout,
    );
    request.once('close', () => clearTimeout(timeout));
    socket?.once('connect', () => {
      clearTimeout(timeout);
      if (request !== upstreamRequest || request.destroyed) return;
      dispatch({ type: 'connected' });
      if (hasBody(req)) req.pipe(request);
    });
  };

  const disconnect = (cause: string) => {
    res.locals.context.failure = cause;
    stopForwarding?.();
    res.destroy();
  };

  const sendFailure = (failure: Failure, cause: string) => {
    res.locals.context.failure = cause;
    hop?.end(cause);
    if (failure in outcomes) observe(outcomes[failure as keyof typeof outcomes]);
    stopForwarding?.();
    // Destroys the upstream request only now: the proxy library would destroy the client's connection with it.
    res.once('finish', () => upstreamRequest?.destroy());
    sendProblem(res, failure === 'bodyRejected' ? bodyRejection : failures[failure](service));
  };

  const responsesSoFar = () => replica && responsesOf(replica).get(route);

  /** Fails the request before its deadline when the service stays silent, while others of the route wait as well. */
  const watchSilence = (silence: number) => {
    const remaining = endsAt - performance.now(); // a busy process runs its timers late, which must not add up
    if (remaining <= silence) return startTimer(remaining);
    const before = responsesSoFar();
    timer = setTimeout(() => {
      if (responsesSoFar() === before) onTimeout();
      else watchSilence(silence);
    }, silence);
  };

  res.once('close', () => {
    hop?.end();
    release();
    dispatch({ type: 'clientClosed' });
  });
  retries.deposit();
  const endsAt = (rules.isStream ? performance.now() : res.locals.context.started) + rules.deadline;
  watchSilence(route.max_silence ?? rules.deadline);
  return {
    start,
    onRequest: (request) => {
      upstreamRequest = request;
      sentAt = performance.now();
      if (span) hop = startHop(span, service, request, hops++);
      // Only now, because the request may have waited for a connection.
      if (!rules.isStream) request.setHeader('X-Request-Timeout', Math.max(0, Math.ceil(endsAt - performance.now())));
      if (state.phase === 'queued' && request.socket?.connecting) waitForConnection(request);
      else dispatch({ type: 'connected' });
    },
    onResponse: (response) => {
      upstreamResponse = response;
      res.locals.context.endWork?.();
      observe('ok');
      hop?.responded(response);
      const { statusCode = 500 } = response;
      if (replica) {
        if (statusCode === 502) replicas.failed(replica);
        else replicas.responded(replica);
        const counts = responsesOf(replica);
        if (statusCode < 500) counts.set(route, (counts.get(route) ?? 0) + 1);
      }
      response.once('end', release);
      if (hop) response.once('end', () => hop?.end());
      dispatch({ type: 'responded' });
    },
    onError: (error) => {
      const code = error.code ?? error.name;
      hop?.end(code);
      const isReusedConnection = upstreamRequest?.reusedSocket === true;
      // An idle connection that was just closed says nothing about its replica.
      if (replica && state.phase !== 'settled' && !isReusedConnection && !resourceErrorCodes.has(code))
        replicas.failed(replica);
      release();
      dispatch({
        type: 'upstreamFailed',
        code,
        isReusedConnection,
        hasOtherReplica: hasOtherReplica(),
        hasRetryBudget: retries.isLeft(),
      });
    },
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

/** Whether a request ends soon and sends no body. Only such requests take turns: a slow one would block its company's others. */
const isShortRead = ({ method, kind, deadline }: Route): boolean =>
  method === 'GET' && kind === 'json' && deadline <= 10_000;

/**
 * Forwards requests to the services as streams, and turns every failure on the way into a problem document.
 * @param services the replicas of each
 * @param options.takesTurns whether companies take turns at a service with their reads
 */
export function createProxy(
  services: ReadonlyMap<Service, Replicas>,
  limits: Limits,
  options: { takesTurns: boolean },
): Middleware {
  const buffered: BufferedBytes = { total: 0 };
  const responses = new WeakMap<Replica, Map<Route, number>>();
  const retries = new Map([...services.keys()].map((name) => [name, createRetryBudget(limits.maxSavedRetries)]));
  const takeTurn = createTurns({
    max: limits.maxReadsPerCompany,
    maxWait: limits.maxTurnWait,
    sharedFor: limits.serviceSharedFor,
  });

  /** Creates a proxy with one fixed target. */
  const proxyTo = (url: string, agent: Agent) => {
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
      plugins: [reportEvents],
    });
  };

  const proxies = new Map(
    [...services.values()]
      .flatMap(({ all }) => all)
      .map((replica) => {
        const { agents, url } = replica;
        return [replica, { short: proxyTo(url, agents.short), stream: proxyTo(url, agents.stream) }] as const;
      }),
  );

  return (req, res, next) => {
    const { route, service } = res.locals.context;
    const replicas = service && services.get(service);
    const budget = service && retries.get(service);
    if (!route || !replicas || !budget) throw new Error('a request without a route reached the proxy');
    const send = (replica: Replica) =>
      void proxies.get(replica)?.[route.kind === 'stream' ? 'stream' : 'short'](req, res, next);
    const target = { service, route, replicas, limits, buffered, retries: budget, responses, send };
    const events = trackRequest(req, res, target);
    res.locals.upstream = events;
    const { actor } = res.locals.context;
    if (!options.takesTurns || !actor || !isShortRead(route)) {
      events.start();
      return;
    }
    const endTurn = takeTurn(service, actor.company_id ?? actor.id, events.start);
    res.once('close', endTurn);
    res.locals.upstream = {
      ...events,
      onResponse: (response) => {
        response.once('end', endTurn);
        events.onResponse(response);
      },
    };
  };
}
