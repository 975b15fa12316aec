import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLog, startTracing, type TraceSettings } from '@clientela/runtime';
import { otlpReceiver, testDatabase, testSecret, testServiceKeys, testTraceSettings } from '@clientela/testing';
import { Uuid } from '@clientela/validation';
import supertest from 'supertest';
import { expect, test as base } from 'vitest';
import { z } from 'zod';
import { createService, route, serviceClient, type Route } from '../index.ts';

const path = '/things/{thing_id}';
const Thing = z.strictObject({ name: z.string() });
const company_id = randomUUID();

/** One service on a database whose route calls another service; both are stopped with the file. */
const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
  .extend('service', { scope: 'file' }, async ({}, { onCleanup }) => {
    const called: IncomingHttpHeaders[] = [];
    const other = createServer((request, response) => {
      called.push(request.headers);
      response.writeHead(request.url?.includes('absent') ? 404 : 200).end('{"name":"x"}');
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const auth = serviceClient({ service: 'auth', url, key: 'key' });
    const database = await testDatabase('customer', { pool: 1 });
    const lines: Record<string, unknown>[] = [];
    const log = createLog('customer', 'info', { redact: [], out: { write: (line) => lines.push(JSON.parse(line)) } });
    const routes: Route[] = [
      route({
        method: 'post',
        path,
        operation: 'things.test',
        summary: 'with every part',
        allow: 'customers:create',
        params: z.strictObject({ thing_id: Uuid }),
        body: z.strictObject({ name: z.string() }),
        responses: { 201: Thing },
        prepare: async ({ actor, body }) => auth.get(`/internal/companies/${body.name}?x=Canary`, Thing, { actor }),
        handle: async ({ tx, body }) => {
          log.info('in the transaction');
          await tx('inbox_events').insert({ event_id: randomUUID(), name: body.name });
          if (body.name === 'CanaryFails') await tx.raw('select 1 / 0');
          return { name: body.name };
        },
        afterCommit: async () => {},
      }),
    ];
    const app = createService({
      service: 'customer',
      version: '1',
      db: database.db,
      log,
      serviceKeys: testServiceKeys,
      secret: testSecret,
      routes,
    });
    onCleanup(async () => {
      other.close();
      other.closeAllConnections();
      await database.drop();
    });
    return { app, called, lines };
  })
  .extend('tracing', async ({ service }, { onCleanup }) => {
    service.called.length = 0;
    service.lines.length = 0;
    const receiver = await otlpReceiver();
    let stop = async () => {};
    onCleanup(async () => {
      await stop();
      await receiver.close();
    });
    return {
      receiver,
      start: async (settings: Partial<TraceSettings> = {}) => {
        stop = await startTracing(
          'customer',
          testTraceSettings(receiver.url, settings),
          createLog('x', 'error', { redact: [] }),
        );
      },
      stop: () => stop(),
    };
  });

const trace = '0af7651916cd43dd8448eb211c80319c';
const create = (app: Parameters<typeof supertest>[0], name: string, flags = '01', headers = {}) =>
  supertest(app)
    .post(`/things/${randomUUID()}`)
    .set({
      'X-Service-Key': 'key-of-gateway',
      'X-User-Id': randomUUID(),
      'X-User-Role': 'admin',
      'X-Session-Id': randomUUID(),
      'X-Company-Id': company_id,
      traceparent: `00-${trace}-b7ad6b7169203331-${flags}`,
      ...headers,
    })
    .send({ name });

test('traces the handler, its parts, its calls and its statements below the caller’s span; log lines name the trace', async ({
  service,
  tracing,
}) => {
  await tracing.start({ OTEL_TRACES_SAMPLER_ARG: 0 });
  expect((await create(service.app, 'CanaryName')).status).toBe(201);
  await tracing.stop();
  const { spans } = tracing.receiver;
  const byName = Object.fromEntries(spans.map((span) => [span.name, span]));
  const parentOf = (name: string) => spans.find(({ id }) => id === byName[name]?.parentId)?.name;
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([trace]));
  expect(byName[`POST ${path}`]).toMatchObject({
    kind: 'server',
    parentId: 'b7ad6b7169203331',
    attributes: { 'http.route': path, 'clientela.permission': 'customers:create', 'http.response.status_code': 201 },
  });
  expect(Object.fromEntries(['prepare', 'transaction', 'after_commit'].map((name) => [name, parentOf(name)]))).toEqual({
    prepare: `POST ${path}`,
    transaction: `POST ${path}`,
    after_commit: `POST ${path}`,
  });
  expect(parentOf('GET /internal/companies/{id}')).toBe('prepare');
  expect(byName['GET /internal/companies/{id}']).toMatchObject({
    kind: 'client',
    attributes: { 'peer.service': 'auth', 'http.response.status_code': 200 },
  });
  expect(service.called[0]?.['traceparent']).toBe(`00-${trace}-${byName['GET /internal/companies/{id}']?.id}-01`);
  expect(['begin', 'insert inbox_events', 'commit'].map(parentOf)).toEqual([
    'transaction',
    'transaction',
    'transaction',
  ]);
  expect(byName['insert inbox_events']).toMatchObject({
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'INSERT', 'db.response.returned_rows': 1 },
  });
  expect(service.lines.map(({ msg, route, trace_id }) => [msg ?? route, trace_id])).toEqual([
    ['in the transaction', trace],
    [path, trace],
  ]);
  expect(tracing.receiver.bytes().includes('Canary')).toBe(false);
});

test('keeps its spans of a failed request although the caller did not sample it, and nothing of a successful one', async ({
  service,
  tracing,
}) => {
  await tracing.start();
  expect((await create(service.app, 'absent', '00')).status).toBe(201);
  expect((await create(service.app, 'CanaryFails', '00', { 'Idempotency-Key': randomUUID() })).status).toBe(500);
  await tracing.stop();
  const { spans } = tracing.receiver;
  expect(service.called[0]?.['traceparent']).toMatch(/-00$/);
  expect(spans.filter(({ name }) => name === `POST ${path}`)).toMatchObject([
    { hasFailed: true, attributes: { 'error.type': 'INTERNAL_ERROR', 'clientela.kept': 'error' } },
  ]);
  expect(
    spans.filter(({ hasFailed }) => hasFailed).map(({ name, attributes }) => [name, attributes['error.type']]),
  ).toEqual(
    expect.arrayContaining([
      ['select', '22012'],
      ['transaction', '22012'],
    ]),
  );
  expect(service.lines.find(({ msg }) => msg === 'unexpected error')).toMatchObject({ trace_id: trace });
  expect(service.lines.findLast(({ route }) => route === path)).toMatchObject({
    error_type: 'INTERNAL_ERROR',
    status: 500,
  });
  expect(tracing.receiver.bytes().includes('Canary')).toBe(false);
});

test('runs as before, without a trace in its calls and log lines, when tracing is off', async ({
  service,
  tracing,
}) => {
  expect((await create(service.app, 'CanaryName')).status).toBe(201);
  expect(service.called[0]?.['traceparent']).toBeUndefined();
  expect(service.lines.some((line) => 'trace_id' in line)).toBe(false);
  expect(tracing.receiver.spans).toEqual([]);
});
