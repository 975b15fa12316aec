import { createHash, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { json } from 'node:stream/consumers';
import {
  services,
  type ApiKeyVerification,
  type Revocations,
  type Service,
  type VerifiedApiKey,
} from '@clientela/contracts';
import type { Problem } from '@clientela/errors';
import { createLog } from '@clientela/runtime';
import { freePort } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { onTestFinished, vi } from 'vitest';
import { createGateway, type GatewayOptions } from '../app.ts';
import { Config } from '../config.ts';
import { readUpstreams, routesOf } from '../upstreams.ts';

const realSetTimeout = globalThis.setTimeout;

/** Polls until the condition holds, also while the test has stopped the clock. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 45_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((resolve) => realSetTimeout(resolve, 5));
  }
}

/** Stops the timers of this process, the gateway's among them, until the test ends. `vi.advanceTimersByTime` moves them. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

export async function listenOn(
  listener: RequestListener,
  port = 0,
): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer({ keepAliveTimeout: 65_000 }, listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening'); // rejects when another process has the port
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port: boundPort } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${boundPort}`, port: boundPort, server };
}

/** Returns the URL of a port on which nothing listens. */
export const unusedUrl = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`;

export type Call = {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
};
export type CallResult = {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Problem & Record<string, unknown>;
};

/** Sends one request exactly as written: no client library normalizes its path or headers. */
export const call = (port: number, { method = 'GET', path = '/', headers = {}, body }: Call): Promise<CallResult> =>
  new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = (
          /json/.test(String(res.headers['content-type'])) && text ? JSON.parse(text) : {}
        ) as CallResult['json'];
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json });
      });
    });
    req.on('error', reject);
    req.end(body);
  });

/** Opens a TCP connection on which the test writes every byte. */
export function openConnection(port: number): {
  socket: Socket;
  received: () => string;
  closed: () => boolean;
  send: (text: string | Buffer) => void;
} {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('end', () => socket.end());
  socket.on('close', () => (closed = true));
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return { socket, received: () => text, closed: () => closed, send: (data) => void socket.write(data) };
}

/** Sends one raw request, which must contain `Connection: close`, and waits until the connection closes. */
export async function sendRaw(port: number, text: string): Promise<string> {
  const connection = openConnection(port);
  connection.send(text);
  await until(connection.closed, `a response and a close after ${JSON.stringify(text.slice(0, 60))}`);
  return connection.received();
}

export function signingKey(kid: string = randomUUID()) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' } };
}
export type SigningKey = ReturnType<typeof signingKey>;

export const company_id = '018f0000-0000-7000-8000-00000000c0c0';
export const user_id = '018f0000-0000-7000-8000-0000000000aa';
export const session_id = '018f0000-0000-7000-8000-0000000000bb';

export const validClaims = (): Record<string, unknown> => ({
  iss: 'clientela',
  aud: 'clientela',
  sub: user_id,
  sid: session_id,
  jti: randomUUID(),
  role: 'admin',
  company_id,
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 900,
});

/** Signs a token with these claims over the valid ones; `undefined` omits one. */
export function signToken(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  signingWith: KeyObject = key.privateKey,
) {
  const payload = Object.fromEntries(
    Object.entries({ ...validClaims(), ...claims }).filter(([, value]) => value !== undefined),
  );
  return jwt.sign(payload, signingWith, {
    header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header },
    noTimestamp: payload['iat'] === undefined,
  });
}

type OperationLimits = {
  kind?: string;
  body_limit?: number;
  deadline?: number;
  max_silence?: number;
  open?: boolean;
  address_rate_limit?: string;
  limited?: readonly string[];
  cookies?: readonly string[];
};
/** Builds an OpenAPI document as the services commit it, from `{ '/api/things/{id}': { get: {} } }`. */
export const openApiDocument = (paths: Record<string, Record<string, OperationLimits>>): unknown => ({
  openapi: '3.1.0',
  paths: Object.fromEntries(
    Object.entries(paths).map(([template, item]) => [
      template,
      Object.fromEntries(
        Object.entries(item).map(
          ([method, { kind = 'json', body_limit = 1024 * 1024, deadline = 10_000, open = false, ...rest }]) => [
            method,
            { security: open ? [] : [{ bearer: [] }], 'x-clientela': { kind, body_limit, deadline, ...rest } },
          ],
        ),
      ),
    ]),
  ),
});

/** The default service: responds with the request that reached it. */
export const echo: RequestListener = (req, res) => {
  const sum = createHash('sha256');
  let length = 0;
  req.on('data', (chunk: Buffer) => {
    sum.update(chunk);
    length += chunk.length;
  });
  req.on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    res.end(
      JSON.stringify({
        method: req.method,
        url: req.url,
        headers: req.headers,
        raw: req.rawHeaders,
        length,
        sha256: sum.digest('hex'),
      }),
    );
  });
};

type TestGatewayOptions = {
  /** Serves the routes of the committed openapi.json files instead of `paths`. */
  committedRoutes?: boolean;
  paths?: Partial<Record<Service, Record<string, Record<string, OperationLimits>>>>;
  /** Request listener of a service; default `echo`. */
  serve?: Partial<Record<Service, RequestListener>>;
  /** URL of a service that the test runs itself. */
  urls?: Partial<Record<Service, string>>;
  settings?: Record<string, string>;
  limits?: GatewayOptions['limits'];
  /** The JSON Web Key Set that auth first publishes; default the gateway's `key`. */
  keys?: unknown;
  /** auth's first response for revocations; default none revoked. */
  revocations?: RevocationsListener;
  /** auth's first response about API keys; default that it knows none. */
  apiKeys?: ApiKeysListener;
  /** Whether to wait until the gateway has its keys; default true. */
  waitUntilReady?: boolean;
};

/** Returns the key with a hash; null for an unknown one, a status for an error, 0 for no response at all. */
type ApiKeysListener = (body: ApiKeyVerification) => VerifiedApiKey['api_key'] | number;

type RevocationsListener = (since: string | null) => { status?: number; body?: object };

/** auth's response that lists these revoked sessions and companies. */
export const revocationsResponse = (
  sessions: { sid: string; until: string }[] = [],
  companies: { id: string; active: boolean }[] = [],
  more: Partial<Pick<Revocations, 'as_of' | 'truncated' | 'api_keys_truncated'>> = {},
): ReturnType<RevocationsListener> => ({
  body: { as_of: new Date().toISOString(), sessions, companies, ...more },
});

/** Starts a real gateway in front of five stub services, and records every request that reaches them. */
export async function startTestGateway(options: TestGatewayOptions = {}) {
  const key = signingKey();
  const reached: { service: Service; method: string; url: string; headers: IncomingHttpHeaders; raw: string[] }[] = [];
  const down = new Set<Service>();
  const logLines: Record<string, unknown>[] = [];
  const ports: Partial<Record<Service, number>> = {};
  const jwks = { fetchCount: 0, keys: options.keys };
  const revocations: { polls: (string | null)[]; keys: unknown[]; respond: RevocationsListener } = {
    polls: [],
    keys: [],
    respond: options.revocations ?? (() => revocationsResponse()),
  };
  const apiKeys: { asked: ApiKeyVerification[]; respond: ApiKeysListener } = {
    asked: [],
    respond: options.apiKeys ?? (() => null),
  };
  const urls: Record<string, string> = {};

  for (const service of services) {
    const listener: RequestListener = (req, res) => {
      if (req.url === '/ready') {
        res.writeHead(down.has(service) ? 503 : 200).end('{}');
        return;
      }
      if (req.url === '/.well-known/jwks.json' && service === 'auth') {
        jwks.fetchCount += 1;
        res.setHeader('Content-Type', 'application/json');
        res.end(JSON.stringify(jwks.keys ?? { keys: [key.jwk] }));
        return;
      }
      if (req.url?.startsWith('/internal/revocations') && service === 'auth') {
        const since = new URL(req.url, 'http://auth').searchParams.get('since');
        revocations.polls.push(since);
        revocations.keys.push(req.headers['x-service-key']);
        const { status = 200, body } = revocations.respond(since);
        res.setHeader('Content-Type', 'application/json');
        if (status > 0) res.writeHead(status).end(JSON.stringify(body)); // 0: never responds
        return;
      }
      if (req.url === '/internal/api-keys/verify' && service === 'auth') {
        void json(req).then((body) => {
          apiKeys.asked.push(body as ApiKeyVerification);
          const api_key = apiKeys.respond(body as ApiKeyVerification);
          if (api_key === 0) return; // never responds
          res.setHeader('Content-Type', 'application/json');
          if (typeof api_key === 'number') res.writeHead(api_key).end('{}');
          else res.end(JSON.stringify({ api_key }));
        });
        return;
      }
      reached.push({
        service,
        method: req.method ?? '',
        url: req.url ?? '',
        headers: req.headers,
        raw: req.rawHeaders,
      });
      (options.serve?.[service] ?? echo)(req, res);
    };
    const stub = options.urls?.[service] === undefined ? await listenOn(listener) : undefined;
    urls[service] = stub?.url ?? options.urls?.[service] ?? '';
    if (stub) ports[service] = stub.port;
  }

  const config = Config.parse({
    GATEWAY_SERVICE_KEY: randomBytes(32).toString('base64url'),
    // Only tests of rate limits reach them.
    RATE_LIMIT_IP_PER_MINUTE: '1000000',
    RATE_LIMIT_IP_PER_HOUR: '1000000',
    RATE_LIMIT_USER_PER_MINUTE: '1000000',
    RATE_LIMIT_USER_PER_HOUR: '1000000',
    ...Object.fromEntries(services.map((service) => [`${service.toUpperCase()}_SERVICE_URL`, urls[service]])),
    ...options.settings,
  });
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logLines.push(
        ...chunk
          .toString()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      );
      done();
    },
  });
  const gateway = createGateway(config, {
    log: createLog('gateway', 'info', { redact: [], out }),
    upstreams: options.committedRoutes
      ? readUpstreams(config)
      : services.map((service) => ({
          service,
          urls: (urls[service] ?? '').split(','),
          routes: routesOf(openApiDocument(options.paths?.[service] ?? {})),
        })),
    limits: {
      startupRetryInterval: 20,
      revocationsInterval: 20,
      readinessInterval: 50,
      maxLoopDelay: 60_000, // a busy machine delays the event loop
      shutdownTimeout: 500,
      ...options.limits,
    },
  });
  const port = await gateway.listen('127.0.0.1', 0);
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= gateway.close());
  onTestFinished(close);

  if (options.waitUntilReady !== false) {
    await until(async () => (await call(port, { path: '/ready' })).status === 200, 'keys and revocations');
  }

  const token = signToken(key);
  return {
    port,
    key,
    token,
    bearer: { Authorization: `Bearer ${token}` },
    serviceKey: config.GATEWAY_SERVICE_KEY,
    reached,
    jwks,
    revocations,
    apiKeys,
    down,
    logLines,
    ports,
    close,
    call: (options: Call) => call(port, options),
    /** The same with a valid token. */
    callSignedIn: (options: Call) =>
      call(port, { ...options, headers: { Authorization: `Bearer ${token}`, ...options.headers } }),
  };
}
