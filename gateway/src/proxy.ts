import type { Service } from '@clientela/contracts';
import { AppError, resourceErrorCodes, unavailable } from '@clientela/errors';
import { createConcurrencyLimiter, createRetryBudget, type RetryBudget } from '@clientela/runtime';
import type { Request } from 'express';
import { enforceBodyRate, slowBody } from './body.ts';
import { sendProblem } from './error-handler.ts';
import { forwardResponse, type BufferedBytes } from './forward-response.ts';
import type { Limits } from './limits.ts';
import { upstreamDuration } from './metrics.ts';
import { copyResponseHead } from './response-headers.ts';
import { startInQueue } from './queued-requests.ts';
import { newProxiedRequest, transition, type Failure, type ProxyEvent } from './proxied-request.ts';
import type { Replica, Replicas } from './replicas.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import { startHop, type Hop } from './tracing.ts';
import { createTurns } from './turns.ts';
import { createTransports } from './transports/transports.ts';
import type { UpstreamEvents, UpstreamRequest, UpstreamResponse } from './transports/transport.ts';
import { waitsInQueue, type Route } from './upstreams.ts';

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
    /** Called when the service's response is complete, or the client is gone; perhaps twice. */
    onEnd: () => void;
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
  let upstreamRequest: UpstreamRequest | undefined;
  let upstreamResponse: UpstreamResponse | undefined;
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
      isConnecting: upstreamRequest?.isConnecting() === true,
      isBodyLate: !req.complete && upstreamRequest?.isBackpressured() === false,
    });
  };

  const watchRequest = () => {
    const watched = upstreamRequest;
    if (!watched) return;
    watched.onceClosed(() => {
      if (watched === upstreamRequest) dispatch({ type: 'upstreamClosed' });
    });
    if (!watched.streamsBody) return;
    enforceBodyRate(req, watched.isBackpressured, route.body_limit, limits, rejectBody);
  };

  const rejectBody = (reason: AppError) => {
    bodyRejection = reason;
    dispatch({ type: 'bodyRejected', code: reason.error_code, isHeadersSent: res.headersSent });
  };

  const forward = () => {
    if (!upstreamResponse) return;
    copyResponseHead(upstreamResponse, req, res);
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

  /** Of the replica that has the request, or of any while it waits for its turn. */
  const responsesSoFar = () =>
    (replica ? [replica] : replicas.all).reduce((sum, each) => sum + (responsesOf(each).get(route) ?? 0), 0);

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
    target.onEnd();
    stopForwarding?.();
    dispatch({ type: 'clientClosed' });
    upstreamRequest?.abandon();
  });
  retries.deposit();
  const endsAt = (rules.isStream ? performance.now() : res.locals.context.started) + rules.deadline;
  watchSilence(route.max_silence ?? rules.deadline);
  return {
    start,
    onSent: (request) => {
      upstreamRequest = request;
      const isWaiting = state.phase === 'queued'; // otherwise it was settled while it waited for a connection
      sentAt = performance.now();
      if (span && isWaiting) hop = startHop(span, service, request, hops++);
      // Only now, because the request may have waited for a free connection.
      if (!rules.isStream)
        request.setHeader('X-Request-Timeout', String(Math.max(0, Math.ceil(endsAt - performance.now()))));
      return isWaiting;
    },
    onConnected: (request) => {
      if (request === upstreamRequest) dispatch({ type: 'connected' });
    },
    rejectBody,
    onResponse: (response) => {
      upstreamResponse = response;
      res.locals.context.work?.end();
      observe('ok');
      hop?.responded(response.statusCode);
      const { statusCode } = response;
      if (replica) {
        if (statusCode === 502) replicas.failed(replica);
        else replicas.responded(replica);
        const counts = responsesOf(replica);
        if (statusCode < 500) counts.set(route, (counts.get(route) ?? 0) + 1);
      }
      dispatch({ type: 'responded' });
    },
    onEnd: () => {
      hop?.end();
      release();
      target.onEnd();
    },
    onError: (error) => {
      const code = error.code ?? error.name;
      hop?.end(code);
      const isReusedConnection = upstreamRequest?.isReused() === true;
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

  const queues = new Map(
    [...services].map(([name, { all }]) => [
      name,
      createConcurrencyLimiter({ concurrency: limits.maxQueuedSent * all.length }),
    ]),
  );
  const transports = createTransports(services, limits);

  const middleware: Middleware = (req, res, next) => {
    const { route, service } = res.locals.context;
    const replicas = service && services.get(service);
    const budget = service && retries.get(service);
    if (!route || !replicas || !budget) throw new Error('a request without a route reached the proxy');
    const sendVia = transports.choose(req, route);
    const send = (replica: Replica) => sendVia(replica, req, res, next);
    let endTurn = () => {};
    const onEnd = () => endTurn();
    const target = { service, route, replicas, limits, buffered, retries: budget, responses, send, onEnd };
    const events = trackRequest(req, res, target);
    res.locals.upstream = events;
    const { actor } = res.locals.context;
    const queue = waitsInQueue(route) ? queues.get(service) : undefined;
    if (queue) {
      const ended = new AbortController();
      endTurn = () => ended.abort();
      void startInQueue(queue, events.start, ended.signal).then(undefined, next);
      return;
    }
    if (!options.takesTurns || !actor || !isShortRead(route)) {
      events.start();
      return;
    }
    const { work } = res.locals.context;
    let isWaiting = true;
    endTurn = takeTurn(service, actor.company_id ?? actor.id, () => {
      isWaiting = false;
      work?.start();
      events.start();
    });
    // The reads of many companies that wait for their turns would otherwise take the places of all others.
    if (isWaiting) work?.end();
  };
  return middleware;
}
