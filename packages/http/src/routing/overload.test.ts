import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tx } from '@clientela/db';
import { testDatabase, testSecret, testServiceKeys, type TestDatabase } from '@clientela/testing';
import { text } from '@clientela/validation';
import { pino } from 'pino';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createService, route } from '../index.ts';
import { remainingTime } from './deadline.ts';

let database: TestDatabase;
let app: ReturnType<typeof createService>;
/** What the handlers were started with. */
const started: { name: string; remaining: number | undefined }[] = [];
let work: (signal: AbortSignal, tx: Tx) => Promise<unknown> = async () => {};

const routes = [
  route({
    method: 'post',
    path: '/things',
    operation: 'things.create',
    summary: 'change',
    allow: 'customers:create',
    body: z.strictObject({ name: text(50) }),
    responses: { 201: z.strictObject({ name: z.string() }) },
    deadline: 5000,
    handle: async ({ tx, body, signal }) => {
      started.push({ name: body.name, remaining: remainingTime(signal) });
      await tx('inbox_events').insert({ event_id: randomUUID(), name: body.name });
      await work(signal, tx);
      return { name: body.name };
    },
  }),
  route({
    method: 'post',
    path: '/things/steps',
    operation: 'things.create_in_steps',
    summary: 'change with its own transaction',
    allow: 'customers:create',
    body: z.strictObject({ name: text(50) }),
    responses: { 201: z.strictObject({ name: z.string() }) },
    deadline: 5000,
    transaction: 'own',
    idempotency: 'steps',
    handle: ({ runStep, body, signal }) =>
      runStep(1, async (tx) => {
        await tx('inbox_events').insert({ event_id: randomUUID(), name: body.name });
        await work(signal, tx);
        return { name: body.name };
      }),
  }),
];

beforeAll(async () => {
  database = await testDatabase('product');
  app = createService({
    service: 'test',
    version: '1',
    routes,
    db: database.db,
    log: pino({ level: 'silent' }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    maxInFlight: 2,
  });
});
afterAll(() => database.drop());

const post = (name: string, headers: Record<string, string>, path = '/things') =>
  supertest(app)
    .post(path)
    .set({
      'X-Service-Key': 'key-of-gateway',
      'X-User-Id': randomUUID(),
      'X-User-Role': 'admin',
      'X-Company-Id': randomUUID(),
      ...headers,
    })
    .send({ name });
const isStored = async (name: string) => (await database.owner('inbox_events').where({ name })).length > 0;
const hasStarted = (name: string) => started.some((request) => request.name === name);

test.for(['0', '-20'])('work whose time has passed (%s ms left) is a 503, and nothing is started', async (left) => {
  const name = `late ${left}`;
  const { body, headers } = await post(name, { 'X-Request-Timeout': left }).expect(503);
  expect([body.error_code, headers['retry-after']]).toEqual(['DEADLINE_EXCEEDED', '1']);
  expect([hasStarted(name), await isStored(name)]).toEqual([false, false]);
});

test('the time left bounds the signal; it cannot prolong the deadline of the route, and a malformed one is ignored', async () => {
  for (const [left, most] of Object.entries({ 2500: 2500, 60000: 5000, soon: 5000, '1e3': 5000 })) {
    await post(`left ${left}`, { 'X-Request-Timeout': left }).expect(201);
    const { remaining = 0 } = started.at(-1) ?? {};
    expect(remaining).toBeGreaterThan(most - 2500);
    expect(remaining).toBeLessThanOrEqual(most);
  }
});

test.for([{}, { 'Idempotency-Key': randomUUID() }])(
  'a change that is not complete in time is rolled back (%o)',
  async (headers) => {
    const name = `slow ${JSON.stringify(headers).slice(0, 20)}`;
    let workRuns = 0;
    work = (signal) => {
      workRuns += 1;
      return signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    for (const path of ['/things', '/things/steps']) {
      const runs = workRuns;
      // Has longer while the machine is too busy to start it in time.
      for (let left = 100; workRuns === runs; left *= 2) {
        const { body } = await post(name, { 'X-Request-Timeout': String(left), ...headers }, path).expect(503);
        expect(body.error_code).toBe('DEADLINE_EXCEEDED');
        expect(await isStored(name)).toBe(false);
      }
    }
    work = async () => {};
  },
);

test('a statement that still runs when the time has passed is cancelled; the next request has the usual time for its own', async () => {
  const timeouts: string[] = [];
  let sleeps = false;
  work = async (_signal, tx) => {
    timeouts.push(
      (await tx.raw<{ rows: { statement_timeout: string }[] }>('show statement_timeout')).rows[0]?.statement_timeout ??
        '',
    );
    if (sleeps) await tx.raw('select pg_sleep(60)');
  };
  for (const path of ['/things', '/things/steps']) {
    timeouts.length = 0;
    sleeps = true;
    // Has longer while the machine is too busy to start it in time.
    for (let left = 300; timeouts.length === 0; left *= 2) {
      const { body } = await post('asleep', { 'X-Request-Timeout': String(left) }, path).expect(503);
      expect(body.error_code).toBe('DEADLINE_EXCEEDED');
      if (timeouts.length > 0) expect(Number(/^(\d+)ms$/.exec(timeouts[0] ?? '')?.[1])).toBeLessThanOrEqual(left);
    }
    sleeps = false;
    await post('awake', {}, path).expect(201); // on the only connection
    expect(timeouts[1]).toMatch(/^(5s|[34]\d\d\dms)$/);
  }
  work = async () => {};
  expect(await isStored('asleep')).toBe(false);
});

test('a connection that is lost when the time has passed does not promise that nothing was changed', async () => {
  work = async (signal, tx) => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await tx.raw('select pg_terminate_backend(pg_backend_pid())');
  };
  // Has longer while the machine is too busy to start it in time.
  let error_code: unknown;
  for (let left = 100; !hasStarted('lost'); left *= 2)
    ({ error_code } = (await post('lost', { 'X-Request-Timeout': String(left) }).expect(503)).body);
  work = async () => {};
  expect(error_code).toBe('SERVICE_UNAVAILABLE');
});

test('a change whose time passes while it waits for a connection of the pool is not started', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  work = () => promise; // holds the only connection
  const first = post('first', {}).then(({ status }) => status);
  await expect.poll(() => hasStarted('first')).toBe(true);
  const second = post('second', { 'X-Request-Timeout': '600' }).then((response) => response);
  const { pool } = database.db.client as { pool: { numPendingAcquires: () => number } };
  await expect.poll(() => pool.numPendingAcquires()).toBe(1);
  await sleep(650);
  resolve();
  const { status, body } = await second;
  expect(status).toBe(503);
  expect(await first).toBe(201);
  work = async () => {};
  expect(body.error_code).toBe('DEADLINE_EXCEEDED');
  expect([hasStarted('second'), await isStored('second'), await isStored('first')]).toEqual([false, false, true]);
});

test('beyond the limit on requests in progress a request is a 503 at once, also without a service key; /health is not', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  work = () => promise;
  const others = ['one', 'two'].map((name) => post(name, {}).then(({ status }) => status));
  await expect.poll(() => hasStarted('one')).toBe(true);
  const rejected = [await post('three', {}), await post('four', { 'X-Service-Key': 'unknown' })];
  const health = await supertest(app).get('/health');
  resolve();
  expect(await Promise.all(others)).toEqual([201, 201]);
  work = async () => {};
  for (const { status, body, headers } of rejected)
    expect([status, body.error_code, headers['retry-after']]).toEqual([503, 'OVERLOADED', '1']);
  expect([health.status, hasStarted('three')]).toEqual([200, false]);
  await post('three', {}).expect(201);
});
