import { createHash, generateKeyPairSync, randomBytes, randomInt, randomUUID, type KeyObject } from 'node:crypto';
import { createServer, request, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { services, type Service } from '@clientela/contracts';
import type { Problem } from '@clientela/errors';
import { createLog } from '@clientela/runtime';
import jwt from 'jsonwebtoken';
import { onTestFinished } from 'vitest';
import { createGateway, type GatewayOptions } from './app.ts';
import { Config } from './config.ts';
import { routesOf } from './upstreams.ts';

/** Waits for a condition, never for the clock. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, patience = 5000): Promise<void> {
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`it never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function listenOn(
  listener: RequestListener,
  port = 0,
): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer({ keepAliveTimeout: 65_000 }, listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port: got } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${got}`, port: got, server };
}

/**
 * An address where nobody listens. It lies below the range from which systems take the near ends of outgoing connections, so that
 * nobody comes to it by chance before the test does.
 */
export async function nobody(): Promise<string> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (free) return `http://127.0.0.1:${port}`;
  }
}

export type Call = {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
};
export type Answer = {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Problem & Record<string, unknown>;
};

/** One request as it is written: no client library tidies the path or the headers. */
export const call = (port: number, { method = 'GET', path = '/', headers = {}, body }: Call): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = (
          /json/.test(String(res.headers['content-type'])) && text ? JSON.parse(text) : {}
        ) as Answer['json'];
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json });
      });
    });
    req.on('error', reject);
    req.end(body);
  });

/** A connection on which every byte is ours. */
export function dial(port: number): {
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

/** Sends one raw request and waits until the connection closes; write `Connection: close` into it. */
export async function raw(port: number, text: string): Promise<string> {
  const line = dial(port);
  line.send(text);
  await until(line.closed, `an answer and a close after ${JSON.stringify(text.slice(0, 60))}`);
  return line.received();
}

export function signingKey(kid: string = randomUUID()) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' } };
}
export type SigningKey = ReturnType<typeof signingKey>;

export const company_id = '018f0000-0000-7000-8000-00000000c0c0';
export const user_id = '018f0000-0000-7000-8000-0000000000aa';
export const session_id = '018f0000-0000-7000-8000-0000000000bb';

export const goodClaims = (): Record<string, unknown> => ({
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

/** A token with these claims over the good ones; `undefined` leaves one out. */
export function tokenOf(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  by: KeyObject = key.privateKey,
) {
  const payload = Object.fromEntries(
    Object.entries({ ...goodClaims(), ...claims }).filter(([, value]) => value !== undefined),
  );
  return jwt.sign(payload, by, {
    header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header },
    noTimestamp: payload['iat'] === undefined,
  });
}

type Shape = { kind?: string; body_limit?: number; deadline?: number; open?: boolean };
/** An OpenAPI document as the services commit it: `{ '/api/things/{id}': { get: {} } }`. */
export const documentOf = (paths: Record<string, Record<string, Shape>>): unknown => ({
  openapi: '3.1.0',
  paths: Object.fromEntries(
    Object.entries(paths).map(([template, item]) => [
      template,
      Object.fromEntries(
        Object.entries(item).map(
          ([verb, { kind = 'json', body_limit = 1024 * 1024, deadline = 5000, open = false }]) => [
            verb,
            { security: open ? [] : [{ bearer: [] }], 'x-clientela': { kind, body_limit, deadline } },
          ],
        ),
      ),
    ]),
  ),
});

/** What the services here answer when a test says nothing else: what reached them. */
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

type StreetOptions = {
  paths?: Partial<Record<Service, Record<string, Record<string, Shape>>>>;
  /** How a service answers its routes; left out: `echo`. */
  serve?: Partial<Record<Service, RequestListener>>;
  /** Where a service is, instead of one of ours. */
  urls?: Partial<Record<Service, string>>;
  settings?: Record<string, string>;
  limits?: GatewayOptions['limits'];
  /** What auth publishes at first; left out: the street's own key. */
  keys?: unknown;
  /** What auth answers of revocations at first; left out: nothing is revoked. */
  revocations?: RevocationsAnswer;
  /** Whether the gateway has its keys before the test begins; default yes. */
  started?: boolean;
};

type RevocationsAnswer = (since: string | null) => { status?: number; body?: object };

/** How auth tells that nothing, or this, was revoked. */
export const telling = (
  sessions: { sid: string; until: string }[] = [],
  companies: { id: string; active: boolean }[] = [],
  more: { as_of?: string; truncated?: true } = {},
): ReturnType<RevocationsAnswer> => ({
  body: { as_of: new Date().toISOString(), sessions, companies, ...more },
});

/** A real gateway in front of five small servers, and everything that reached them. */
export async function startStreet(options: StreetOptions = {}) {
  const key = signingKey();
  const reached: { service: Service; method: string; url: string; headers: IncomingHttpHeaders; raw: string[] }[] = [];
  const down = new Set<Service>();
  const lines: Record<string, unknown>[] = [];
  const ports: Partial<Record<Service, number>> = {};
  const jwks = { asked: 0, keys: options.keys };
  const revocations: { asked: (string | null)[]; keys: unknown[]; answer: RevocationsAnswer } = {
    asked: [],
    keys: [],
    answer: options.revocations ?? (() => telling()),
  };
  const urls: Record<string, string> = {};

  for (const service of services) {
    const front: RequestListener = (req, res) => {
      if (req.url === '/ready') {
        res.writeHead(down.has(service) ? 503 : 200).end('{}');
        return;
      }
      if (req.url === '/.well-known/jwks.json' && service === 'auth') {
        jwks.asked += 1;
        res.setHeader('Content-Type', 'application/json');
        res.end(JSON.stringify(jwks.keys ?? { keys: [key.jwk] }));
        return;
      }
      if (req.url?.startsWith('/internal/revocations') && service === 'auth') {
        const since = new URL(req.url, 'http://auth').searchParams.get('since');
        revocations.asked.push(since);
        revocations.keys.push(req.headers['x-service-key']);
        const { status = 200, body } = revocations.answer(since);
        res.setHeader('Content-Type', 'application/json');
        if (status > 0) res.writeHead(status).end(JSON.stringify(body)); // 0: it never answers
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
    const own = options.urls?.[service] === undefined ? await listenOn(front) : undefined;
    urls[service] = own?.url ?? options.urls?.[service] ?? '';
    if (own) ports[service] = own.port;
  }

  const config = Config.parse({
    GATEWAY_SERVICE_KEY: randomBytes(32).toString('base64url'),
    ...Object.fromEntries(services.map((service) => [`${service.toUpperCase()}_SERVICE_URL`, urls[service]])),
    ...options.settings,
  });
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(
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
    log: createLog('gateway', 'info', out),
    upstreams: services.map((service) => ({
      service,
      url: urls[service] ?? '',
      routes: routesOf(documentOf(options.paths?.[service] ?? {})),
    })),
    limits: {
      upstream_idle: 1000,
      keys_retry: 20,
      revocations_every: 20,
      ready_age: 50,
      drain: 500,
      ...options.limits,
    },
  });
  const port = await gateway.listen('127.0.0.1', 0);
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= gateway.close());
  onTestFinished(close);

  if (options.started !== false) {
    await until(
      async () => (await call(port, { path: '/ready' })).status === 200,
      'the gateway has its keys and the revocations',
    );
  }

  const token = tokenOf(key);
  return {
    port,
    key,
    token,
    bearer: { Authorization: `Bearer ${token}` },
    service_key: config.GATEWAY_SERVICE_KEY,
    reached,
    jwks,
    revocations,
    down,
    lines,
    ports,
    close,
    call: (it: Call) => call(port, it),
    /** The same, signed in. */
    as: (it: Call) => call(port, { ...it, headers: { Authorization: `Bearer ${token}`, ...it.headers } }),
  };
}
