import { createRequire } from 'node:module';
import { revocationsChannel } from '@clientela/contracts';
import {
  closeConnectionsWhen,
  connectRedis,
  createExpressMessages,
  createRequestMetrics,
  type Log,
} from '@clientela/runtime';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { accessLog } from './access-log.ts';
import { createApiKeys } from './api-keys.ts';
import { authenticate, createTokenVerifier, requireActor } from './authenticate.ts';
import { awaitBody, checkBodyHeaders } from './body.ts';
import { concurrencyLimits } from './concurrency.ts';
import type { Config } from './config.ts';
import { consolePages, hasConsole } from './console/pages.ts';
import { consoleSession, withSessionRoutes } from './console/session.ts';
import { responseHeadersFor } from './cors.ts';
import { docsRoutes } from './docs/pages.ts';
import { errorHandler } from './error-handler.ts';
import { builtInRoutes, startReadinessPoller } from './health.ts';
import { setIdentityHeaders } from './identity-headers.ts';
import { createJwksClient, hs256Key } from './jwks.ts';
import { limits as defaultLimits, type Limits } from './limits.ts';
import { createLoadShedding } from './load-shedding.ts';
import { metricsRoute } from './metrics.ts';
import { createProxy } from './proxy.ts';
import { yieldToOthers } from './queued-requests.ts';
import { createRefusals } from './refusals.ts';
import { createReplicas, fetchFromReplicas, type Replicas } from './replicas.ts';
import { createRateLimits } from './rate-limits.ts';
import type { Middleware } from './request-context.ts';
import { setResponseHeaders } from './response-headers.ts';
import { startRevocationPoller } from './revocations.ts';
import { matchRoutes, validateRequestTarget } from './route-matching.ts';
import { createGatewayServer } from './server.ts';
import { readUpstreams, type Upstream } from './upstreams.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export type Gateway = {
  /** @returns the port it listens on */
  listen: (host: string, port: number) => Promise<number>;
  /** Fails readiness, and ends the connection of each response from then on. */
  drain: () => void;
  /** Waits for running requests, then closes everything. */
  close: () => Promise<void>;
};

/** Runs middleware one after the other as Express does, as one layer of Express: each of its own costs as much as a short middleware. */
const inOrder =
  (middleware: readonly Middleware[]): Middleware =>
  (req, res, next) => {
    let index = 0;
    const proceed = (error?: unknown): void => {
      const current = error === undefined ? middleware[index] : undefined;
      if (!current) return next(error);
      index += 1;
      try {
        const result = current(req, res, proceed);
        if (result instanceof Promise) void result.then(undefined, next);
      } catch (failure) {
        next(failure);
      }
    };
    proceed();
  };

export type GatewayOptions = { log: Log; upstreams?: readonly Upstream[]; limits?: Partial<Limits> };

/**
 * The gateway: one port in front of the services.
 * @param options.upstreams default: the services' committed openapi.json files
 * @throws when two documents declare the same route, or one declares an internal path
 */
export function createGateway(config: Config, options: GatewayOptions): Gateway {
  const { log } = options;
  const services = options.upstreams ?? readUpstreams(config);
  const upstreams = hasConsole(config) ? withSessionRoutes(services) : services;
  const limits = { ...defaultLimits, ...options.limits };
  const draining = new AbortController();

  const builtIn = {
    ...builtInRoutes({
      version,
      hasConsole: hasConsole(config),
      isStarted: () => tokens.ready(),
      isDraining: () => draining.signal.aborted,
      serviceStates: (recheck) => readiness.current(recheck),
      dependencyStates: () => (redis ? { redis: redis.isUp() ? 'up' : 'down' } : {}),
    }),
    ...metricsRoute(config.METRICS_TOKEN),
    ...docsRoutes(version),
  };
  const routes = matchRoutes(upstreams, builtIn); // contradicting documents fail here, before anything is opened
  const { GATEWAY_SERVICE_KEY: serviceKey, JWT_SECRET_KEY: secret = '' } = config;
  const replicas = new Map(
    upstreams.map(({ service, urls }) => [service, createReplicas(service, urls, limits, log)] as const),
  );
  const fetchFromAuth = fetchFromReplicas(replicas.get('auth') as Replicas);
  const keys =
    config.JWT_ALGORITHM === 'HS256' ? hs256Key(secret) : createJwksClient(fetchFromAuth, serviceKey, limits, log);
  const apiKeys = createApiKeys(fetchFromAuth, serviceKey, limits);
  const revocations = startRevocationPoller(fetchFromAuth, serviceKey, limits, log, apiKeys);
  const tokens = createTokenVerifier(keys, revocations, limits);
  const redis = config.REDIS_URL === undefined ? undefined : connectRedis(config.REDIS_URL, log);
  const rateLimits = createRateLimits(config, redis);
  redis?.subscribe(revocationsChannel, () => void revocations.refresh());
  const readiness = startReadinessPoller(replicas, limits);
  const shedding = createLoadShedding(upstreams, limits);
  const verifiers = { tokens, apiKeys, revocations, isLimited: rateLimits.isLimited };
  const headersFor = responseHeadersFor(config.CORS_ORIGINS);
  const forward = createProxy(replicas, limits, { takesTurns: config.RATE_LIMITS === 'on' });

  const metrics = createRequestMetrics('gateway');
  const middleware: Middleware[] = [
    accessLog(log, metrics, limits, config), // assigns the request id; one log line at the end
    setResponseHeaders(headersFor), //      security headers, CORS
    validateRequestTarget(limits), //       400, 414
    consolePages(config, rateLimits.anonymous), // the files of the console
    routes.middleware, //                   404, 405, OPTIONS, or a built-in route
    yieldToOthers(), //                     sign-ins, which wait in any case
    shedding.middleware, //                 503 when overloaded, for what `refusals` leaves to the app
    rateLimits.anonymous, //                429
    rateLimits.signIns, //                  429
    authenticate(verifiers), //             finds the user or the API key
    rateLimits.authenticated, //            429
    requireActor(tokens), //                401, 403; 503 without keys or revocations, or without auth for an unknown API key
    concurrencyLimits(config), //           429
    checkBodyHeaders, //                    400, 413
    awaitBody(limits), //                   408, 413
    shedding.middleware, //                 503; counts requests with a body
    consoleSession({ fetchFromAuth, serviceKey, tokens, idleMinutes: config.CONSOLE_IDLE_MINUTES }), // the cookie of the console
    setIdentityHeaders(serviceKey), //      removes the client's headers, adds the gateway's
    forward, //                             408, 413, 502, 503, 504, or the service's response
  ];

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', config.TRUST_PROXY);
  app.use(inOrder(middleware) as RequestHandler);
  app.use(rateLimits.unmatched as ErrorRequestHandler); // 429
  app.use(errorHandler(log));

  const messages = createExpressMessages();
  messages.adopt(app);
  // 503 when overloaded, in place of the app
  const refusals = createRefusals({ shedding, routes, headersFor, metrics, limits, log });
  const server = createGatewayServer(closeConnectionsWhen(draining.signal, app), {
    refuse: (req, res) => !draining.signal.aborted && refusals.refuse(req, res),
    limits,
    log,
    messages,
    headers: headersFor(undefined),
    unknownMethod: routes.unknownMethod,
  });
  server.server.setMaxListeners(0); // the proxies of each replica wait for its end
  return {
    listen: server.listen,
    drain: () => draining.abort(),
    close: async () => {
      draining.abort();
      await server.drain();
      readiness.close();
      redis?.close();
      shedding.close();
      refusals.close();
      revocations.close();
      keys.close();
      for (const each of replicas.values()) each.close();
    },
  };
}
