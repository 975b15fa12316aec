import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { services } from '@clientela/contracts';
import { locatePostgres } from '@clientela/embedded-postgres';
import { peers, startFleet, type Fleet } from '@clientela/fleet';
import { sharedBroker, compileCache, dataFolder, otlpReceiver, testExchange } from '@clientela/testing';
import { test, vi } from 'vitest';
import { assertDeclaredError } from './declared-errors.ts';

export type TestResponse = { status: number; headers: Headers; body: any }; // oxlint-disable-line no-explicit-any -- tests inspect bodies of every shape

export type Client = {
  token: string | undefined;
  send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<TestResponse>;
  get: (path: string, headers?: Record<string, string>) => Promise<TestResponse>;
  post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<TestResponse>;
  put: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<TestResponse>;
  patch: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<TestResponse>;
  delete: (path: string, headers?: Record<string, string>) => Promise<TestResponse>;
};

/**
 * An HTTP client of one port. A body that is a string, bytes or a form is sent unchanged.
 * @param timeout milliseconds per request
 */
export function client(url: string, token?: string, timeout = 15_000): Client {
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<TestResponse> => {
    const form = body instanceof FormData;
    const raw = form || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && !form && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ? (body as string) : JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    const text = await response.text();
    const json = /^application\/(?:problem\+)?json/.test(response.headers.get('content-type') ?? '');
    // Holds for every JSON response of every test: in a terminal the prompt follows on a line of its own.
    if (text && json && !text.endsWith('\n')) throw new Error(`${method} ${path} does not end with a line feed`);
    const content = text && json ? JSON.parse(text) : text || undefined;
    if (json && response.status >= 400) assertDeclaredError(method, path, content);
    return { status: response.status, headers: response.headers, body: content };
  };
  return {
    token,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body, headers) => send('PUT', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, headers),
    delete: (path, headers) => send('DELETE', path, undefined, headers),
  };
}

export type TestFleet = Fleet & { folder: string; end: () => Promise<void> };

/**
 * Starts a whole fleet of real processes on free ports, in its own folder. Rate limits are off unless `env` sets them.
 * @param onLine called with every line that a process writes
 */
export async function startTestFleet(
  env: NodeJS.ProcessEnv = {},
  onLine: (peer: string, line: string) => void = () => {},
): Promise<TestFleet> {
  const folder = dataFolder('clientela-fleet-');
  const fleet = await startFleet({
    folder,
    env: { RATE_LIMITS: 'off', LOG_FORMAT: 'json', ...env },
    freePorts: true,
    fsync: false,
    compileCache,
    onLine,
  });
  return {
    ...fleet,
    folder,
    end: async () => {
      await fleet.stop();
      await removeInstallation(folder);
    },
  };
}

/** Removes a stopped installation with its data, which as root is in another folder. */
export async function removeInstallation(folder: string): Promise<void> {
  for (const path of [(await locatePostgres(folder)).dataHome, folder]) rmSync(path, { recursive: true, force: true });
}

/** `JWT_SECRET_KEY` of `configuredFleet`. */
export const sharedSecret = randomBytes(32).toString('base64url');
/** `METRICS_TOKEN` of `configuredFleet`. */
export const metricsToken = randomBytes(32).toString('base64url');
/** Sign-ins per hour and address on `configuredFleet`: more than its tests need together. */
export const loginRate = 80;

/** Limits of all requests by address and user that no test reaches. */
export const wideLimits = Object.fromEntries(
  ['IP_PER_MINUTE', 'IP_PER_HOUR', 'USER_PER_MINUTE', 'USER_PER_HOUR'].map((name) => [`RATE_LIMIT_${name}`, '1000000']),
);

/** Waits until every process is ready. Asks the services too, because what the gateway says of them may be older than their last kill. */
export async function allReady({ url, ports }: TestFleet): Promise<void> {
  const urls = [...services.map((service) => `http://127.0.0.1:${ports[service]}/ready`), `${url}/ready?all=1`];
  const isReady = (each: string) =>
    fetch(each, { signal: AbortSignal.timeout(5000) })
      .then(({ status }) => status === 200)
      .catch(() => false);
  await vi.waitUntil(async () => (await Promise.all(urls.map(isReady))).every(Boolean), {
    timeout: 45_000,
    interval: 50,
  });
}

/** Waits until every process is ready again, whatever earlier tests did to them. */
async function whenReady(fleet: TestFleet): Promise<TestFleet> {
  for (const peer of peers) fleet.kill(peer, 'SIGCONT');
  await allReady(fleet);
  return fleet;
}

const shared = new Map<string, Promise<unknown>>();

/**
 * Starts something once per worker. A fixture of scope `worker` alone would start it again for every `extend` of the test that has it.
 * @param onCleanup registers the end, at that of the worker
 */
function oncePerWorker<T>(
  name: string,
  start: () => Promise<T>,
  end: (started: T) => Promise<unknown>,
  onCleanup: (end: () => Promise<void>) => void,
): Promise<T> {
  const running = shared.get(name) as Promise<T> | undefined;
  if (running) return running;
  const starting = start();
  shared.set(name, starting);
  onCleanup(async () => void (await end(await starting)));
  return starting;
}

/**
 * Tests on a fleet that other test files use too. They look only at records that they create, and wait until what they kill is back.
 * Each of the two fleets is started once per worker, because a start takes seconds.
 */
export const fleetTest = test
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
  .extend('sharedDefaultFleet', { scope: 'worker' }, ({}, { onCleanup }) =>
    oncePerWorker(
      'default',
      () => startTestFleet(),
      (fleet) => fleet.end(),
      onCleanup,
    ),
  )
  // What the configured fleet exports: 5 % of the requests, those that fail, and those that a test asks for.
  // oxlint-disable-next-line no-empty-pattern -- as above
  .extend('traces', { scope: 'worker' }, ({}, { onCleanup }) =>
    oncePerWorker('traces', otlpReceiver, (receiver) => receiver.close(), onCleanup),
  )
  // Every option that is off by default.
  .extend('sharedConfiguredFleet', { scope: 'worker' }, ({ traces }, { onCleanup }) =>
    oncePerWorker(
      'configured',
      async () =>
        startTestFleet({
          RABBITMQ_URL: await sharedBroker(),
          RABBITMQ_EXCHANGE: testExchange(),
          JWT_ALGORITHM: 'HS256',
          JWT_SECRET_KEY: sharedSecret,
          METRICS_TOKEN: metricsToken,
          TRUST_PROXY: '1',
          TRUST_TRACEPARENT: 'on',
          OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
          RATE_LIMITS: 'on',
          ...wideLimits,
          LOGIN_RATE: `${loginRate}/hour`,
          CUSTOMER_PATCH_RATE: '2/hour',
        }),
      (fleet) => fleet.end(),
      onCleanup,
    ),
  )
  .extend('defaultFleet', { scope: 'file' }, ({ sharedDefaultFleet }) => whenReady(sharedDefaultFleet))
  .extend('configuredFleet', { scope: 'file' }, ({ sharedConfiguredFleet }) => whenReady(sharedConfiguredFleet));

/** Registers a user with their own company and signs in. */
export async function newCompany(url: string): Promise<Client & { user: TestResponse['body'] }> {
  const anonymous = client(url);
  const email = `${randomUUID()}@example.com`;
  const password = 'correct horse battery';
  const registered = await anonymous.post('/auth/register', { name: 'Some Person', email, password });
  if (registered.status !== 201)
    throw new Error(`register returned ${registered.status}: ${JSON.stringify(registered.body)}`);
  const signedIn = await anonymous.post('/auth/login', { email, password });
  return { ...client(url, signedIn.body.access_token), user: signedIn.body.user };
}
