import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import jwt from 'jsonwebtoken';
import { endWithParent, isChild, startChild, type Reference } from './child.ts';

export type FastifyGateway = Reference<{ port: number }>;

/**
 * Starts the leanest gateway that people build: Fastify and its proxy, tokens verified once and remembered, identity headers set. No
 * route table, limits, deadlines, turns, load shedding or rules for headers.
 * @param settings.upstream URL of the service
 * @param settings.authUrl URL of auth, whose keys verify the tokens
 */
export const startFastifyGateway = (settings: {
  upstream: string;
  authUrl: string;
  serviceKey: string;
  hasLogger: boolean;
}): Promise<FastifyGateway> =>
  startChild(fileURLToPath(import.meta.url), {
    UPSTREAM: settings.upstream,
    AUTH_URL: settings.authUrl,
    SERVICE_KEY: settings.serviceKey,
    LOGGER: settings.hasLogger ? 'on' : 'off',
  });

type Identity = Record<string, string>;

async function fetchKeys(url: string, serviceKey: string): Promise<Map<string, KeyObject>> {
  const response = await fetch(`${url}/.well-known/jwks.json`, { headers: { 'X-Service-Key': serviceKey } });
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] };
  return new Map(keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
}

if (isChild(import.meta.url)) {
  const { UPSTREAM = '', AUTH_URL = '', SERVICE_KEY = '', LOGGER } = process.env;
  const keys = await fetchKeys(AUTH_URL, SERVICE_KEY);
  const verified = new Map<string, Identity>();
  const identityOf = (authorization = ''): Identity | undefined => {
    const token = authorization.slice('Bearer '.length);
    const known = verified.get(token);
    if (known) return known;
    try {
      const kid = jwt.decode(token, { complete: true })?.header.kid ?? '';
      const claims = jwt.verify(token, keys.get(kid) as KeyObject, { algorithms: ['ES256'] }) as Record<string, string>;
      const identity = {
        'x-service-key': SERVICE_KEY,
        'x-user-id': claims['sub'] ?? '',
        'x-user-role': claims['role'] ?? '',
        'x-session-id': claims['sid'] ?? '',
        'x-company-id': claims['company_id'] ?? '',
      };
      verified.set(token, identity);
      return identity;
    } catch {
      return undefined;
    }
  };
  const app = fastify(LOGGER === 'on' ? { logger: { stream: createWriteStream(devNull) } } : { logger: false });
  const identities = new WeakMap<object, Identity>();
  await app.register(httpProxy, {
    upstream: UPSTREAM,
    preHandler: (request, reply, done) => {
      const identity = identityOf(request.headers.authorization);
      if (!identity) {
        void reply.code(401).send({ error: 'unauthorized' });
        return;
      }
      identities.set(request.raw, { ...identity, 'x-request-id': request.id, 'x-client-ip': request.ip });
      done();
    },
    replyOptions: {
      rewriteRequestHeaders: (request, { authorization: _authorization, ...headers }) => ({
        ...headers,
        ...identities.get(request.raw),
      }),
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send?.({ port: (app.server.address() as AddressInfo).port });
  endWithParent();
}
