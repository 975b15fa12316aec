import { randomUUID } from 'node:crypto';
import { connectRedis, type Redis } from '@clientela/runtime';
import { startRedis, testServiceKeys, testDatabase, testSecret, type TestDatabase } from '@clientela/testing';
import { pino } from 'pino';
import supertest from 'supertest';
import { expect, onTestFinished, test as base, vi } from 'vitest';
import { z } from 'zod';
import { createService, route, type RateLimits } from '../index.ts';

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('product');
  onCleanup(() => database.drop());

  return database;
});

const body = z.strictObject({ name: z.string().optional() });
const testRoute = (method: 'patch' | 'get', path: string, rate?: string) =>
  route({
    method,
    path,
    operation: 'things.test',
    summary: path,
    allow: 'customers:update',
    ...(rate !== undefined && { rateLimit: rate }),
    ...(method === 'patch' && { body }),
    responses: { 200: z.strictObject({}) },
    handle: () => ({}),
  });
const routes = [
  testRoute('patch', '/one', 'changes'),
  testRoute('patch', '/other', 'changes'),
  testRoute('patch', '/free'),
];
const service = (database: TestDatabase, rates?: RateLimits, redis?: Redis) =>
  createService({
    service: 'test',
    version: '1',
    routes,
    db: database.db,
    log: pino({ level: 'silent' }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    rateLimits: rates,
    redis,
  });

const patcher =
  (app: ReturnType<typeof createService>) =>
  (path: string, user_id: string, { role = 'manager', payload = {} }: { role?: string; payload?: object } = {}) =>
    supertest(app)
      .patch(path)
      .set({
        'X-Service-Key': 'key-of-gateway',
        'X-User-Id': user_id,
        'X-User-Role': role,
        'X-Company-Id': randomUUID(),
      })
      .send(payload);

test('counts per user across the routes that share a limit, not for other users or routes', async ({ database }) => {
  const patch = patcher(service(database, { changes: { limit: 3, window: 60_000 } }));
  const [ana, ben] = [randomUUID(), randomUUID()];
  const first = await patch('/one', ana).expect(200);
  expect(first.headers['ratelimit']).toMatch(/^"changes"; r=2; t=60$/);
  expect(first.headers['ratelimit-policy']).toMatch(/^"changes"; q=3; w=60; pk=:/);
  await patch('/other', ana).expect(200);
  await patch('/one', ana, { payload: { unknown: 1 } }).expect(422); // invalid requests count too
  for (const path of ['/one', '/other']) {
    const { body: problem, headers } = await patch(path, ana).expect(429);
    expect(problem).toMatchObject({ status: 429, error_code: 'RATE_LIMITED', errors: [] });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(headers['ratelimit']).toMatch(/^"changes"; r=0; /);
    expect(headers['content-type']).toContain('application/problem+json');
  }
  await patch('/free', ana).expect(200);
  await patch('/one', ben).expect(200);
});

test('a 403 does not count towards the limit', async ({ database }) => {
  const patch = patcher(service(database, { changes: { limit: 1, window: 60_000 } }));
  const ana = randomUUID();
  for (let time = 0; time < 3; time += 1) await patch('/one', ana, { role: 'viewer' }).expect(403);
  await patch('/one', ana).expect(200);
});

test('resets the counter when the window ends', async ({ database }) => {
  const patch = patcher(service(database, { changes: { limit: 1, window: 1000 } }));
  const ana = randomUUID();
  await patch('/one', ana).expect(200);
  await expect.poll(async () => (await patch('/one', ana)).status).toBe(200);
});

test('is unlimited without rate limits; an unknown limit fails at start', async ({ database }) => {
  const patch = patcher(service(database));
  const ana = randomUUID();
  for (let time = 0; time < 5; time += 1) {
    const { headers } = await patch('/one', ana).expect(200);
    expect(headers['ratelimit']).toBeUndefined();
  }
  expect(() => service(database, { other: { limit: 1, window: 1000 } })).toThrow(/changes/);
});

test('is shared by the processes of a service through Redis, and counted by each while it is away', async ({
  database,
}) => {
  const server = await startRedis();
  onTestFinished(() => server.close());
  const open = () => {
    const redis = connectRedis(server.url, pino({ level: 'silent' }));
    onTestFinished(() => redis.close());
    return { redis, patch: patcher(service(database, { changes: { limit: 3, window: 60_000 } }, redis)) };
  };
  const [first, second] = [open(), open()];
  const are = (state: boolean) =>
    vi.waitUntil(() => first.redis.isUp() === state && second.redis.isUp() === state, { timeout: 45_000, interval: 5 });
  await are(true);
  const [ana, ben] = [randomUUID(), randomUUID()];
  const statuses = async (user: string) => {
    const results: number[] = [];
    for (const { patch } of [first, second, first, second, first]) results.push((await patch('/one', user)).status);
    return results;
  };
  expect(await statuses(ana)).toEqual([200, 200, 200, 429, 429]);
  await server.kill();
  await are(false);
  expect(await statuses(ben)).toEqual([200, 200, 200, 200, 200]);
  expect((await first.patch('/one', ben)).status).toBe(429);
});

test('does not count API keys, which the gateway limits', async ({ database }) => {
  const app = service(database, { changes: { limit: 1, window: 60_000 } });
  const key_id = randomUUID();
  for (let count = 0; count < 3; count += 1)
    await supertest(app)
      .patch('/one')
      .set({
        'X-Service-Key': 'key-of-gateway',
        'X-Key-Id': key_id,
        'X-User-Role': 'manager',
        'X-Permissions': 'customers:update',
        'X-Company-Id': randomUUID(),
      })
      .send({})
      .expect(200);
});
