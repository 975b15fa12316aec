import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict } from '@clientela/errors';
import { testServiceKeys, testDatabase, testSecret, type TestDatabase } from '@clientela/testing';
import { text, Uuid } from '@clientela/validation';
import { pino } from 'pino';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createService, listen, reply, route, withETag } from '../index.ts';

let database: TestDatabase;
let app: ReturnType<typeof createService>;
const company_id = randomUUID();
const committed: unknown[] = [];
let streaming: Readable | undefined;
/** What a door did after its commit, and how many rows were there then. */
const followed: { name: string; stored: number }[] = [];
const named = async (name: string) => (await database.owner('inbox_events').where({ name })).length;

const path = '/things/{thing_id}';
const params = z.strictObject({ thing_id: Uuid });
const Thing = z.strictObject({ name: z.string() });

const routes = [
  route({
    method: 'post',
    path: '/things',
    summary: 'json',
    allow: 'customers:create',
    body: z.strictObject({ name: text(20), inner: z.strictObject({ size: z.int() }).optional() }),
    responses: { 201: Thing },
    handle: async ({ tx, body }) => {
      await tx('inbox_events').insert({ event_id: randomUUID(), name: body.name });
      if (body.name === 'fails') throw new Error('secret cause: select * from nowhere');
      if (body.name === 'taken') {
        throw conflict({ resource: 'thing', field: 'name', existing: async () => ({ id: 'the other' }) });
      }
      return { name: body.name };
    },
  }),
  route({
    method: 'post',
    path: '/followed',
    summary: 'with something to do after the commit',
    allow: 'customers:create',
    body: z.strictObject({ name: text(20) }),
    responses: { 201: Thing },
    handle: async ({ tx, body }) => {
      await tx('inbox_events').insert({ event_id: randomUUID(), name: `followed ${body.name}` });
      if (body.name === 'refused') throw conflict({ resource: 'thing', field: 'name' });
      return withETag(1, { name: body.name });
    },
    afterCommit: async ({ body, result }) => {
      followed.push({ name: result.body.name, stored: await named(`followed ${body.name}`) });
      if (body.name === 'unlucky') throw new Error('the other service is away');
    },
  }),
  route({
    method: 'post',
    path: '/wrong-answer',
    summary: 'answers another shape than it declares',
    allow: 'customers:create',
    responses: { 201: Thing },
    handle: () => ({ name: 'x', secret: 1 }),
  }),
  route({
    method: 'get',
    path,
    summary: 'one, by its version',
    allow: { permission: 'customers:read', own: ({ actor, params: { thing_id } }) => thing_id === actor.id },
    params,
    conditionalGet: true,
    responses: { 200: Thing },
    handle: () => withETag(3, { name: 'third' }),
  }),
  route({
    method: 'put',
    path,
    summary: 'change',
    allow: 'customers:update',
    params,
    responses: { 200: z.strictObject({ expected: z.number().nullable() }) },
    handle: ({ expected_version }) => ({ expected: expected_version ?? null }),
  }),
  route({
    method: 'get',
    path: '/things/special',
    summary: 'literal',
    allow: 'open',
    responses: { 200: Thing },
    handle: () => ({ name: 'special' }),
  }),
  route({
    method: 'post',
    path: '/upload',
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
    method: 'get',
    path: '/stream',
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
    afterCommit: (tx) => committed.push(tx),
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

describe('who comes in', () => {
  test('nobody without a service key, whatever the path; the own pages are open', async () => {
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
    const figures = await supertest(app).get('/metrics').expect(200);
    expect(figures.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect((await supertest(app).get('/ready').expect(200)).body).toMatchObject({
      status: 'ready',
      dependencies: { database: 'up' },
    });
    expect((await supertest(app).get('/openapi.json').expect(200)).body.openapi).toBe('3.1.0');
  });

  test('a service’s key opens its internal doors and no public one; the gateway’s the reverse', async () => {
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

  test('a role without the permission is refused before its body is looked at', async () => {
    const { body } = await supertest(app).post('/things').set(as('viewer')).type('json').send('{broken').expect(403);
    expect(body).toMatchObject({ error_code: 'FORBIDDEN', detail: expect.stringContaining('customers:create') });
    await supertest(app).post('/things').set({ 'X-Service-Key': 'key-of-gateway' }).send({ name: 'a' }).expect(401);
  });

  test('a customer reaches its own record, and another’s is the 404 of an unknown one', async () => {
    const me = randomUUID();
    await supertest(app).get(`/things/${me}`).set(as('customer', me)).expect(200);
    expect(
      (await supertest(app).get(`/things/${randomUUID()}`).set(as('customer', me)).expect(404)).body.error_code,
    ).toBe('CUSTOMER_NOT_FOUND');
  });

  test('a superuser names its company by UUID or key; another role only its own', async () => {
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

describe('a json door', () => {
  test('stores and answers in one transaction, and tells the relay after the commit', async () => {
    const before = committed.length;
    await supertest(app).post('/things').set(as('admin')).send({ name: 'kept' }).expect(201, { name: 'kept' });
    expect(await stored()).toContain('kept');
    expect(committed.length).toBe(before + 1);
  });

  test('does what follows the commit before it answers; its failure changes nothing, a refusal has nothing to follow', async () => {
    const post = (name: string) => supertest(app).post('/followed').set(as('admin')).send({ name });
    await post('lucky').expect(201, { name: 'lucky' });
    await post('unlucky').expect(201, { name: 'unlucky' });
    await post('refused').expect(409);
    expect(followed).toEqual([
      { name: 'lucky', stored: 1 },
      { name: 'unlucky', stored: 1 },
    ]);
  });

  test('a failure leaves nothing behind and says nothing of its cause', async () => {
    const before = committed.length;
    const { body, text: answer } = await supertest(app)
      .post('/things')
      .set(as('admin'))
      .send({ name: 'fails' })
      .expect(500);
    expect(body).toMatchObject({ error_code: 'INTERNAL_ERROR', status: 500 });
    expect(answer).not.toMatch(/secret|select/);
    expect(await stored()).not.toContain('fails');
    expect(committed.length).toBe(before);
  });

  test('a conflict shows the record in the way, looked up after the rollback', async () => {
    const { body } = await supertest(app).post('/things').set(as('admin')).send({ name: 'taken' }).expect(409);
    expect(body).toMatchObject({
      error_code: 'THING_NAME_TAKEN',
      errors: [{ path: 'name' }],
      existing: { id: 'the other' },
    });
  });

  test('an answer of another shape than declared is found in tests', async () => {
    await supertest(app).post('/wrong-answer').set(as('admin')).send({}).expect(500);
  });

  const refused: [string, string | Buffer, string, number][] = [
    ['broken JSON', '{"name":', 'application/json', 400],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', 400],
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
  test.each(refused)('refuses %s', async (_what, body, type, status) => {
    const before = await stored();
    const request = supertest(app).post('/things').set(as('admin')).type(type);
    request.write(body);
    const answer = await request.expect(status);
    expect(answer.body).toMatchObject({ status, request_id: expect.any(String), timestamp: expect.any(String) });
    expect(await stored()).toEqual(before);
  });

  test('names every fault of query and body together', async () => {
    const { body } = await supertest(app)
      .post('/things?page=1')
      .set(as('admin'))
      .send({ name: 5, colour: 1, inner: { size: '1', more: 2 } })
      .expect(422);
    expect(paths(body)).toEqual(['colour', 'inner.more', 'inner.size', 'name', 'page']);
  });

  test('is 413 past its limit and 400 for a path id that is none', async () => {
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
  test('a read has an ETag and is not sent again while it is the same', async () => {
    const { headers } = await supertest(app).get(at).set(as('admin')).expect(200);
    expect(headers['etag']).toBe('"3"');
    for (const tag of ['"3"', 'W/"3"', '"1", "3"', '*'])
      await supertest(app).get(at).set(as('admin')).set('If-None-Match', tag).expect(304);
    await supertest(app).get(at).set(as('admin')).set('If-None-Match', '"2"').expect(200);
  });

  test('If-Match reaches the handler; a tag that can be no version of ours matches nothing', async () => {
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
    expect(await expected('"7"')).toBe(7);
    for (const tag of ['W/"7"', '7', '"abc"', '"7", "8"']) expect(await expected(tag)).toBe(-1);
  });
});

describe('paths', () => {
  test('a literal beats a parameter, a trailing slash never matters, case does', async () => {
    const open = { 'X-Service-Key': 'key-of-gateway' };
    expect((await supertest(app).get('/things/special').set(open).expect(200)).body).toEqual({ name: 'special' });
    await supertest(app).get('/things/special/').set(open).expect(200);
    await supertest(app).get('/Things/special').set(open).expect(404);
    const { headers } = await supertest(app).delete('/things/special').set(open).expect(405);
    expect(headers['allow']).toBe('GET, HEAD, PUT');
    await supertest(app).head('/things/special').set(open).expect(200);
  });

  test('a request id is taken over when well formed, else made', async () => {
    const ask = async (id: string) =>
      (await supertest(app).get('/health').set('X-Request-Id', id)).headers['x-request-id'];
    expect(await ask('abcdefgh-1')).toBe('abcdefgh-1');
    expect(await ask('short')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await supertest(app).get('/health').set('X-Trace-Id', 'trace_12345')).headers['x-request-id']).toBe(
      'trace_12345',
    );
  });
});

describe('an upload door', () => {
  const upload = () => supertest(app).post('/upload').set(as('admin'));
  test('hands on the file as a stream, with the fields before it', async () => {
    const { body } = await upload().field('title', 'mine').attach('file', Buffer.alloc(70_000), 'a.bin').expect(200);
    expect(body).toEqual({ bytes: 70_000, filename: 'a.bin', title: 'mine' });
  });

  test('refuses what is too large, no multipart, without file, with a wrong field', async () => {
    await upload().field('title', 'mine').attach('file', Buffer.alloc(100_001), 'a.bin').expect(413);
    await upload().send({ title: 'mine' }).expect(415);
    expect(paths((await upload().field('title', 'mine').expect(422)).body)).toEqual(['file']);
    expect(
      paths((await upload().field('title', 'mine').attach('picture', Buffer.alloc(9), 'a').expect(422)).body),
    ).toEqual(['picture']);
    expect(
      paths((await upload().field('more', '1').attach('file', Buffer.alloc(70_000), 'a').expect(422)).body),
    ).toEqual(['more', 'title']);
    await upload().type('multipart/form-data').send('--').expect(400);
    await supertest(app).post('/upload').set(as('manager')).attach('file', Buffer.alloc(9), 'a').expect(403);
  });
});

describe('a stream door', () => {
  test('sends as it comes, to the end', async () => {
    const { text: rows, headers } = await supertest(app).get('/stream?rows=few').set(as('admin')).expect(200);
    expect(rows).toBe('0\n1\n2\n');
    expect(headers['content-type']).toBe('text/csv');
  });

  test('ends its source when the client goes, and cuts the connection when the source fails', async () => {
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${server.port}/stream?rows=`;
    const leaving = new AbortController();
    const answer = await fetch(`${url}endless`, { headers: as('admin'), signal: leaving.signal });
    await answer.body?.getReader().read();
    leaving.abort();
    await expect.poll(() => streaming?.destroyed).toBe(true);

    const broken = await fetch(`${url}broken`, { headers: as('admin') });
    await expect(broken.text()).rejects.toThrow();
    await server.close();
  });
});

describe('a database that is away', () => {
  test('is a 503 with Retry-After, and /health stays up', async () => {
    const lost = await testDatabase('product');
    const alone = createService({
      service: 'test',
      version: '1',
      routes,
      db: lost.db,
      log: pino({ level: 'silent' }),
      serviceKeys: testServiceKeys,
      secret: testSecret,
    });
    await lost.drop();
    const { body, headers } = await supertest(alone).post('/things').set(as('admin')).send({ name: 'a' }).expect(503);
    expect(body.error_code).toBe('SERVICE_UNAVAILABLE');
    expect(headers['retry-after']).toBe('2');
    await supertest(alone).get('/health').expect(200);
    await supertest(alone).get('/ready').expect(503);
  });

  test('one whose connections are cut is back with the next request', async () => {
    await supertest(app).post('/things').set(as('admin')).send({ name: 'before' }).expect(201);
    await database.cut();
    await expect
      .poll(async () => (await supertest(app).post('/things').set(as('admin')).send({ name: 'after' })).status)
      .toBe(201);
  });
});
