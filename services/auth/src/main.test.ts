import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { resolve } from 'node:path';
import { freePort, childEnv, testDatabase, type TestDatabase } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { afterAll, expect, test as base } from 'vitest';
import { generateSecret } from './testing/test-auth.ts';

const entryPoint = resolve(import.meta.dirname, 'main.ts');
const gateway_key = generateSecret();
const headers = { 'X-Service-Key': gateway_key, 'Content-Type': 'application/json' };

const children: ChildProcess[] = [];

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('auth');
  onCleanup(() => database.drop());

  return database;
});
afterAll(async () => {
  await Promise.all(children.map(terminate));
});

type Started = { url: string; child: ChildProcess; output: () => string };

async function start(database: TestDatabase, AUTH_SECRET: string): Promise<Started> {
  const port = await freePort();
  const env = {
    ...childEnv,
    AUTH_PORT: String(port),
    AUTH_DATABASE_URL: database.url,
    AUTH_SERVICE_KEY: generateSecret(),
    CUSTOMER_SERVICE_URL: 'http://127.0.0.1:1',
    INTERACTION_SERVICE_URL: 'http://127.0.0.1:1',
    PRODUCT_SERVICE_URL: 'http://127.0.0.1:1',
    FAVORITES_SERVICE_URL: 'http://127.0.0.1:1',
    SERVICE_KEY_HASHES: `gateway=${createHash('sha256').update(gateway_key).digest('hex')}`,
    AUTH_SECRET,
  };
  const child = spawn(process.execPath, [entryPoint], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += String(text)));
  return { url: `http://127.0.0.1:${port}`, child, output: () => output };
}

/** Stops a process by SIGTERM, as the supervisor does. */
function terminate(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((done) => {
    child.once('exit', done);
    child.kill('SIGTERM');
  });
}

const ready = ({ url, output }: Started) =>
  expect
    .poll(async () => (await fetch(`${url}/ready`).catch(() => undefined))?.status ?? output(), { timeout: 40_000 })
    .toBe(200);

/** Retries on 503, as clients do on a busy machine. */
async function post(url: string, body: object) {
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (response.status === 503) continue;
    expect(response.ok, `${response.status} ${text}`).toBe(true);
    return JSON.parse(text) as { access_token: string; user: { id: string } };
  }
}

test(
  'two processes of one installation sign with one key; one of another installation does not start',
  { timeout: 90_000 },
  async ({ database }) => {
    const secret = generateSecret();
    const [first, second] = await Promise.all([start(database, secret), start(database, secret)]);
    await Promise.all([ready(first), ready(second)]);

    const email = 'ana@example.com';
    const password = 'correct horse battery';
    const { user } = await post(`${first.url}/auth/register`, { email, password });
    const { access_token } = await post(`${second.url}/auth/login`, { email, password });
    const jwks = await fetch(`${first.url}/.well-known/jwks.json`, { headers });
    const { keys } = (await jwks.json()) as { keys: JsonWebKey[] };
    expect(keys.map(({ use }) => use)).toEqual(['sig', 'receipts']); // one of each, although two processes started concurrently
    const key = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' });
    expect(jwt.verify(access_token, key, { algorithms: ['ES256'], audience: 'clientela' })).toMatchObject({
      sub: user.id,
    });

    const third = await start(database, generateSecret());
    const code = await new Promise((done) => third.child.once('close', done));
    expect(code).toBe(1);
    expect(third.output()).toMatch(/^Invalid settings:\n  AUTH_SECRET: does not match [^\n]+\n$/);

    expect(await Promise.all([first, second].map(({ child }) => terminate(child)))).toEqual([0, 0]);
    const output = first.output() + second.output() + third.output();
    for (const secretText of [email, password, secret, gateway_key, access_token])
      expect(output).not.toContain(secretText);
  },
);
