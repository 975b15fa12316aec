import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict } from '@clientela/errors';
import { testServiceKeys, testDatabase, testSecret, type TestDatabase } from '@clientela/testing';
import { text, Uuid } from '@clientela/validation';
import { pino } from 'pino';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createService, listen, reply, route, withAliases, withETag } from '../index.ts';

let database: TestDatabase;
let app: ReturnType<typeof createService>;
const company_id = randomUUID();
let streaming: Readable | undefined;
/** The calls of `afterCommit`, with the number of rows stored at that time. */
const afterCommitCalls: { name: string; stored: number }[] = [];
const countEvents = async (name: string) => (await database.owner('inbox_events').where({ name })).length;

const path = '/things/{thing_id}';
const params = z.strictObject({ thing_id: Uuid });
const Thing = z.strictObject({ name: z.string() });

const routes = [
  route({
    method: 'post',
    path: '/things',
    operation: 'things.test',
    summary: 'json',
    allow: 'customers:create',
    body: z.strictObject({ name: text(20), inner: z.strictObject({ size: z.int() }).optional() }),
    responses: { 201: Thing },
    errors: { 409: ['THING_NAME_TAKEN'] },
    handle: async ({ tx, body }) => {
      await tx('inbox_events').insert({ event_id: randomUUID(), name: body.name });
      if (body.name === 'surprising') throw conflict({ error_code: 'THING_SURPRISES', detail: 'No document says so' });
      if (body.name === 'fails') throw new Error('secret cause: select * from secrets');
      if (body.name === 'taken') {
        throw conflict({ resource: 'thing', field: 'name', existing: async () => ({ id: 'the other' }) });
      }
      return { name: body.name };
    },
  }),
  route({
    method: 'post',
    path: '/hooked',
    operation: 'things.test',
    summary: 'with a post-commit hook',
    allow: 'customers:create',
    body: z.strictObject({ name: text(20) }),
    responses: { 201: Thing },
    errors: { 409: ['THING_NAME_TAKEN'] },
    handle: async ({ tx, body }) => {
      await tx('inbox_events').insert({ event_id: randomUUID(), name: `hooked ${body.name}` });
      if (body.name === 'rejected') throw conflict({ resource: 'thing', field: 'name' });
      return withETag(1, { name: body.name });
    },
    afterCommit: async ({ body, result }) => {
      afterCommitCalls.push({ name: result.body.name, stored: await countEvents(`hooked ${body.name}`) });
      if (body.name === 'unlucky') throw new Error('the other service is unavailable');
    },
  }),
  route({
    method: 'post',
    path: '/wrong-response',
    operation: 'things.test',
    summary: 'violates its response schema',
    allow: 'customers:create',
    responses: { 201: Thing },
    handle: () => ({ name: 'x', secret: 1 }),
  }),
  route({
    method: 'get',
    path,
    operation: 'things.test',
    summary: 'with an ETag',
    allow: { permission: 'customers:read', own: ({ actor, params: { thing_id } }) => thing_id === actor.id },
    params,
    conditionalGet: true,
    responses: { 200: Thing },
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    handle: () => withETag(3, { name: 'third' }),
  }),
  route({
    method: 'put',
    path,
    operation: 'things.test',
    summary: 'change',
    allow: 'customers:update',
    params,
    responses: { 200: z.strictObject({ expected: z.array(z.number()).nullable() }) },
    handle: ({ expected_version }) => ({ expected: expected_version ?? null }),
  }),
  route({
    method: 'get',
    path: '/aliased/{thing_id}',
    aliases: ['/legacy/aliased/{thing_id}', '/things/aliased/of/{thing_id}'],
    operation: 'things.test',
    summary: 'under several paths',
    allow: 'customers:read',
    params,
    responses: { 200: Thing },
    handle: ({ params: { thing_id } }) => ({ name: thing_id }),
  }),
  route({
    method: 'get',
    path: '/things/special',
    operation: 'things.test',
    summary: 'literal',
    allow: 'open',
    responses: { 200: Thing },
    handle: () => ({ name: 'special' }),
  }),
  route({
    method: 'post',
    path: '/upload',
    operation: 'things.test',
    summary: 'upload',
    allow: 'customers:import',
    kind: 'upload',
    bodyLimit: 100_000,
    body: z.strictObject({ title: text(10) }),
    responses: { 200: z.strictObject({ bytes: z.int(), filename: z.string(), title: z.string() }) },
    prepare: async ({ upload }) => {
      let bytes = 0;
      for await (const chunk of upload.stream) bytes += (chunk as Buffer).length;
      return bytes;
    },
    handle: ({ prepared, upload, body }) => ({ bytes: prepared, filename: upload.filename, title: body.title }),
  }),
  route({
    method: 'post',
    path: '/form',
    operation: 'things.test',
    summary: 'JSON or upload',
    allow: 'customers:import',
    kind: 'form',
    bodyLimit: 100_000,
    body: z.strictObject({ title: text(10).optional() }),
    responses: { 200: z.strictObject({ bytes: z.int(), fields: z.record(z.string(), z.string()) }) },
    prepare: async ({ upload, body }) => {
      let bytes = 0;
      for await (const chunk of upload?.stream ?? []) bytes += (chunk as Buffer).length;
      return { bytes, fields: (await upload?.fields()) ?? (body as Record<string, string>) };
    },
    handle: ({ prepared }) => prepared,
  }),
  route({
    method: 'get',
    path: '/stream',
    operation: 'things.test',
    summary: 'stream',
    allow: 'customers:export',
    kind: 'stream',
    query: z.strictObject({ rows: z.enum(['few', 'endless', 'broken']) }),
    responses: { 200: 'text/csv' },
    handle: ({ query }) => {
      streaming = Readable.from(rowsOf(query.rows));
      return reply(200, streaming, { 'Content-Type': 'text/csv' });
    },
  }),
  route({
    method: 'get',
    path: '/internal/things',
    operation: 'things.test',
    summary: 'internal',
    allow: { internal: ['favorites'] },
    responses: { 200: Thing },
    handle: ({ actor }) => ({ name: actor.id }),
  }),
];

async function* rowsOf(kind: string) {
  for (let row = 0; kind !== 'few' || row < 3; row += 1) {
    yield `${row}\n`;
    if (kind === 'broken' && row === 2) throw new Error('half-way');
    if (kind === 'endless') await sleep(1);
  }
}

beforeAll(async () => {
  database = await testDatabase('product');
  app = createService({
    service: 'test',
    version: '1.2.3',
    routes,
    db: database.db,
    log: pino({ level: 'silent' }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    companies: async (key) =>
      key === 'COMP-001' || key === company_id
        ? { id: company_id, company_id: 'COMP-001', status: 'active', country: 'ES', currency: 'EUR' }
        : undefined,
    validateResponses: true,
  });
});
afterAll(() => database.drop());

const as = (role: string, id: string = randomUUID()) => ({
  'X-Service-Key': 'key-of-gateway',
  'X-User-Id': id,
  'X-User-Role': role,
  ...(role !== 'superuser' && { 'X-Company-Id': company_id }),
});
const stored = async () =>
  (await database.owner('inbox_events').select('name')).map(({ name }: { name: string }) => name);
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();

describe('aliases', () => {
  test('serve the route with its permission, 405 and parameters', async () => {
    const id = randomUUID();
    for (const at of ['/aliased/', '/legacy/aliased/', '/things/aliased/of/']) {
      expect((await supertest(app).get(`${at}${id}`).set(as('viewer')).expect(200)).body).toEqual({ name: id });
      await supertest(app).get(`${at}${id}`).set(as('customer')).expect(403);
      await supertest(app).get(`${at}no-uuid`).set(as('viewer')).expect(400);
      expect((await supertest(app).put(`${at}${id}`).set(as('admin')).expect(405)).headers['allow']).toBe('GET, HEAD');
    }
  });

  test('must have the parameters of their route', () => {
    const definition = {
      method: 'get',
      operation: 'things.test',
      summary: 'x',
      allow: 'open',
      responses: {},
      handle: () => ({}),
    } as const;
    expect(() => withAliases([route({ ...definition, path: '/a/{id}', aliases: ['/b/{other}'] })])).toThrow(/\/b/);
  });
});

describe('authentication and permissions', () => {
  test('a missing or unknown service key is a 401 at any path; the built-in routes are open', async () => {
    for (const at of ['/things', '/nothing', '/internal/things']) {
      const { body, headers } = await supertest(app).get(at).set('X-User-Id', randomUUID()).expect(401);
      expect(body).toMatchObject({ error_code: 'UNAUTHENTICATED', status: 401, errors: [] });
      expect(headers['content-type']).toContain('application/problem+json');
      expect(headers['www-authenticate']).toContain('Bearer');
    }
    await supertest(app).get('/things').set('X-Service-Key', 'key-of-nobody').expect(401);
    expect((await supertest(app).get('/').expect(200)).body).toMatchObject({ service: 'test', version: '1.2.3' });
    expect((await supertest(app).get('/health').expect(200)).body).toEqual({
      status: 'healthy',
      service: 'test',
      version: '1.2.3',
    });
    const metrics = await supertest(app).get('/metrics').expect(200);
    expect(metrics.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect((await supertest(app).get('/ready').expect(200)).body).toMatchObject({
      status: 'ready',
      dependencies: { database: 'up' },
    });
    expect((await supertest(app).get('/openapi.json').expect(200)).body.openapi).toBe('3.1.0');
  });

  test('a service key gives access to internal routes only, the gateway’s key to public routes only', async () => {
    const favorites = { 'X-Service-Key': 'key-of-favorites' };
    expect(
      (
        await supertest(app)
          .get('/internal/things')
          .set({ ...favorites, 'X-Company-Id': company_id })
          .expect(200)
      ).body,
    ).toEqual({
      name: 'service:favorites',
    });
    await supertest(app)
      .get('/internal/things')
      .set({ 'X-Service-Key': 'key-of-product', 'X-Company-Id': company_id })
      .expect(403);
    await supertest(app).get('/internal/things').set(as('admin')).expect(403);
    await supertest(app)
      .get(`/things/${randomUUID()}`)
      .set({ ...as('admin'), ...favorites })
      .expect(403);
  });

  test('rejects a role without the permission before parsing the body', async () => {
    const { body } = await supertest(app).post('/things').set(as('viewer')).type('json').send('{broken').expect(403);
    expect(body).toMatchObject({ error_code: 'FORBIDDEN', detail: expect.stringContaining('customers:create') });
    await supertest(app).post('/things').set({ 'X-Service-Key': 'key-of-gateway' }).send({ name: 'a' }).expect(401);
  });

  test('a customer reads their own record; another’s is a 404 as for an unknown one', async () => {
    const me = randomUUID();
    await supertest(app).get(`/things/${me}`).set(as('customer', me)).expect(200);
    expect(
      (await supertest(app).get(`/things/${randomUUID()}`).set(as('customer', me)).expect(404)).body.error_code,
    ).toBe('CUSTOMER_NOT_FOUND');
  });

  test('a superuser names any company by UUID or key, other roles only their own', async () => {
    const at = `/things/${randomUUID()}`;
    expect(paths((await supertest(app).get(at).set(as('superuser')).expect(422)).body)).toEqual(['company_id']);
    await supertest(app).get(`${at}?company_id=${company_id}`).set(as('superuser')).expect(200);
    await supertest(app).get(`${at}?company_id=comp-001`).set(as('superuser')).expect(200);
    await supertest(app).get(`${at}?company_id=COMP-002`).set(as('superuser')).expect(422);
    await supertest(app).get(`${at}?company_id=COMP-001`).set(as('admin')).expect(200);
    const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
    const unknown = strip(await supertest(app).get(`${at}?company_id=COMP-002`).set(as('admin')).expect(403));
    expect(strip(await supertest(app).get(`${at}?company_id=${randomUUID()}`).set(as('admin')).expect(403))).toEqual(
      unknown,
    );
    await supertest(app).get(`${at}?company_id=${company_id}&company_id=x`).set(as('admin')).expect(422);
  });
});

describe('a JSON route', () => {
  test('runs in one transaction and calls afterCommit', async () => {
    await supertest(app).post('/things').set(as('admin')).send({ name: 'stored' }).expect(201, { name: 'stored' });
    expect(await stored()).toContain('stored');
  });

  test('runs the post-commit hook before responding; ignores its failure; skips it after an error', async () => {
    const post = (name: string) => supertest(app).post('/hooked').set(as('admin')).send({ name });
    await post('lucky').expect(201, { name: 'lucky' });
    await post('unlucky').expect(201, { name: 'unlucky' });
    await post('rejected').expect(409);
    expect(afterCommitCalls).toEqual([
      { name: 'lucky', stored: 1 },
      { name: 'unlucky', stored: 1 },
    ]);
  });

  test('an unexpected error rolls back and reveals nothing of its cause', async () => {
    const { body, text: responseText } = await supertest(app)
      .post('/things')
      .set(as('admin'))
      .send({ name: 'fails' })
      .expect(500);
    expect(body).toMatchObject({ error_code: 'INTERNAL_ERROR', status: 500 });
    expect(responseText).not.toMatch(/secret|select/);
    expect(await stored()).not.toContain('fails');
  });

  test('an error code that the route does not declare fails its tests', async () => {
    const { body } = await supertest(app).post('/things').set(as('admin')).send({ name: 'surprising' }).expect(500);
    expect(body.detail).toBe('post /things does not declare THING_SURPRISES for 409 (errors)');
  });

  test('a conflict includes the existing record, read after the rollback', async () => {
    const { body } = await supertest(app).post('/things').set(as('admin')).send({ name: 'taken' }).expect(409);
    expect(body).toMatchObject({
      error_code: 'THING_NAME_TAKEN',
      errors: [{ path: 'name' }],
      existing: { id: 'the other' },
    });
  });

  test('an undeclared response is a 500 when responses are validated', async () => {
    await supertest(app).post('/wrong-response').set(as('admin')).send({}).expect(500);
  });

  test.each(['utf-8', 'UTF-8', 'utf8', 'UTF8', '"utf8"'])('accepts the charset %s', async (charset) => {
    const sent = supertest(app).post('/things').set(as('admin')).type(`application/json; charset=${charset}`);
    sent.write('{"name":"é"}');
    expect((await sent.expect(201)).body).toEqual({ name: 'é' });
  });

  const rejected: [string, string | Buffer, string, number][] = [
    ['broken JSON', '{"name":', 'application/json', 400],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', 400],
    ['text', 'name=a', 'text/plain', 415],
    ['a form', 'name=a', 'application/x-www-form-urlencoded', 415],
    ['another charset', '{}', 'application/json; charset=utf-16', 415],
    ['an array', '[]', 'application/json', 422],
    ['a bare string', '"a"', 'application/json', 422],
    ['null', 'null', 'application/json', 422],
    ['nothing', '', 'application/json', 422],
    ['a NUL', '{"name":"a\\u0000"}', 'application/json', 422],
    ['a lone surrogate', '{"name":"a\\ud800"}', 'application/json', 422],
    ['a prototype', '{"name":"a","__proto__":{"x":1}}', 'application/json', 422],
  ];
  test.each(rejected)('rejects %s', async (_input, body, type, status) => {
    const before = await stored();
    const request = supertest(app).post('/things').set(as('admin')).type(type);
    request.write(body);
    const response = await request.expect(status);
    expect(response.body).toMatchObject({ status, request_id: expect.any(String), timestamp: expect.any(String) });
    expect(await stored()).toEqual(before);
  });

  test('reports all errors of query and body together', async () => {
    const { body } = await supertest(app)
      .post('/things?page=1')
      .set(as('admin'))
      .send({ name: 5, colour: 1, inner: { size: '1', more: 2 } })
      .expect(422);
    expect(paths(body)).toEqual(['colour', 'inner.more', 'inner.size', 'name', 'page']);
  });

  test('is a 413 beyond the body limit and a 400 for a malformed path id', async () => {
    expect(
      (
        await supertest(app)
          .post('/things')
          .set(as('admin'))
          .send({ name: 'x'.repeat(2 ** 20) })
          .expect(413)
      ).body.error_code,
    ).toBe('PAYLOAD_TOO_LARGE');
    expect((await supertest(app).get('/things/17').set(as('admin')).expect(400)).body).toMatchObject({
      error_code: 'MALFORMED_REQUEST',
      errors: [{ path: 'thing_id' }],
    });
    await supertest(app).get('/things/%ff').set(as('admin')).expect(400);
  });
});

describe('versions', () => {
  const at = `/things/${randomUUID()}`;
  test('a read has an ETag; If-None-Match with the current one is a 304', async () => {
    const { headers } = await supertest(app).get(at).set(as('admin')).expect(200);
    expect(headers['etag']).toBe('"3"');
    for (const tag of ['"3"', 'W/"3"', '"1", "3"', '"a,b",W/"3"', '*'])
      await supertest(app).get(at).set(as('admin')).set('If-None-Match', tag).expect(304);
    for (const tag of ['"2"', '3', '"1, 3"'])
      await supertest(app).get(at).set(as('admin')).set('If-None-Match', tag).expect(200);
  });

  test('passes the versions of If-Match to the handler, weak ones and lists too; other tags match nothing', async () => {
    const expected = async (tag?: string) =>
      (
        await supertest(app)
          .put(at)
          .set(as('admin'))
          .set(tag === undefined ? {} : { 'If-Match': tag })
          .send({})
          .expect(200)
      ).body.expected;
    expect(await expected()).toBeNull();
    expect(await expected('*')).toBeNull();
    for (const tag of ['"7"', 'W/"7"', '"abc", W/"7"', '"a,b" ,"7" ,', '"7-gzip","7"'])
      expect([tag, await expected(tag)]).toEqual([tag, [7]]);
    expect(await expected('"7", W/"8","9"')).toEqual([7, 8, 9]);
    for (const tag of ['7', '"abc"', '"7', '7, "8"', 'w/"7"', '""', '"07.0"', '*, "7"', '"9999999999999999"'])
      expect([tag, await expected(tag)]).toEqual([tag, []]);
  });
});

describe('paths', () => {
  test('prefers a literal segment to a parameter, ignores a trailing slash, is case-sensitive', async () => {
    const open = { 'X-Service-Key': 'key-of-gateway' };
    expect((await supertest(app).get('/things/special').set(open).expect(200)).body).toEqual({ name: 'special' });
    await supertest(app).get('/things/special/').set(open).expect(200);
    await supertest(app).get('/Things/special').set(open).expect(404);
    const { headers } = await supertest(app).delete('/things/special').set(open).expect(405);
    expect(headers['allow']).toBe('GET, HEAD, PUT');
    await supertest(app).head('/things/special').set(open).expect(200);
  });

  test('a malformed percent sequence is a 400 on known and unknown paths, with a service key', async () => {
    for (const segment of ['%', '%zz', '%c3', '%ff', 'a%2'])
      for (const at of ['/things/', '/nowhere/', '/internal/', '/']) {
        const { body } = await supertest(app).get(`${at}${segment}`).set(as('admin')).expect(400);
        expect(body.error_code).toBe('MALFORMED_REQUEST');
        await supertest(app).get(`${at}${segment}`).expect(401);
      }
  });

  test('serves a target in absolute form whose authority is the Host; another is a 400', async () => {
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const send = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { ...as('admin'), Host: 'product.internal:8004' };
        const options = { host: '127.0.0.1', port: server.port, path, headers, agent: false };
        httpRequest(options, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
    for (const [target, status] of [
      ['http://product.internal:8004/things/special', 200],
      ['http://PRODUCT.internal:8004/health', 200],
      ['http://product.internal/things/special', 400],
      ['http://elsewhere/health', 400],
      ['ftp://product.internal:8004/health', 400],
    ] as const)
      expect([target, await send(target)]).toEqual([target, status]);
    await server.close();
  });

  test('keeps a well-formed request id and generates one otherwise', async () => {
    const requestIdFor = async (id: string) =>
      (await supertest(app).get('/health').set('X-Request-Id', id)).headers['x-request-id'];
    expect(await requestIdFor('abcdefgh-1')).toBe('abcdefgh-1');
    expect(await requestIdFor('short')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await supertest(app).get('/health').set('X-Trace-Id', 'trace_12345')).headers['x-request-id']).toBe(
      'trace_12345',
    );
  });
});

describe('an upload route', () => {
  const upload = () => supertest(app).post('/upload').set(as('admin'));
  test('passes the file to the handler as a stream, after the fields', async () => {
    const { body } = await upload().field('title', 'mine').attach('file', Buffer.alloc(70_000), 'a.bin').expect(200);
    expect(body).toEqual({ bytes: 70_000, filename: 'a.bin', title: 'mine' });
  });

  test('rejects a large file, another media type, a missing file and an unknown field', async () => {
    await upload().field('title', 'mine').attach('file', Buffer.alloc(100_001), 'a.bin').expect(413);
    await upload().send({ title: 'mine' }).expect(415);
    expect(paths((await upload().field('title', 'mine').expect(422)).body)).toEqual(['file']);
    expect(
      paths((await upload().field('title', 'mine').attach('picture', Buffer.alloc(9), 'a').expect(422)).body),
    ).toEqual(['picture']);
    const longName = 'n'.repeat(50_000);
    for (const request of [upload().attach(longName, Buffer.alloc(9), 'a'), upload().field(longName, '1')])
      expect((await request.expect(422)).text.length).toBeLessThan(1000);
    expect(
      paths((await upload().field('more', '1').attach('file', Buffer.alloc(70_000), 'a').expect(422)).body),
    ).toEqual(['more', 'title']);
    await upload().type('multipart/form-data').send('--').expect(400);
    await supertest(app).post('/upload').set(as('manager')).attach('file', Buffer.alloc(9), 'a').expect(403);
  });
});

describe('a form route', () => {
  const form = () => supertest(app).post('/form').set(as('admin'));
  test('takes fields before and after the file, or JSON instead of a form', async () => {
    const file = Buffer.alloc(70_000);
    const before = await form().field('title', 'mine').attach('file', file, 'a.bin').expect(200);
    expect(before.body).toEqual({ bytes: 70_000, fields: { title: 'mine' } });
    const after = await form().attach('file', file, 'a.bin').field('title', 'mine').expect(200);
    expect(after.body).toEqual({ bytes: 70_000, fields: { title: 'mine' } });
    expect((await form().send({ title: 'mine' }).expect(200)).body).toEqual({ bytes: 0, fields: { title: 'mine' } });
  });

  test('rejects an invalid field in front of the file, a form without one, a long body and another media type', async () => {
    const file = Buffer.alloc(70_000);
    expect(paths((await form().field('more', '1').attach('file', file, 'a').expect(422)).body)).toEqual(['more']);
    expect(paths((await form().field('title', 'mine').expect(422)).body)).toEqual(['file']);
    await form().attach('file', Buffer.alloc(100_001), 'a.bin').expect(413);
    await form().type('text/csv').send('a,b').expect(415);
    const twice = form().field('title', 'a').attach('file', file, 'a').field('title', 'b');
    expect(paths((await twice.expect(422)).body)).toEqual(['title']);
  });
});

describe('a stream route', () => {
  test('streams the response to its end', async () => {
    const { text: rows, headers } = await supertest(app).get('/stream?rows=few').set(as('admin')).expect(200);
    expect(rows).toBe('0\n1\n2\n');
    expect(headers['content-type']).toBe('text/csv');
  });

  test('destroys the source when the client disconnects; breaks the connection when the source fails', async () => {
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${server.port}/stream?rows=`;
    const controller = new AbortController();
    const response = await fetch(`${url}endless`, { headers: as('admin'), signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await expect.poll(() => streaming?.destroyed).toBe(true);

    const broken = await fetch(`${url}broken`, { headers: as('admin') });
    await expect(broken.text()).rejects.toThrow();
    await server.close();
  });
});

describe('an unavailable database', () => {
  test('is a 503 with Retry-After, and /health stays up', async () => {
    const lost = await testDatabase('product');
    const unavailableService = createService({
      service: 'test',
      version: '1',
      routes,
      db: lost.db,
      log: pino({ level: 'silent' }),
      serviceKeys: testServiceKeys,
      secret: testSecret,
    });
    await lost.drop();
    const { body, headers } = await supertest(unavailableService)
      .post('/things')
      .set(as('admin'))
      .send({ name: 'a' })
      .expect(503);
    expect(body.error_code).toBe('SERVICE_UNAVAILABLE');
    expect(headers['retry-after']).toBe('2');
    await supertest(unavailableService).get('/health').expect(200);
    await supertest(unavailableService).get('/ready').expect(503);
  });

  test('recovers from broken connections with the next request', async () => {
    await supertest(app).post('/things').set(as('admin')).send({ name: 'before' }).expect(201);
    await database.cut();
    await expect
      .poll(async () => (await supertest(app).post('/things').set(as('admin')).send({ name: 'after' })).status)
      .toBe(201);
  });
});

test('every JSON response ends with a line feed: a reply, a problem, and the built-in routes', async () => {
  const post = (body: object) => supertest(app).post('/things').set(as('admin')).send(body);
  const paths = ['/', '/health', '/ready', '/openapi.json', '/nowhere'];
  const responses = [
    await post({ name: 'ends' }).expect(201),
    await post({}).expect(422),
    ...(await Promise.all(paths.map((path) => supertest(app).get(path)))),
  ];
  for (const { text: body } of responses) expect(body).toMatch(/^\{.*\}\n$/s);
});

test('a polled route logs its successes at level debug, and its failures as any other', async () => {
  const polled = route({
    method: 'get',
    path: '/polled',
    operation: 'things.test',
    summary: 'polled',
    allow: 'open',
    tenancy: 'global',
    isPolled: true,
    query: z.strictObject({ since: text(5).optional() }),
    responses: { 200: Thing },
    handle: () => ({ name: 'a' }),
  });
  const lines: { level: number; route: string; status: number }[] = [];
  const log = pino(
    { level: 'debug' },
    { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
  );
  const options = { service: 'test', version: '1', serviceKeys: testServiceKeys, secret: testSecret };
  const polledService = createService({ ...options, routes: [polled], db: database.db, log });
  const get = (at: string) => supertest(polledService).get(at).set('X-Service-Key', 'key-of-gateway');
  await get('/polled').expect(200);
  await get('/polled?since=too-long').expect(422);
  await expect
    .poll(() => lines.map(({ level, status }) => [level, status]))
    .toEqual([
      [20, 200],
      [30, 422],
    ]);
});
