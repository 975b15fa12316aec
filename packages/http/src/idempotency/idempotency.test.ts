import { randomUUID } from 'node:crypto';
import type { Role } from '@clientela/contracts';
import { conflict, notFound } from '@clientela/errors';
import { testServiceKeys, testDatabase, testSecret, type TestDatabase } from '@clientela/testing';
import { text, Uuid } from '@clientela/validation';
import { pino } from 'pino';
import supertest, { type Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createService, startIdempotencyCleanup, route, withETag } from '../index.ts';

let database: TestDatabase;
/** Two replicas of one service: what one remembers by itself, the other does not. */
let apps: ReturnType<typeof createService>[];
let app: ReturnType<typeof createService>;
const company_id = randomUUID();

/** What the doors did, beside what they stored. */
let prepared = 0;
let followed = 0;
/** Whether a definition refuses, or breaks off, for the moment. */
let taken = false;
let break_after = Infinity;

const Named = z.strictObject({ name: text(20), kind: text(20).optional() });
const Done = z.strictObject({ id: Uuid, name: z.string() });
const responses = { 201: Done };
const stored = async (name: string) => (await database.owner('inbox_events').where({ name })).length;
const kept = () => database.owner('idempotency_keys').orderBy('created_at');

const routes = [
  ...['/things', '/other-things', '/things/{thing_id}/parts'].map((path) =>
    route({
      method: 'post',
      path,
      summary: 'makes a thing',
      allow: 'customers:create',
      ...(path.includes('{') && { params: z.strictObject({ thing_id: Uuid }) }),
      query: z.strictObject({ loudly: z.literal('yes').optional() }),
      body: Named,
      responses,
      prepare: async () => {
        prepared += 1;
      },
      handle: async ({ tx, body }) => {
        const id = randomUUID();
        await tx('inbox_events').insert({ event_id: id, name: body.name });
        if (taken) throw conflict({ resource: 'thing', field: 'name' });
        return withETag(7, { id, name: body.name });
      },
      afterCommit: async () => {
        followed += 1;
      },
    }),
  ),
  route({
    method: 'post',
    path: '/long',
    summary: 'answers more than is kept',
    allow: 'customers:create',
    body: Named,
    responses: { 201: z.strictObject({ id: Uuid, name: z.string(), long: z.string() }) },
    handle: async ({ tx, body }) => {
      const id: string = randomUUID();
      await tx('inbox_events').insert({ event_id: id, name: body.name });
      return withETag(1, { id, name: body.name, long: 'x'.repeat(70_000) });
    },
    rebuild: {
      reference: ({ id }) => id,
      read: async ({ db, actor, reference }) => {
        const found = await db('inbox_events').where({ event_id: reference }).first();
        if (!found || !actor.company_id) throw notFound('thing');
        return withETag(2, { id: reference, name: found.name as string, long: 'rebuilt' });
      },
    },
  }),
  route({
    method: 'post',
    path: '/never',
    summary: 'says that it is not repeatable',
    allow: 'signed_in',
    idempotency: 'off',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/open',
    summary: 'knows no caller',
    allow: 'open',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/everywhere',
    summary: 'finds its record without a company',
    allow: 'customers:create',
    tenancy: 'global',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/uploads',
    summary: 'upload',
    allow: 'customers:create',
    kind: 'upload',
    body: z.strictObject({ title: text(10) }),
    responses: { 200: z.strictObject({ id: Uuid, bytes: z.int() }) },
    prepare: async ({ upload }) => {
      prepared += 1;
      let bytes = 0;
      for await (const chunk of upload.stream) bytes += (chunk as Buffer).length;
      return bytes;
    },
    handle: async ({ tx, prepared: bytes, body }) => {
      const id = randomUUID();
      await tx('inbox_events').insert({ event_id: id, name: body.title });
      return { id, bytes };
    },
  }),
  route({
    method: 'post',
    path: '/in-parts',
    summary: 'each name by itself',
    allow: 'customers:create',
    transaction: 'own', // each part stands alone
    idempotency: 'steps',
    body: z.strictObject({ names: z.array(z.string()) }),
    responses: { 200: z.array(z.string()) },
    handle: async ({ body, runStep: once, recordStep: keep }) => {
      const results: string[] = [];
      for (const [at, name] of body.names.entries()) {
        if (at >= break_after) throw new Error('killed');
        if (name === 'refused') results.push(await keep(String(at), `refused ${randomUUID()}`));
        else
          results.push(
            await once(
              String(at),
              async (tx) => {
                const id = randomUUID();
                await tx('inbox_events').insert({ event_id: id, name });
                return name === 'long' ? `${id} ${'x'.repeat(70_000)}` : id;
              },
              { reference: (result) => result.slice(0, 36), read: async (id) => `${id} again` },
            ),
          );
      }
      return results;
    },
  }),
  route({
    method: 'get',
    path: '/openly',
    summary: 'a read',
    allow: 'customers:read',
    responses: { 200: z.strictObject({}) },
    handle: () => ({}),
  }),
];

beforeAll(async () => {
  database = await testDatabase('product', { pool: 10 });
  apps = [1, 2].map(() =>
    createService({
      service: 'test',
      version: '1',
      routes,
      db: database.db,
      log: pino({ level: 'silent' }),
      serviceKeys: testServiceKeys,
      secret: testSecret,
      companies: async (key) => ({ id: key, company_id: 'COMP-001', status: 'active', country: 'ES', currency: 'EUR' }),
      validateResponses: true,
    }),
  );
  app = apps[0] as typeof app;
});
afterAll(() => database.drop());
beforeEach(() => {
  prepared = 0;
  followed = 0;
  taken = false;
  break_after = Infinity;
});

const me = randomUUID();
type Who = { id?: string; role?: Role; company?: string };
const post = (
  at: string,
  key: string | undefined,
  { id = me, role = 'manager', company = company_id }: Who = {},
  by = app,
) =>
  supertest(by)
    .post(at)
    .set({
      'X-Service-Key': 'key-of-gateway',
      'X-User-Id': id,
      'X-User-Role': role,
      ...(role !== 'superuser' && { 'X-Company-Id': company }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
    });
const aName = () => randomUUID().slice(0, 20);
const path = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path);

/** As a client does: on a busy machine an equal request at another replica may take longer than one waits for it, which is a 503. */
async function patiently(send: () => PromiseLike<Response>): Promise<Response> {
  for (;;) {
    const answer = await send();
    if (answer.status !== 503) return answer;
  }
}

describe('a repeated POST', () => {
  test('gets the first answer again, whole, and nothing is done a second time', async () => {
    const key = randomUUID();
    const name = aName();
    const first = await post('/things', key).send({ name }).expect(201);
    expect([first.headers['etag'], first.headers['idempotency-replayed']]).toEqual(['"7"', undefined]);
    const again = await post('/things', key).send({ name }).expect(201);
    expect(again.text).toBe(first.text);
    expect([again.headers['etag'], again.headers['idempotency-replayed']]).toEqual(['"7"', 'true']);
    expect([await stored(name), prepared, followed]).toEqual([1, 1, 1]);
  });

  test('is the same however its JSON is spelled, and another one when it says or asks something else', async () => {
    const key = randomUUID();
    const name = aName();
    const first = await post('/things', key).send({ name, kind: 'new' }).expect(201);
    const otherwise = ` { "kind":"new", "name" : "${name}" } `;
    const spelled = await post('/things/', key).type('json').send(otherwise).expect(201);
    expect(spelled.text).toBe(first.text);
    for (const [at, body] of [
      ['/things', { name: 'another', kind: 'new' }],
      ['/things', { name }],
      ['/things?loudly=yes', { name, kind: 'new' }],
    ] as const) {
      const { body: problem } = await post(at, key).send(body).expect(422);
      expect(path(problem)).toEqual(['Idempotency-Key']);
    }
    expect([await stored(name), await stored('another')]).toEqual([1, 0]);
  });

  test('is one’s own: another caller, company, definition or record with the same key is another request', async () => {
    const key = randomUUID();
    const name = aName();
    const [one, two] = [randomUUID(), randomUUID()];
    const posts = [
      post('/things', key),
      post('/things', key, { id: randomUUID() }),
      post('/things', key, { company: randomUUID() }),
      post(`/things?company_id=${one}`, key, { role: 'superuser' }),
      post(`/things?company_id=${two}`, key, { role: 'superuser' }),
      post('/other-things', key),
      post(`/things/${one}/parts`, key),
      post(`/things/${two}/parts`, key),
    ];
    const ids = new Set<string>();
    for (const each of posts) ids.add((await each.send({ name }).expect(201)).body.id as string);
    expect(ids.size).toBe(posts.length);
    expect(await stored(name)).toBe(posts.length);
    await post(`/things/${one.toUpperCase()}/parts`, key).send({ name }).expect('Idempotency-Replayed', 'true');
  });

  test('of a definition without a company is kept under none', async () => {
    const key = randomUUID();
    const first = await post('/everywhere', key).send({ name: 'a' }).expect(201);
    const again = await post('/everywhere', key, { company: randomUUID() }).send({ name: 'a' }).expect(201);
    expect(again.text).toBe(first.text);
    const [row] = await database.owner('idempotency_keys').where({ key });
    expect(row.company_id).toBe('00000000-0000-0000-0000-000000000000');
  });

  test('needs the permission still', async () => {
    const key = randomUUID();
    await post('/things', key).send({ name: 'a' }).expect(201);
    const { body } = await post('/things', key, { role: 'viewer' }).send({ name: 'a' }).expect(403);
    expect(body.error_code).toBe('FORBIDDEN');
  });

  test('of one that failed is tried anew', async () => {
    const key = randomUUID();
    const name = aName();
    taken = true;
    await post('/things', key).send({ name }).expect(409);
    await post('/things', key).send({ name: '' }).expect(422);
    expect([await stored(name), await database.owner('idempotency_keys').where({ key })]).toEqual([0, []]);
    taken = false;
    const { headers } = await post('/things', key).send({ name }).expect(201);
    expect([headers['idempotency-replayed'], await stored(name)]).toEqual([undefined, 1]);
  });

  test('50 at once, at two replicas: one effect, equal answers', async () => {
    const key = randomUUID();
    const name = aName();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => patiently(() => post('/things', key, {}, apps[at % 2]).send({ name }))),
    );
    expect(new Set(answers.map(({ status, text: body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(answers.filter(({ headers }) => !headers['idempotency-replayed'])).toHaveLength(1);
    // A replica works on equal requests one after the other; only the first of each did any work.
    expect([await stored(name), followed, prepared <= 2]).toEqual([1, 1, true]);
  });

  test('waits for the transaction of the first, wherever it runs, and takes its place when that comes to nothing', async () => {
    const key = randomUUID();
    const name = aName();
    const elsewhere = await database.owner.transaction();
    const slot = { company_id, actor_id: me, method: 'post', path: '/things', key };
    await elsewhere('idempotency_keys').insert({ ...slot, fingerprint: Buffer.of() });
    const second = post('/things', key)
      .send({ name })
      .then(({ status }) => status);
    try {
      const waiting = async () =>
        (await database.owner.raw('select 1 from pg_locks where not granted')).rowCount as number;
      await expect.poll(waiting).toBeGreaterThan(0);
      expect(await stored(name)).toBe(0);
    } finally {
      await elsewhere.rollback();
    }
    expect([await second, await stored(name)]).toEqual([201, 1]);
  });

  test('after 24 hours is a new one, and old answers are removed', async () => {
    const key = randomUUID();
    const name = aName();
    const age = (hours: number) =>
      database
        .owner('idempotency_keys')
        .where({ key })
        .update({ created_at: hoursAgo(hours) });
    await post('/things', key).send({ name }).expect(201);
    await age(23);
    await post('/things', key).send({ name }).expect('Idempotency-Replayed', 'true');
    await age(24.1);
    const { headers } = await post('/things', key).send({ name: 'other' }).expect(201);
    expect([headers['idempotency-replayed'], await stored(name)]).toEqual([undefined, 1]);
    await post('/things', key).send({ name: 'other' }).expect('Idempotency-Replayed', 'true');

    const young = randomUUID();
    await post('/things', young).send({ name }).expect(201);
    await age(24.1);
    const forgetting = startIdempotencyCleanup(database.db, pino({ level: 'silent' }), { every: 10 });
    await expect.poll(async () => (await kept()).filter((row) => row.key === key)).toEqual([]);
    await forgetting.stop();
    expect((await kept()).filter((row) => row.key === young)).toHaveLength(1);
  });
});

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

describe('what is kept', () => {
  test('is the answer, and nothing of the body but a fingerprint under this program’s own key', async () => {
    const key = randomUUID();
    await post('/things', key).send({ name: 'guessable' }).expect(201);
    const [row] = await database.owner('idempotency_keys').where({ key });
    expect(row).toMatchObject({ company_id, actor_id: me, method: 'post', path: '/things', part: '', status: 201 });
    expect(row.fingerprint).toHaveLength(32);
    const elsewhere = createService({
      service: 'test',
      version: '1',
      routes,
      db: database.db,
      log: pino({ level: 'silent' }),
      serviceKeys: testServiceKeys,
      secret: 'another'.padEnd(43, 'y'),
    });
    // Under another secret the same body is not known again.
    await post('/things', key, {}, elsewhere).send({ name: 'guessable' }).expect(422);
  });

  test('of a long answer is what it is built from, as it is now; gone, it is its 404', async () => {
    const key = randomUUID();
    const { body: first } = await post('/long', key).send({ name: 'a' }).expect(201);
    const [row] = await database.owner('idempotency_keys').where({ key });
    expect([row.answer, row.reference, row.status]).toEqual([null, first.id, 201]);
    const again = await post('/long', key).send({ name: 'a' }).expect(201);
    expect(again.body).toEqual({ id: first.id, name: 'a', long: 'rebuilt' });
    expect([again.headers['etag'], again.headers['idempotency-replayed']]).toEqual(['"2"', 'true']);
    await post('/long', key).send({ name: 'b' }).expect(422);
    await database.owner('inbox_events').where({ event_id: first.id }).delete();
    expect((await post('/long', key).send({ name: 'a' }).expect(404)).body.error_code).toBe('THING_NOT_FOUND');
  });

  test('is nothing without a key, nor where it is not honoured, whatever the key is', async () => {
    const before = (await kept()).length;
    await post('/things', undefined).send({ name: 'a' }).expect(201);
    for (const at of ['/never', '/open']) {
      const ids = [];
      for (const key of ['same', 'same', 'no good key']) ids.push((await post(at, key).send({ name: 'a' })).body.id);
      expect(new Set(ids).size).toBe(3);
    }
    expect(await kept()).toHaveLength(before);
  });

  test.each(['', 'with space', 'é', 'x'.repeat(256)])(
    'a key such as "%s" is a 422 beside the other faults',
    async (key) => {
      const { body } = await post('/things', Buffer.from(key).toString('latin1')).send({ name: '' }).expect(422);
      expect(path(body).toSorted()).toEqual(['Idempotency-Key', 'name']);
    },
  );
});

describe('a repeated upload', () => {
  const upload = (key: string, title: string, bytes: Buffer, by = app) =>
    post('/uploads', key, {}, by).field('title', title).attach('file', bytes, 'a.bin');

  test('is known by its bytes and fields, and read to its end before it is answered', async () => {
    const key = randomUUID();
    const bytes = Buffer.alloc(300_000, 'a');
    const first = await upload(key, 'mine', bytes).expect(200);
    expect(first.body.bytes).toBe(300_000);
    const again = await upload(key, 'mine', bytes).expect(200);
    expect([again.text, again.headers['idempotency-replayed'], prepared]).toEqual([first.text, 'true', 1]);
    const changed = Buffer.from(bytes);
    changed[299_999] = 0;
    for (const other of [changed, bytes.subarray(1)]) await upload(key, 'mine', other).expect(422);
    await upload(key, 'yours', bytes).expect(422);
    expect(await stored('mine')).toBe(1);
  });

  test('has one effect when it comes twice at once', async () => {
    const key = randomUUID();
    const bytes = Buffer.alloc(200_000, 'b');
    const answers = await Promise.all(
      [0, 1, 0, 1].map((by) => patiently(() => upload(key, 'at once', bytes, apps[by]))),
    );
    expect(new Set(answers.map(({ status, text: body }) => `${status} ${body}`)).size).toBe(1);
    expect([answers[0]?.status, await stored('at once')]).toEqual([200, 1]);
  });
});

describe('a definition that works in parts', () => {
  const names = ['a', 'b', 'refused', 'c'].map((name) => (name === 'refused' ? name : `${name}-in-parts`));
  const counts = () => Promise.all(names.map((name) => stored(name)));

  test('goes on where it was cut off: nothing is done twice, what was refused stays refused', async () => {
    const key = randomUUID();
    break_after = 3;
    await post('/in-parts', key).send({ names }).expect(500);
    expect(await counts()).toEqual([1, 1, 0, 0]);
    await post('/in-parts', key)
      .send({ names: ['something else'] })
      .expect(422);

    break_after = Infinity;
    const whole = await post('/in-parts', key).send({ names }).expect(200);
    expect([await counts(), whole.headers['idempotency-replayed']]).toEqual([[1, 1, 0, 1], undefined]);
    const again = await post('/in-parts', key, {}, apps[1]).send({ names }).expect(200);
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([whole.text, 'true']);
    expect(await counts()).toEqual([1, 1, 0, 1]);
  });

  test('many at once do each part once and answer alike', async () => {
    const key = randomUUID();
    const many = Array.from({ length: 20 }, (_, at) => `at-once-${at}`);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        patiently(() => post('/in-parts', key, {}, apps[at % 2]).send({ names: [...many, 'refused'] })),
      ),
    );
    expect(new Set(answers.map(({ status, text: body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await Promise.all(many.map((name) => stored(name)))).toEqual(many.map(() => 1));
  });

  test('keeps of a long result what it is built from', async () => {
    const key = randomUUID();
    const { body: first } = await post('/in-parts', key)
      .send({ names: ['long'] })
      .expect(200);
    const { body: again } = await post('/in-parts', key)
      .send({ names: ['long'] })
      .expect(200);
    expect(again).toEqual([`${first[0].slice(0, 36)} again`]);
  });

  test('after 24 hours begins anew, whatever is left of the parts', async () => {
    const key = randomUUID();
    const send = () => post('/in-parts', key).send({ names: ['old'] });
    const { body: first } = await send().expect(200);
    await database
      .owner('idempotency_keys')
      .where({ key, part: '' })
      .update({ created_at: hoursAgo(24.1) });
    expect((await send().expect(200)).body).not.toEqual(first);
    expect(await stored('old')).toBe(2);
  });

  test('without a key does what it is told each time', async () => {
    for (let time = 0; time < 2; time += 1)
      await post('/in-parts', undefined)
        .send({ names: ['twice'] })
        .expect(200);
    expect(await stored('twice')).toBe(2);
  });
});

test('a definition that could not repeat its answer is not mounted', () => {
  const mount = (definition: object) => () =>
    createService({
      service: 'test',
      version: '1',
      routes: [
        { method: 'post', path: '/x', summary: 'x', allow: 'signed_in', responses, handle: () => ({}), ...definition },
      ],
      db: database.db,
      log: pino({ level: 'silent' }),
      serviceKeys: testServiceKeys,
      secret: testSecret,
    });
  expect(mount({ transaction: 'own' })).toThrow(/idempotency/);
  expect(mount({ idempotency: 'steps' })).toThrow(/idempotency/);
  expect(mount({ kind: 'stream', responses: { 200: 'text/csv' } })).toThrow(/idempotency/);
  expect(mount({ transaction: 'own', idempotency: 'off' })).not.toThrow();
});
