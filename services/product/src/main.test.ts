import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { childEnv, ended, freePort, testDatabase } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';

const key = randomBytes(32).toString('base64url');

/** Sends a request and reads the parts of its response that a stop changes. */
const call = (port: number, path: string, agent?: Agent) =>
  new Promise<{ status: number; connection: string | undefined; state: unknown }>((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', path, agent, headers: { 'X-Service-Key': key } }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          connection: res.headers.connection,
          state: (JSON.parse(text) as { status: unknown }).status,
        }),
      );
    });
    req.on('error', reject).end();
  });

test('a service starts once its migrations are there; SIGTERM fails its readiness first, and it goes on serving', async () => {
  const database = await testDatabase('product');
  const port = await freePort();
  const done = database.owner('migrations.done');
  const last = (await done.clone().orderBy('id', 'desc').first()) as { id: number };
  await done.clone().where({ id: last.id }).delete();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...childEnv,
      PRODUCT_PORT: String(port),
      PRODUCT_DATABASE_URL: database.url,
      PRODUCT_SERVICE_KEY: key,
      PRODUCT_SECRET: key,
      SERVICE_KEY_HASHES: `gateway=${createHash('sha256').update(key).digest('hex')}`,
      AUTH_SERVICE_URL: 'http://127.0.0.1:1',
      DRAIN_DELAY: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    await ended(child, 'SIGKILL');
    await database.drop();
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ready = () => call(port, '/ready').catch(() => undefined);

  await expect.poll(ready).toMatchObject({ status: 503, state: 'starting' });
  expect(await call(port, '/health')).toMatchObject({ status: 200, state: 'healthy' });
  expect(await call(port, '/api/products')).toMatchObject({ status: 503, connection: 'close' });
  await expect.poll(() => log).toContain('waiting for the migrations of the database');
  await done.clone().insert(last);
  await expect.poll(ready).toMatchObject({ status: 200, state: 'ready' });

  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  expect(await call(port, '/health', agent)).toMatchObject({ status: 200, connection: 'keep-alive' });
  child.kill('SIGTERM');
  await expect.poll(ready).toMatchObject({ status: 503, state: 'draining', connection: 'close' });
  expect(await call(port, '/health', agent)).toMatchObject({ status: 200, connection: 'close' });
  expect(child.exitCode).toBe(null);
  await ended(child);
  expect(child.exitCode).toBe(0);
  await expect(call(port, '/health')).rejects.toThrow('ECONNREFUSED');
});
