import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { place, startFleet, type Fleet } from '@clientela/fleet';

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
  for (const path of [(await place(folder)).home, folder]) rmSync(path, { recursive: true, force: true });
}

let people = 0;

/** Signs up a new person with a company of its own and signs in. */
export async function newCompany(url: string): Promise<Client & { user: Answer['body'] }> {
  people += 1;
  const open = client(url);
  const email = `person${people}.${process.pid}@example.com`;
  const password = 'correct horse battery';
  const registered = await open.post('/auth/register', { name: `Person ${people}`, email, password });
  if (registered.status !== 201)
    throw new Error(`register answered ${registered.status}: ${JSON.stringify(registered.body)}`);
  const signedIn = await open.post('/auth/login', { email, password });
  return { ...client(url, signedIn.body.access_token), user: signedIn.body.user };
}
