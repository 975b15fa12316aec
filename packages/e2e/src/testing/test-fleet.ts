import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { peers, startFleet, type Fleet } from '@clientela/fleet';
import { sharedBroker, compileCache, testExchange } from '@clientela/testing';
import { test, vi } from 'vitest';

export type Answer = { status: number; headers: Headers; body: any }; // oxlint-disable-line no-explicit-any -- bodies of every shape are looked into

export type Client = {
  token: string | undefined;
  send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
  post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  put: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  patch: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  delete: (path: string, headers?: Record<string, string>) => Promise<Answer>;
};

/** A client of one port, as any program that speaks HTTP. A body that is a string, bytes or a form is sent as it is. */
export function client(url: string, token?: string): Client {
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const form = body instanceof FormData;
    const raw = form || typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && !form && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ? (body as string) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await answer.text();
    const json = /^application\/(?:problem\+)?json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: text && json ? JSON.parse(text) : undefined };
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

export type TestStreet = Fleet & { folder: string; end: () => Promise<void> };

/**
 * A whole street of real processes on free ports, in a folder of its own. Its tests sign in more often than people do.
 * @param log_lines given every line that a program writes
 */
export async function testStreet(
  env: NodeJS.ProcessEnv = {},
  log_lines: (program: string, line: string) => void = () => {},
): Promise<TestStreet> {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-street-'));
  const fleet = await startFleet({
    folder,
    env: { RATE_LIMITS: 'off', ...env },
    free_ports: true,
    fsync: false,
    compile_cache: compileCache,
    log_lines,
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

/** Removes a stopped installation with its data, which as root lies elsewhere. */
export async function removeInstallation(folder: string): Promise<void> {
  for (const path of [(await locatePostgres(folder)).home, folder]) rmSync(path, { recursive: true, force: true });
}

/** `JWT_SECRET_KEY` of `street_with_settings`. */
export const sharedSecret = randomBytes(32).toString('base64url');
/** Sign-ins an hour from one address on `street_with_settings`: more than its stories need together. */
export const loginRate = 80;

/** The street itself, once everything of it is there, whatever the stories before did to it. */
async function whole(street: TestStreet): Promise<TestStreet> {
  for (const program of peers) street.kill(program, 'SIGCONT');
  const ready = async () => (await client(street.url).get('/ready?all=1')).status === 200;
  await vi.waitUntil(() => ready().catch(() => false), { timeout: 30_000, interval: 50 });
  return street;
}

/**
 * Stories that can do with a street that others were on before: whatever they make is new and looked at by its own id, and whatever they
 * kill is back when they end. As a start takes seconds, each of the two is started once in a run.
 */
export const shared = test
  // oxlint-disable-next-line no-empty-pattern -- vitest reads there what it needs: nothing
  .extend('first', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const street = await testStreet();
    onCleanup(() => street.end());
    return street;
  })
  // Everything that may be set and is off by itself.
  // oxlint-disable-next-line no-empty-pattern -- as above
  .extend('second', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const street = await testStreet({
      RABBITMQ_URL: await sharedBroker(),
      RABBITMQ_EXCHANGE: testExchange(),
      JWT_ALGORITHM: 'HS256',
      JWT_SECRET_KEY: sharedSecret,
      TRUST_PROXY: '1',
      RATE_LIMITS: 'on',
      LOGIN_RATE: `${loginRate}/hour`,
      CUSTOMER_PATCH_RATE: '2/hour',
    });
    onCleanup(() => street.end());
    return street;
  })
  .extend('street', { scope: 'file' }, ({ first }) => whole(first))
  .extend('street_with_settings', { scope: 'file' }, ({ second }) => whole(second));

/** Signs up a new person with a company of its own and signs in. */
export async function newCompany(url: string): Promise<Client & { user: Answer['body'] }> {
  const open = client(url);
  const email = `${randomUUID()}@example.com`;
  const password = 'correct horse battery';
  const registered = await open.post('/auth/register', { name: 'Some Person', email, password });
  if (registered.status !== 201)
    throw new Error(`register answered ${registered.status}: ${JSON.stringify(registered.body)}`);
  const signedIn = await open.post('/auth/login', { email, password });
  return { ...client(url, signedIn.body.access_token), user: signedIn.body.user };
}
