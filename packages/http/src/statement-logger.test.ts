import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { connect, type Db } from '@clientela/db';
import { createLog } from '@clientela/runtime';
import { testDatabase, testSecret, testServiceKeys, type TestDatabase } from '@clientela/testing';
import { text } from '@clientela/validation';
import supertest from 'supertest';
import { afterAll, expect, test as base } from 'vitest';
import { z } from 'zod';
import { createService, route } from './index.ts';
import { statementLogger } from './statement-logger.ts';

const pools: Db[] = [];

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('product');
  onCleanup(() => database.drop());

  return database;
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.destroy()));
});

const company_id = randomUUID();
const headers = {
  'X-Service-Key': 'key-of-gateway',
  'X-User-Id': randomUUID(),
  'X-User-Role': 'admin',
  'X-Company-Id': company_id,
};
const body = z.strictObject({
  name: text(100),
  fails: z.enum(['constraint', 'cast', 'connection', 'code', 'hang']).optional(),
});

/** Starts a service whose log lines are captured, as `runService` connects log and pool. */
function startService(database: TestDatabase, level: string) {
  const lines: { level: string; msg?: string; sql?: string; ms?: number; failed?: boolean; err?: object }[] = [];
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  const log = createLog('product', level, { redact: [], out });
  const db = connect(database.url, { pool: 1, statementTimeout: 500, onStatement: statementLogger(log) });
  pools.push(db);
  const app = createService({
    service: 'product',
    version: '1',
    routes: [
      route({
        method: 'post',
        path: '/things',
        operation: 'things.test',
        summary: 'stores a name, and fails in one of several ways',
        allow: 'products:create',
        body,
        responses: { 201: z.strictObject({}) },
        prepare: async ({ db: pool, body: { name, fails } }) => {
          if (fails !== 'hang') return;
          await pool.raw('set statement_timeout = 0');
          await pool.raw('select pg_sleep(20), ?::text', [name]); // the driver's error has no SQLSTATE
        },
        handle: async ({ tx, body: { name, fails } }) => {
          const event_id = randomUUID();
          await tx('inbox_events').insert({ event_id, name });
          if (fails === 'constraint') await tx('inbox_events').insert({ event_id, name });
          if (fails === 'cast') await tx('inbox_events').where({ event_id: name });
          if (fails === 'connection') await tx.raw('select pg_terminate_backend(pg_backend_pid()), ?::text', [name]);
          if (fails === 'code') await tx.raw('select no_such_column - ?::int from inbox_events', [1]);
          return {};
        },
      }),
    ],
    db,
    log,
    serviceKeys: testServiceKeys,
    secret: testSecret,
  });
  const post = (input: object) => supertest(app).post('/things').set(headers).send(input);
  return { lines, post, text: () => JSON.stringify(lines) };
}

test('at level debug, each statement is a line with its time and without values, a transaction’s too', async ({
  database,
}) => {
  const { lines, post, text: logged } = startService(database, 'debug');
  await post({ name: 'canary-1' }).expect(201);
  await post({ name: 'canary-2', fails: 'constraint' }).expect(500);
  const statements = lines.filter(({ msg }) => msg === 'statement');
  const insert = 'insert into "inbox_events" ("event_id", "name") values ($1, $2)';
  expect(statements.map(({ sql, failed }) => [sql, failed])).toEqual([
    ['begin', false], // the first on the connection; others are sent with the statement that follows
    [insert, false],
    ['commit', false],
    [insert, false],
    [insert, true],
    ['rollback', false],
  ]);
  for (const { level, ms } of statements) expect([level, Number(ms) >= 0]).toEqual(['debug', true]);
  expect(logged()).not.toContain('canary');
});

test.for(['info', 'warning', 'error'])(
  'at level %s, no line holds SQL, those of database errors included',
  async (level, { database }) => {
    const { lines, post, text: logged } = startService(database, level);
    await post({ name: 'canary' }).expect(201);
    for (const fails of ['constraint', 'cast', 'code'] as const) await post({ name: 'canary', fails }).expect(500);
    for (const fails of ['connection', 'hang'] as const) await post({ name: 'canary', fails }).expect(503);
    expect(lines.filter(({ err }) => err)).toHaveLength(level === 'error' ? 3 : 5);
    expect(logged()).not.toMatch(/insert into|select |inbox_events" |values \(|\$1|canary|begin|rollback/);
  },
);
