import { parse } from 'node:querystring';
import { problemAt } from '@clientela/errors';
import { AppError, toProblem } from './to-problem.ts';
import { requestIdOf } from '@clientela/runtime';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { authenticateService, type Actor, type ServiceKeys } from '../identity/actor.ts';
import { createRouteHandler, type HandlerOptions, type HandlerDeps } from './route-handler.ts';
import { fingerprints } from '../idempotency/idempotency-key.ts';
import { createOpenapiDocument } from '../openapi/openapi.ts';
import { createRateLimiters, type RateLimits } from './rate-limit.ts';
import type { Route } from './route.ts';
import { createKeyedMutex } from '../idempotency/keyed-mutex.ts';

/** A door that a signed-in caller was not let through. */
export type DeniedRequest = { actor: Actor; method: string; route: string };

export type ServiceOptions = HandlerOptions & {
  serviceKeys: ServiceKeys;
  /** Told of each 403 to somebody who is signed in; its own failure is only logged. */
  onDenied?: (refusal: DeniedRequest) => Promise<void>;
  /** `customer`: as it is called in paths, logs and answers. */
  service: string;
  version: string;
  routes: readonly Route[];
  /** By name; left out, no limit holds. */
  rateLimits?: RateLimits | undefined;
  /** What `/metrics` shows. */
  metrics?: Registry;
};

/** A whole service: its own pages, its doors, and what happens to everything else, in the order of this function. */
export function createService(options: ServiceOptions): Express {
  const { routes, log, serviceKeys: callers } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // The whole query: by default what is past 1,000 pairs is dropped without a word. The size of the headers is the limit.
  app.set('query parser', (text: string) => parse(text, '&', '=', { maxKeys: 0 }));
  app.set('case sensitive routing', true);

  app.use(requestLogger(log));
  for (const [path, handle] of builtInRoutes(options)) app.get(path, handle);
  app.use((request, response, next) => {
    response.locals['caller'] = authenticateService(request.headers, callers); // before anything about which paths exist is said
    next();
  });
  const shared: HandlerDeps = {
    createFingerprint: fingerprints(options.secret),
    mutex: createKeyedMutex(),
    rateLimiterFor: createRateLimiters(options.rateLimits),
  };
  for (const door of sortBySpecificity(routes)) {
    const path = door.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const handler = createRouteHandler(door, options, shared);
    const named: RequestHandler = (request, response, next) => {
      response.locals['route'] = door.path;
      return handler(request, response, next);
    };
    app[door.method](path, named);
  }
  app.use(notFoundHandler(routes));
  app.use(errorHandler(options));
  return app;
}

/** Gives the request its id and writes its one line when it is over. */
function requestLogger(log: Logger): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now();
    const request_id = requestIdOf(request.headers);
    response.locals['request_id'] = request_id;
    response.setHeader('X-Request-Id', request_id);
    response.once('close', () => {
      const actor = response.locals['actor'] as Actor | undefined;
      log[quiet.has(request.path) ? 'debug' : 'info']({
        request_id,
        method: request.method,
        route: (response.locals['route'] as string | undefined) ?? 'unmatched',
        status: response.statusCode,
        ms: Math.round((performance.now() - begun) * 10) / 10,
        ...(actor && { actor_id: actor.id, company_id: actor.company_id }),
        ...(!response.writableFinished && { cut_off: true }),
      });
    });
    next();
  };
}

const quiet = new Set(['/health', '/ready', '/metrics']);

/** What a service answers on its own port to anybody: that it is there, whether it can work, its figures, and what it serves. */
function builtInRoutes({
  service,
  version,
  routes,
  db,
  metrics = new Registry(),
}: ServiceOptions): [string, RequestHandler][] {
  let document: unknown;
  return [
    ['/', (_request, response) => void response.json({ message: `Clientela ${service} service`, service, version })],
    ['/health', (_request, response) => void response.json({ status: 'healthy', service, version })],
    [
      '/ready',
      async (_request, response) => {
        const up = await db
          .raw('select 1')
          .timeout(1000)
          .then(
            () => true,
            () => false,
          );
        response.status(up ? 200 : 503);
        if (!up) response.setHeader('Retry-After', '2');
        response.json({
          status: up ? 'ready' : 'unavailable',
          service,
          version,
          dependencies: { database: up ? 'up' : 'down' },
        });
      },
    ],
    [
      '/metrics',
      async (_request, response) => {
        const figures = await metrics.metrics(); // a figure that is asked of a database that is away makes it a 503
        response.setHeader('Content-Type', metrics.contentType);
        response.end(figures);
      },
    ],
    [
      '/openapi.json',
      async (_request, response) =>
        void response.json((document ??= await createOpenapiDocument(service, version, routes))),
    ],
  ];
}

/** A literal segment beats a parameter; the first difference from the left decides. */
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
    if (methods.size === 0) throw new AppError('not_found', { detail: 'There is nothing at this path' });
    if (methods.has('GET')) methods.add('HEAD');
    const allow = [...methods].toSorted().join(', ');
    throw new AppError('method_not_allowed', { detail: `This path takes ${allow}`, headers: { Allow: allow } });
  };
}

/** Where errors turn into problem documents, and nowhere else. */
function errorHandler({ db, log, onDenied: refused }: ServiceOptions): ErrorRequestHandler {
  return async (error: unknown, request, response, _next) => {
    const { request_id, actor, route } = response.locals as { request_id: string; actor?: Actor; route?: string };
    const { status, headers, body } = await toProblem(error, request_id, db);
    if (status === 500) log.error({ request_id, err: error }, 'unexpected failure');
    else if (status === 503)
      log.warn({ request_id, err: error instanceof AppError ? (error.cause ?? error) : error }, body.detail);
    if (status === 403 && actor && route) {
      await refused?.({ actor, method: request.method, route }).catch((err: unknown) => log.warn({ request_id, err }));
    }
    request.unpipe();
    request.resume(); // a body nobody wants any more is dropped, so that the answer can be read
    if (response.headersSent) {
      response.destroy();
      return;
    }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.statusCode = status;
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(problemAt(request.path, body)));
  };
}
