import { createHash, randomUUID } from 'node:crypto';
import type { Role } from '@clientela/contracts';
import { conflict } from '@clientela/errors';
import { heldTransaction, testServiceKeys, testDatabase, testSecret, type TestDatabase } from '@clientela/testing';
import { text, Uuid } from '@clientela/validation';
import { pino } from 'pino';
import supertest, { type Response } from 'supertest';
import { beforeEach, describe, expect, test as base } from 'vitest';
import { z } from 'zod';
import { createService, startIdempotencyCleanup, route, withETag } from '../index.ts';

const company_id = randomUUID();

/** Calls of `prepare` and `afterCommit`. */
let prepared = 0;
let hooked = 0;
/** Make handlers fail. */
let isTaken = false;
let failAt = Infinity;

const Named = z.strictObject({ name: text(20), kind: text(20).optional() });
const Created = z.strictObject({ id: Uuid, name: z.string() });
const responses = { 201: Created };
const countEvents = async (database: TestDatabase, name: string) =>
  (await database.owner('inbox_events').where({ name })).length;
const storedRows = (database: TestDatabase) => database.owner('idempotency_keys').orderBy('created_at');
const maxResponseSize = 1024 * 1024;

const routes = [
  ...['/things', '/other-things', '/things/{thing_id}/parts'].map((path) =>
    route({
      method: 'post',
      path,
      operation: 'things.test',
      summary: 'creates a thing',
      allow: 'customers:create',
      ...(path.includes('{') && { params: z.strictObject({ thing_id: Uuid }) }),
      query: z.strictObject({ loudly: z.literal('yes').optional() }),
      body: Named,
      responses,
      errors: { 409: ['THING_NAME_TAKEN'] },
      prepare: async () => {
        prepared += 1;
      },
      handle: async ({ tx, body }) => {
        const id = randomUUID();
        await tx('inbox_events').insert({ event_id: id, name: body.name });
        if (isTaken) throw conflict({ resource: 'thing', field: 'name' });
        return withETag(7, { id, name: body.name });
      },
      afterCommit: async () => {
        hooked += 1;
      },
    }),
  ),
  route({
    method: 'post',
    path: '/aliased',
    aliases: ['/legacy/aliased'],
    operation: 'things.test',
    summary: 'creates a thing under two paths',
    allow: 'customers:create',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/long',
    operation: 'things.test',
    summary: 'responds with as many characters as requested',
    allow: 'customers:create',
    body: z.strictObject({ name: text(20), length: z.int() }),
    responses: { 201: z.string() },
    handle: async ({ tx, body }) => {
      await tx('inbox_events').insert({ event_id: randomUUID(), name: body.name });
      return 'x'.repeat(body.length);
    },
  }),
  route({
    method: 'post',
    path: '/never',
    operation: 'things.test',
    summary: 'has its idempotency off',
    allow: 'signed_in',
    idempotency: 'off',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/open',
    operation: 'things.test',
    summary: 'needs no authentication',
    allow: 'open',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/everywhere',
    operation: 'things.test',
    summary: 'acts in no company',
    allow: 'customers:create',
    tenancy: 'global',
    body: Named,
    responses,
    handle: async ({ body }) => ({ id: randomUUID(), name: body.name }),
  }),
  route({
    method: 'post',
    path: '/uploads',
    operation: 'things.test',
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
    path: '/in-steps',
    operation: 'things.test',
    summary: 'a step for each name',
    allow: 'customers:create',
    transaction: 'own', // each step stands alone
    idempotency: 'steps',
    body: z.strictObject({ names: z.array(z.string()) }),
    errors: { 409: ['THING_NAME_TAKEN'] },
    responses: { 200: z.array(z.string()) },
    prepare: async ({ body }) => {
      if (body.names.includes('unprepared')) throw conflict({ resource: 'thing', field: 'name' });
    },
    handle: async ({ body, runStep, recordStep }) => {
      const results: string[] = [];
      for (const [index, name] of body.names.entries()) {
        if (index >= failAt) throw new Error('killed');
        const result =
          name === 'rejected'
            ? recordStep(index + 1, `rejected ${randomUUID()}`)
            : runStep(index + 1, async (tx) => {
                const id: string = randomUUID();
                await tx('inbox_events').insert({ event_id: id, name });
                return name === 'long' ? 'x'.repeat(maxResponseSize) : id;
              });
        results.push(await result);
      }
      return results;
    },
  }),
  route({
    method: 'get',
    path: '/openly',
    operation: 'things.test',
    summary: 'a read',
    allow: 'customers:read',
    responses: { 200: z.strictObject({}) },
    handle: () => ({}),
  }),
];

const test = base
  .extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await testDatabase('product', { pool: 10 });
    onCleanup(() => database.drop());

    return database;
  })
  .extend('apps', { scope: 'file' }, ({ database }) =>
    [1, 2].map(() =>
      createService({
        service: 'test',
        version: '1',
        routes,
        db: database.db,
        log: pino({ level: 'silent' }),
        serviceKeys: testServiceKeys,
        secret: testSecret,
        companies: async (key) => ({
          id: key,
          company_id: 'COMP-001',
          status: 'active',
          country: 'ES',
          currency: 'EUR',
        }),
        validateResponses: true,
      }),
    ),
  )
  .extend('app', { scope: 'file' }, ({ apps }) => apps[0] as (typeof apps)[0]);
beforeEach(() => {
  prepared = 0;
  hooked = 0;
  isTaken = false;
  failAt = Infinity;
});

const me = randomUUID();
type Identity = { id?: string; role?: Role; company?: string };
const post = (
  app: ReturnType<typeof createService>,
  at: string,
  key: string | undefined,
  { id = me, role = 'manager', company = company_id }: Identity = {},
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
/** The rows of my request. */
const rowsOf = (database: TestDatabase, at: string, key: string) => {
  const request = createHash('sha256')
    .update(JSON.stringify([me, 'post', at, key]))
    .digest();
  return database.owner('idempotency_keys').where({ request });
};
const newName = () => randomUUID().slice(0, 20);
const path = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path);

/** Retries a 503 as clients do: on a busy machine an equal request at another replica may take longer than the lock timeout. */
async function retrying(send: () => PromiseLike<Response>): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503) return response;
  }
}
const distinct = (replies: Response[]) => new Set(replies.map(({ status, text: body }) => `${status} ${body}`)).size;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

describe('a repeated POST', () => {
  test('gets the stored response, byte by byte, and has no second effect', async ({ database, app }) => {
    const key = randomUUID();
    const name = newName();
    const first = await post(app, '/things', key).send({ name }).expect(201);
    expect([first.headers['etag'], first.headers['idempotency-replayed']]).toEqual(['"7"', undefined]);
    const again = await post(app, '/things', key).send({ name }).expect(201);
    expect(again.text).toBe(first.text);
    expect([again.headers['etag'], again.headers['idempotency-replayed']]).toEqual(['"7"', 'true']);
    expect([await countEvents(database, name), prepared, hooked]).toEqual([1, 1, 1]);
  });

  test('is equal however its JSON is formatted; another body or query under the key is a 422', async ({
    database,
    app,
  }) => {
    const key = randomUUID();
    const name = newName();
    const first = await post(app, '/things', key).send({ name, kind: 'new' }).expect(201);
    const reformatted = ` { "kind":"new", "name" : "${name}" } `;
    const equal = await post(app, '/things/', key).type('json').send(reformatted).expect(201);
    expect(equal.text).toBe(first.text);
    for (const [at, body] of [
      ['/things', { name: 'another', kind: 'new' }],
      ['/things', { name }],
      ['/things?loudly=yes', { name, kind: 'new' }],
    ] as const) {
      const { body: problem } = await post(app, at, key).send(body).expect(422);
      expect(path(problem)).toEqual(['Idempotency-Key']);
    }
    expect([await countEvents(database, name), await countEvents(database, 'another')]).toEqual([1, 0]);
  });

  test('gets the stored response under an alias of the path too', async ({ app }) => {
    const key = randomUUID();
    const body = { name: newName() };
    const first = await post(app, '/aliased', key).send(body).expect(201);
    const again = await post(app, '/legacy/aliased', key).send(body).expect(201);
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
  });

  test('with the same key is another request for another actor, company, route or record', async ({
    database,
    app,
  }) => {
    const key = randomUUID();
    const name = newName();
    const [one, two] = [randomUUID(), randomUUID()];
    const posts = [
      post(app, '/things', key),
      post(app, '/things', key, { id: randomUUID() }),
      post(app, '/things', key, { company: randomUUID() }),
      post(app, `/things?company_id=${one}`, key, { role: 'superuser' }),
      post(app, `/things?company_id=${two}`, key, { role: 'superuser' }),
      post(app, '/other-things', key),
      post(app, `/things/${one}/parts`, key),
      post(app, `/things/${two}/parts`, key),
    ];
    const ids = new Set<string>();
    for (const each of posts) ids.add((await each.send({ name }).expect(201)).body.id as string);
    expect(ids.size).toBe(posts.length);
    expect(await countEvents(database, name)).toBe(posts.length);
    await post(app, `/things/${one.toUpperCase()}/parts`, key).send({ name }).expect('Idempotency-Replayed', 'true');
  });

  test('of a route without a company is stored under none', async ({ database, app }) => {
    const key = randomUUID();
    const first = await post(app, '/everywhere', key).send({ name: 'a' }).expect(201);
    const again = await post(app, '/everywhere', key, { company: randomUUID() }).send({ name: 'a' }).expect(201);
    expect(again.text).toBe(first.text);
    const [row] = await rowsOf(database, '/everywhere', key);
    expect(row.company_id).toBe('00000000-0000-0000-0000-000000000000');
  });

  test('still needs the permission', async ({ app }) => {
    const key = randomUUID();
    await post(app, '/things', key).send({ name: 'a' }).expect(201);
    const { body } = await post(app, '/things', key, { role: 'viewer' }).send({ name: 'a' }).expect(403);
    expect(body.error_code).toBe('FORBIDDEN');
  });

  test('of a failed one is executed again', async ({ database, app }) => {
    const key = randomUUID();
    const name = newName();
    isTaken = true;
    await post(app, '/things', key).send({ name }).expect(409);
    await post(app, '/things', key).send({ name: '' }).expect(422);
    expect([await countEvents(database, name), await rowsOf(database, '/things', key)]).toEqual([0, []]);
    isTaken = false;
    const { headers } = await post(app, '/things', key).send({ name }).expect(201);
    expect([headers['idempotency-replayed'], await countEvents(database, name)]).toEqual([undefined, 1]);
  });

  test('50 at once at two replicas have one effect and equal responses', async ({ database, apps, app }) => {
    const key = randomUUID();
    const name = newName();
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, at) => retrying(() => post(app, '/things', key, {}, apps[at % 2]).send({ name }))),
    );
    expect([distinct(replies), replies[0]?.status]).toEqual([1, 201]);
    expect(replies.filter(({ headers }) => !headers['idempotency-replayed'])).toHaveLength(1);
    // Each replica runs equal requests one after the other, so only the first of each can prepare.
    expect([await countEvents(database, name), hooked, prepared <= 2]).toEqual([1, 1, true]);
  });

  test('waits for the transaction of the first one and takes its place when that is rolled back', async ({
    database,
    app,
  }) => {
    const key = randomUUID();
    const name = newName();
    const elsewhere = await heldTransaction(database.owner);
    const request = createHash('sha256')
      .update(JSON.stringify([me, 'post', '/things', key]))
      .digest();
    await elsewhere('idempotency_keys').insert({ company_id, request, step: 0 });
    const second = post(app, '/things', key)
      .send({ name })
      .then(({ status }) => status);
    try {
      const waiting = async () =>
        (await database.owner.raw('select 1 from pg_locks where not granted')).rowCount as number;
      await expect.poll(waiting).toBeGreaterThan(0);
      expect(await countEvents(database, name)).toBe(0);
    } finally {
      await elsewhere.rollback();
    }
    expect([await second, await countEvents(database, name)]).toEqual([201, 1]);
  });

  test('is a new request after 24 hours; expired responses are deleted', async ({ database, app }) => {
    const key = randomUUID();
    const name = newName();
    const age = (hours: number) => rowsOf(database, '/things', key).update({ created_at: hoursAgo(hours) });
    await post(app, '/things', key).send({ name }).expect(201);
    await age(23);
    await post(app, '/things', key).send({ name }).expect('Idempotency-Replayed', 'true');
    await age(24.1);
    const { headers } = await post(app, '/things', key).send({ name: 'other' }).expect(201);
    expect([headers['idempotency-replayed'], await countEvents(database, name)]).toEqual([undefined, 1]);
    await post(app, '/things', key).send({ name: 'other' }).expect('Idempotency-Replayed', 'true');

    const young = randomUUID();
    await post(app, '/things', young).send({ name }).expect(201);
    await age(24.1);
    await database.owner('redacted_subjects').insert({ company_id, subject_hash: 'old', created_at: hoursAgo(24.1) });
    const cleanup = startIdempotencyCleanup(database.db, pino({ level: 'silent' }), { intervalMs: 10 });
    await expect
      .poll(async () => [await rowsOf(database, '/things', key), await database.owner('redacted_subjects')])
      .toEqual([[], []]);
    await cleanup.stop();
    expect(await rowsOf(database, '/things', young)).toHaveLength(1);
  });
});

describe('a stored response', () => {
  test('holds no request body but a fingerprint keyed by the service’s secret', async ({ database, app }) => {
    const key = randomUUID();
    await post(app, '/things', key).send({ name: 'guessable' }).expect(201);
    const [row] = await rowsOf(database, '/things', key);
    expect(row).toMatchObject({ company_id, step: 0, status: 201, headers: { ETag: '"7"' }, redacted: false });
    expect(row.subject_ids.toSorted()).toEqual([me, row.response.id].toSorted());
    expect(row.fingerprint).toHaveLength(32);
    const otherSecret = createService({
      service: 'test',
      version: '1',
      routes,
      db: database.db,
      log: pino({ level: 'silent' }),
      serviceKeys: testServiceKeys,
      secret: 'another'.padEnd(43, 'y'),
    });
    // Under another secret the same body has another fingerprint.
    await post(app, '/things', key, {}, otherSecret).send({ name: 'guessable' }).expect(422);
  });

  test('is at most 1 MiB long; a longer one keeps its effect, and its repetition is a 409', async ({
    database,
    app,
  }) => {
    const key = randomUUID();
    const send = (length: number) => post(app, '/long', `${key}-${length}`).send({ name: 'long', length });
    const longest = maxResponseSize - 2; // with its quotes
    const before = await countEvents(database, 'long');
    const first = await send(longest).expect(201);
    const again = await send(longest).expect(201).expect('Idempotency-Replayed', 'true');
    expect(again.text === first.text).toBe(true);
    await send(longest + 1).expect(201);
    const { body } = await send(longest + 1).expect(409);
    expect(body.error_code).toBe('IDEMPOTENCY_RESPONSE_TOO_LONG');
    await post(app, '/long', `${key}-${longest + 1}`)
      .send({ name: 'other', length: 1 })
      .expect(422);
    expect(await countEvents(database, 'long')).toBe(before + 2);
  });

  test('does not exist without a key, nor for a route that ignores the key', async ({ database, app }) => {
    const before = (await storedRows(database)).length;
    await post(app, '/things', undefined).send({ name: 'a' }).expect(201);
    for (const at of ['/never', '/open']) {
      const ids = [];
      for (const key of ['same', 'same', 'no good key'])
        ids.push((await post(app, at, key).send({ name: 'a' })).body.id);
      expect(new Set(ids).size).toBe(3);
    }
    expect(await storedRows(database)).toHaveLength(before);
  });

  test.for(['', 'with space', 'é', 'x'.repeat(256)])(
    'is not made for the invalid key "%s", a 422 beside the other errors',
    async (key, { app }) => {
      const { body } = await post(app, '/things', Buffer.from(key).toString('latin1')).send({ name: '' }).expect(422);
      expect(path(body).toSorted()).toEqual(['Idempotency-Key', 'name']);
    },
  );
});

describe('a repeated upload', () => {
  const upload = (app: ReturnType<typeof createService>, key: string, title: string, bytes: Buffer, by = app) =>
    post(app, '/uploads', key, {}, by).field('title', title).attach('file', bytes, 'a.bin');

  test('is compared by file and fields, and read to its end before the response', async ({ database, app }) => {
    const key = randomUUID();
    const bytes = Buffer.alloc(300_000, 'a');
    const first = await upload(app, key, 'mine', bytes).expect(200);
    expect(first.body.bytes).toBe(300_000);
    const again = await upload(app, key, 'mine', bytes).expect(200);
    expect([again.text, again.headers['idempotency-replayed'], prepared]).toEqual([first.text, 'true', 1]);
    const changed = Buffer.from(bytes);
    changed[299_999] = 0;
    for (const other of [changed, bytes.subarray(1)]) await upload(app, key, 'mine', other).expect(422);
    await upload(app, key, 'yours', bytes).expect(422);
    expect(await countEvents(database, 'mine')).toBe(1);
  });

  test('has one effect when sent several times at once', async ({ database, apps, app }) => {
    const key = randomUUID();
    const bytes = Buffer.alloc(200_000, 'b');
    const replies = await Promise.all(
      [0, 1, 0, 1].map((by) => retrying(() => upload(app, key, 'at once', bytes, apps[by]))),
    );
    expect(distinct(replies)).toBe(1);
    expect([replies[0]?.status, await countEvents(database, 'at once')]).toEqual([200, 1]);
  });
});

describe('a route with steps', () => {
  const names = ['a', 'b', 'rejected', 'c'].map((name) => (name === 'rejected' ? name : `${name}-in-steps`));
  const counts = (database: TestDatabase) => Promise.all(names.map((name) => countEvents(database, name)));

  test('continues after an interruption between any two steps: each step takes effect once, recorded results stay', async ({
    database,
    apps,
    app,
  }) => {
    const key = randomUUID();
    for (failAt = 0; failAt <= 3; failAt += 1) {
      await post(app, '/in-steps', key).send({ names }).expect(500);
      expect(await counts(database)).toEqual(
        names.map((name, index) => (index < failAt && name !== 'rejected' ? 1 : 0)),
      );
    }
    expect(await rowsOf(database, '/in-steps', key).orderBy('step').pluck('step')).toEqual([0, 1, 2, 3]);
    await post(app, '/in-steps', key)
      .send({ names: ['something else'] })
      .expect(422);

    failAt = Infinity;
    const whole = await post(app, '/in-steps', key).send({ names }).expect(200);
    expect([await counts(database), whole.headers['idempotency-replayed']]).toEqual([[1, 1, 0, 1], undefined]);
    const again = await post(app, '/in-steps', key, {}, apps[1]).send({ names }).expect(200);
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([whole.text, 'true']);
    expect(await counts(database)).toEqual([1, 1, 0, 1]);
  });

  test('stores the request before its first step: another body is a 422 though no step has run', async ({
    database,
    app,
  }) => {
    const key = randomUUID();
    failAt = 0;
    await post(app, '/in-steps', key)
      .send({ names: ['unstarted'] })
      .expect(500);
    failAt = Infinity;
    await post(app, '/in-steps', key)
      .send({ names: ['unasked'] })
      .expect(422);
    await post(app, '/in-steps', key)
      .send({ names: ['unstarted'] })
      .expect(200);
    expect([await countEvents(database, 'unstarted'), await countEvents(database, 'unasked')]).toEqual([1, 0]);
  });

  test('stores nothing for a request that fails before its steps', async ({ app }) => {
    const key = randomUUID();
    await post(app, '/in-steps', key)
      .send({ names: ['unprepared'] })
      .expect(409);
    await post(app, '/in-steps', key)
      .send({ names: ['prepared'] })
      .expect(200);
  });

  test('runs each step once when many equal requests arrive at two replicas', async ({ database, apps, app }) => {
    const key = randomUUID();
    const many = Array.from({ length: 20 }, (_, at) => `at-once-${at}`);
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        retrying(() => post(app, '/in-steps', key, {}, apps[at % 2]).send({ names: [...many, 'rejected'] })),
      ),
    );
    expect([distinct(replies), replies[0]?.status]).toEqual([1, 200]);
    expect(await Promise.all(many.map((name) => countEvents(database, name)))).toEqual(many.map(() => 1));
  });

  test('keeps the effect of a step whose result is too long to store', async ({ database, app }) => {
    const key = randomUUID();
    const send = () => post(app, '/in-steps', key).send({ names: ['long'] });
    const before = await countEvents(database, 'long');
    await send().expect(200);
    expect((await send().expect(409)).body.error_code).toBe('IDEMPOTENCY_RESPONSE_TOO_LONG');
    expect(await countEvents(database, 'long')).toBe(before + 1);
  });

  test('expires together with its steps', async ({ database, app }) => {
    const key = randomUUID();
    const send = () => post(app, '/in-steps', key).send({ names: ['old', 'older'] });
    failAt = 1;
    await send().expect(500);
    await rowsOf(database, '/in-steps', key).update({ created_at: hoursAgo(23.9) });
    failAt = Infinity;
    const { body: first } = await send().expect(200);
    expect(new Set(await rowsOf(database, '/in-steps', key).pluck('created_at')).size).toBe(1);
    await rowsOf(database, '/in-steps', key).update({ created_at: hoursAgo(24.1) });
    expect((await send().expect(200)).body).not.toEqual(first);
    expect([await countEvents(database, 'old'), await countEvents(database, 'older')]).toEqual([2, 2]);
  });

  test('runs its steps every time without a key', async ({ database, app }) => {
    for (let time = 0; time < 2; time += 1)
      await post(app, '/in-steps', undefined)
        .send({ names: ['twice'] })
        .expect(200);
    expect(await countEvents(database, 'twice')).toBe(2);
  });
});

test('rejects a route whose response cannot be replayed', ({ database }) => {
  const mount = (definition: object) => () =>
    createService({
      service: 'test',
      version: '1',
      routes: [
        {
          method: 'post',
          path: '/x',
          operation: 'things.test',
          summary: 'x',
          allow: 'signed_in',
          responses,
          handle: () => ({}),
          ...definition,
        },
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
