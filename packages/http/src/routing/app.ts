import { parse } from 'node:querystring';
import { malformed, overloaded, type Problem } from '@clientela/errors';
import { AppError, toProblem } from './to-problem.ts';
import {
  createRequestMetrics,
  exposeMetrics,
  jsonText,
  requestIdOf,
  requestLog,
  statusOf,
  toOriginForm,
  type Metrics,
  type Redis,
  type RequestMetrics,
  type Span,
} from '@clientela/runtime';
import { tableMetrics } from '@clientela/db';
import type { Caller } from '@clientela/contracts';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import type { Logger } from 'pino';
import { createServiceAuthentication, type Actor, type ServiceKeys } from '../identity/actor.ts';
import { createRouteHandler, type HandlerOptions, type HandlerDeps } from './route-handler.ts';
import { fingerprints } from '../idempotency/idempotency-key.ts';
import { errorCodes } from '../openapi/error-codes.ts';
import { createOpenapiDocument } from '../openapi/openapi.ts';
import { createRateLimiters, type RateLimits } from './rate-limit.ts';
import { isInternal, withAliases, type Route } from './route.ts';
import { endRequestSpan, traceRequest } from './trace-request.ts';
import { createKeyedMutex } from '../idempotency/keyed-mutex.ts';

/** A request of a signed-in actor that ended in a 403. */
export type DeniedRequest = { actor: Actor; method: string; route: string };

export type ServiceOptions = HandlerOptions & {
  serviceKeys: ServiceKeys;
  /** Aborts when the process begins to stop: readiness fails from then on. */
  draining?: AbortSignal;
  /** Called for each 403 of a signed-in actor. Its own failure is only logged. */
  onDenied?: (denied: DeniedRequest) => Promise<void>;
  /** The name in logs and responses: `customer`. */
  service: string;
  version: string;
  routes: readonly Route[];
  /** Requests in progress, beyond which further ones are a 503. Default 512. */
  maxInFlight?: number;
  /** The limits by name. Undefined means unlimited. */
  rateLimits?: RateLimits | undefined;
  /** Where the limits are counted together with other processes; without it each process counts on its own. */
  redis?: Redis | undefined;
  /** Adds members to problem documents, depending on the request's path. */
  formatProblem?: (path: string, problem: Problem) => object;
  /** Metrics that `/metrics` exposes besides those of the process. */
  metrics?: readonly Metrics[];
};

/** Builds a service's Express app: built-in routes, service-key check, declared routes, 404 and 405, error handler, in this order. */
export function createService(options: ServiceOptions): Express {
  const { log, serviceKeys } = options;
  const routes = withAliases(options.routes);
  const authenticateService = createServiceAuthentication(serviceKeys);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Parses the whole query: by default pairs beyond 1,000 are dropped silently. The header size limits its length.
  app.set('query parser', (text: string) => parse(text, '&', '=', { maxKeys: 0 }));
  app.set('case sensitive routing', true);

  app.use(requestLogger(log, createRequestMetrics(options.service)));
  app.use(normalizeRequestTarget);
  for (const [path, handle] of builtInRoutes(options)) {
    app.get(path, (request, response, next) => {
      response.locals['route'] = path;
      return handle(request, response, next);
    });
  }
  app.use(limitInFlight(options.maxInFlight ?? defaultMaxInFlight));
  app.use((request, response, next) => {
    // Checked before routing, so that unauthenticated clients cannot probe which paths exist.
    response.locals['callingService'] = authenticateService(request.headers);
    decodeURIComponent(request.path); // a malformed path is a 400, also where no route would decode it
    next();
  });
  const deps: HandlerDeps = {
    createFingerprint: fingerprints(options.secret),
    mutex: createKeyedMutex(),
    rateLimiterFor: createRateLimiters(options.rateLimits, options),
  };
  for (const definition of sortBySpecificity(routes)) {
    const path = definition.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const handler = createRouteHandler(definition, options, deps);
    app[definition.method](path, (request, response, next) => {
      response.locals['route'] = definition.path;
      response.locals['definition'] = definition;
      return traceRequest(definition, request, response, () => handler(request, response, next));
    });
  }
  app.use(notFoundHandler(routes));
  app.use(errorHandler(options));
  return app;
}

/** Twice what a gateway sends to one replica, 128 short and 128 long requests: the rest is for other gateways and services. */
const defaultMaxInFlight = 512;

/** Bounds the requests in progress, and with them what waits for a connection to the database. */
function limitInFlight(max: number): RequestHandler {
  let inFlight = 0;
  return (_request, response, next) => {
    if (inFlight >= max) throw overloaded();
    inFlight += 1;
    response.setMaxListeners(20); // of a stream, more than node's 10 wait for its end
    response.once('close', () => (inFlight -= 1));
    next();
  };
}

/** Assigns the request id, and when the response is closed measures the request and writes one access log line. */
function requestLogger(log: Logger, metrics: RequestMetrics): RequestHandler {
  const writeLine = requestLog(log);
  return (request, response, next) => {
    const startedAt = performance.now();
    const request_id = requestIdOf(request.headers);
    response.locals['request_id'] = request_id;
    response.setHeader('X-Request-Id', request_id);
    const measured = metrics.start(() => (response.locals['definition'] as Route | undefined)?.kind);
    response.once('close', () => {
      const route = (response.locals['route'] as string | undefined) ?? 'unmatched';
      const milliseconds = performance.now() - startedAt;
      const status = statusOf(response);
      measured(request.method, route, status, milliseconds);
      const { actor, definition, span, error_type } = response.locals as {
        actor?: Actor;
        definition?: Route;
        span?: Span;
        error_type?: string;
      };
      if (span && definition) endRequestSpan(span, definition, { method: request.method, status, error_type });
      const isPolled = definition?.isPolled === true && status < 400;
      const fields = {
        method: request.method,
        route,
        status,
        ms: Math.round(milliseconds * 10) / 10,
        request_id,
        ...(span && { trace_id: span.trace.id }),
        ...(actor && { actor_id: actor.id, company_id: actor.company_id }),
        ...(error_type !== undefined && { error_type }),
        ...(!response.writableFinished && { cut_off: true }),
      };
      if (isPolled || unloggedPaths.has(request.path)) log.debug(fields);
      else writeLine(fields);
    });
    next();
  };
}

const normalizeRequestTarget: RequestHandler = (request, _response, next) => {
  const target = toOriginForm(request.url, request.headers.host);
  if (target === undefined) throw malformed('The authority of the request target is not the Host');
  if (!target.startsWith('/')) throw malformed('The request target is not a path');
  request.url = target;
  next();
};

/** Logged at level debug. */
const unloggedPaths = new Set(['/health', '/ready', '/metrics']);

const sendJson = (response: Response, body: unknown): void => void response.type('json').send(jsonText(body));

/** The routes that need no service key: name and version, liveness, readiness, metrics and the OpenAPI document. */
function builtInRoutes(options: ServiceOptions): [string, RequestHandler][] {
  const { service, version, routes, db, draining, metrics = [] } = options;
  let document: unknown;
  const allMetrics = [tableMetrics(db, service), ...metrics];
  return [
    ['/', (_request, response) => sendJson(response, { message: `Clientela ${service} service`, service, version })],
    ['/health', (_request, response) => sendJson(response, { status: 'healthy', service, version })],
    [
      '/ready',
      async (_request, response) => {
        const isUp = await db
          .raw('select 1')
          .timeout(1000)
          .then(
            () => true,
            () => false,
          );
        const isDraining = draining?.aborted === true;
        const isReady = isUp && !isDraining;
        response.status(isReady ? 200 : 503);
        if (!isReady) response.setHeader('Retry-After', '2');
        sendJson(response, {
          status: isDraining ? 'draining' : isUp ? 'ready' : 'unavailable',
          service,
          version,
          dependencies: { database: isUp ? 'up' : 'down' },
        });
      },
    ],
    [
      '/metrics',
      async (_request, response) => {
        const { contentType, text } = await exposeMetrics(...allMetrics);
        response.setHeader('Content-Type', contentType);
        response.end(text);
      },
    ],
    [
      '/openapi.json',
      async (_request, response) =>
        sendJson(response, (document ??= await createOpenapiDocument(service, version, routes))),
    ],
  ];
}

/** Sorts most specific first: a literal segment precedes a parameter, compared from the left. */
export function sortBySpecificity(routes: readonly Route[]): Route[] {
  const rank = (path: string) =>
    path
      .split('/')
      .map((segment) => (segment.startsWith('{') ? '1' : `0${segment}`))
      .join('/');
  return routes.toSorted((a, b) => (rank(a.path) < rank(b.path) ? -1 : 1));
}

function notFoundHandler(routes: readonly Route[]): RequestHandler {
  const templates = sortBySpecificity(routes).map(({ path, method }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll(/[.]/g, '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
  }));
  return (request) => {
    const methods = new Set(templates.filter(({ pattern }) => pattern.test(request.path)).map(({ method }) => method));
    if (methods.size === 0) throw new AppError('not_found', { detail: 'No such route' });
    if (methods.has('GET')) methods.add('HEAD');
    const allow = [...methods].toSorted().join(', ');
    throw new AppError('method_not_allowed', { detail: `Allowed methods: ${allow}`, headers: { Allow: allow } });
  };
}

/** Finds a problem that the route's operation does not declare, as `assertResponse` does for successes. */
function undeclaredCode(definition: Route, { status, body }: Awaited<ReturnType<typeof toProblem>>) {
  if (isInternal(definition) || errorCodes(definition)[status]?.includes(body.error_code)) return undefined;
  const name = `${definition.method} ${definition.path}`;
  return new AppError('internal', { detail: `${name} does not declare ${body.error_code} for ${status} (errors)` });
}

/** Converts errors to problem documents. */
function errorHandler({
  db,
  log,
  onDenied,
  validateResponses,
  formatProblem = (_path, problem) => problem,
}: ServiceOptions): ErrorRequestHandler {
  return async (error: unknown, request, response, _next) => {
    const { request_id, span, actor, route, definition, callingService } = response.locals as {
      request_id: string;
      span?: Span;
      actor?: Actor;
      route?: string;
      definition?: Route;
      callingService?: Caller;
    };
    const problem = await toProblem(error, request_id, db);
    const undeclared =
      validateResponses && definition && callingService === 'gateway' ? undeclaredCode(definition, problem) : undefined;
    const { status, headers, body } = undeclared ? await toProblem(undeclared, request_id, db) : problem;
    response.locals['error_type'] = body.error_code;
    const ids = { request_id, ...(span && { trace_id: span.trace.id }) };
    if (status === 500) log.error({ ...ids, err: error }, 'unexpected error');
    else if (status === 503)
      log.warn({ ...ids, err: error instanceof AppError ? (error.cause ?? error) : error }, body.detail);
    // A service that oversteps its rights is a fault or an attack.
    else if (status === 403 && callingService !== undefined && callingService !== 'gateway')
      log.error({ ...ids, calling_service: callingService, method: request.method, route }, body.detail);
    if (status === 403 && actor && route) {
      await onDenied?.({ actor, method: request.method, route }).catch((err: unknown) => log.warn({ ...ids, err }));
    }
    request.unpipe();
    request.resume(); // drains the rest of the body, so that the client reads the response
    if (response.headersSent) {
      response.destroy();
      return;
    }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.statusCode = status;
    response.end(request.method === 'HEAD' ? undefined : jsonText(formatProblem(request.path, body)));
  };
}
