import { createRequire } from 'node:module';
import type { Log } from '@clientela/runtime';
import express, { type RequestHandler } from 'express';
import { authenticate, createTokens } from './authenticate.ts';
import { limitBody } from './body.ts';
import type { Config } from './config.ts';
import { findRoute, readable } from './find-route.ts';
import { createForwarder } from './forward.ts';
import { ownPages, watchServices } from './health.ts';
import { identity } from './identity.ts';
import { openKeyRing, sharedSecret } from './key-ring.ts';
import { limits as usual, type Limits } from './limits.ts';
import { limitSignIns } from './rate-limits.ts';
import { openRevocations } from './revocations.ts';
import { createGatewayServer } from './server.ts';
import { readUpstreams, type Upstream } from './upstreams.ts';
import { refuse, welcome, type Door } from './visit.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export type Gateway = {
  /** @returns the port it listens on */
  listen: (host: string, port: number) => Promise<number>;
  /** Lets running requests finish, then closes everything. */
  close: () => Promise<void>;
};

export type GatewayOptions = { log: Log; upstreams?: readonly Upstream[]; limits?: Partial<Limits> };

/**
 * The gateway: one port in front of the services.
 * @param options.upstreams left out: the services' committed openapi.json files
 * @throws when they contradict each other
 */
export function createGateway(config: Config, options: GatewayOptions): Gateway {
  const { log, upstreams = readUpstreams(config) } = options;
  const limits = { ...usual, ...options.limits };
  let draining = false;

  const pages = ownPages({
    version,
    started: () => tokens.ready(),
    draining: () => draining,
    services: (missing) => services.current(missing),
  });
  const find = findRoute(upstreams, pages); // what contradicts itself fails here, before anything is opened
  const { AUTH_SERVICE_URL: auth, GATEWAY_SERVICE_KEY: service_key, JWT_SECRET_KEY: secret = '' } = config;
  const ring = config.JWT_ALGORITHM === 'HS256' ? sharedSecret(secret) : openKeyRing(auth, service_key, limits, log);
  const revocations = openRevocations(auth, service_key, limits, log);
  const tokens = createTokens(ring, revocations, limits);
  const signIns = limitSignIns(config);
  const services = watchServices(upstreams, limits);
  const forwarder = createForwarder(upstreams, limits);

  const doors: Door[] = [
    welcome(log, limits), //                   a request id, and one log line at the end
    readable(limits), //                       400, 414
    find, //                                   404, 405, or a page of our own
    signIns.door, //                           429
    authenticate(tokens), //                   401, 503 without keys or revocations
    limitBody, //                              413, 400
    identity(service_key), //                    the caller's headers out, ours in
    forwarder.door, //                         408, 413, 502, 503, 504, or the service's answer
  ];

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', config.TRUST_PROXY);
  for (const door of doors) app.use(door as RequestHandler);
  app.use(refuse(log));

  const server = createGatewayServer(app, limits, log);
  return {
    listen: server.listen,
    close: async () => {
      draining = true;
      await server.drain();
      services.close();
      signIns.close();
      revocations.close();
      ring.close();
      forwarder.close();
    },
  };
}
