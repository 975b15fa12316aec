import { randomUUID } from 'node:crypto';
import type { Person } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import { testService, type TestUser, type Company, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createService, redactStoredResponses, reply, route } from '../index.ts';

let service: TestService;
let company: Company;
let admin: TestUser;
let person: Person;
/** How often handlers took effect. */
let effects = 0;
/** Holds back the handler's transaction. */
let gate: Promise<void> | undefined;

const AnyBody = z.record(z.string(), z.json());
const echo = (path: string, extra: object = {}) =>
  route({
    method: 'post',
    path,
    operation: 'things.test',
    summary: 'responds with its body',
    allow: 'customers:create',
    body: AnyBody,
    responses: { 201: AnyBody },
    handle: async ({ body }) => {
      effects += 1;
      await gate;
      const { header, ...rest } = body;
      return reply(201, rest, typeof header === 'string' ? { Location: header } : {});
    },
    ...extra,
  });
const routes = [
  echo('/things'),
  echo('/things/{id}/notes', { params: z.strictObject({ id: z.string() }) }),
  echo('/everywhere', { tenancy: 'global' }),
  echo('/numbered/{legacy_id}/calls', { params: z.strictObject({ legacy_id: z.string() }) }),
  route({
    method: 'post',
    path: '/in-steps',
    operation: 'things.test',
    summary: 'a step for each text',
    allow: 'customers:create',
    transaction: 'own', // each step stands alone
    idempotency: 'steps',
    body: z.strictObject({ texts: z.array(z.string()) }),
    responses: { 200: z.array(z.string()) },
    handle: async ({ body, runStep, recordStep }) => {
      const results: string[] = [];
      for (const [index, text] of body.texts.entries()) {
        const result = runStep(index + 1, async () => {
          effects += 1;
          await gate;
          return `${effects} ${text}`;
        }).catch((error: unknown) => recordStep(index + 1, error instanceof AppError ? error.error_code : 'failed'));
        results.push(await result);
      }
      return results;
    },
  }),
];

beforeAll(async () => {
  service = await testService(
    'product',
    (parts) =>
      createService({
        ...parts,
        service: 'product',
        version: '1',
        routes,
        customerNumberFields: ['customer_number', 'legacy_id'],
      }),
    { pool: 3 },
  );
});
beforeEach(() => {
  gate = undefined;
  company = service.company();
  admin = service.user('admin', company);
  person = { company_id: company.id, customer_id: randomUUID(), customer_number: 10_000_042, user_id: randomUUID() };
});
afterAll(() => service.close());

const post = (path: string, body: object, { key = randomUUID(), by = admin }: { key?: string; by?: TestUser } = {}) =>
  by.post(path, body).set('Idempotency-Key', key);
const erase = async (whom = person) => {
  let rows = 0;
  let batches = 0;
  for (let isLast = false; !isLast; batches += 1) {
    const batch = await service.database.db.transaction((tx) => redactStoredResponses(tx, whom));
    ({ isLast } = batch);
    rows += batch.rows;
  }
  return { rows, batches };
};
const erasedProblem = { status: 404, error_code: 'IDEMPOTENCY_ANSWER_ERASED' };
const allRows = async () =>
  JSON.stringify(
    await service.database.owner('idempotency_keys').select(service.database.owner.raw('idempotency_keys::text')),
  );

describe('a stored response about a person', () => {
  const requests: [string, () => { path: string; body: object; by?: TestUser }][] = [
    ['in its path', () => ({ path: `/things/${person.customer_id}/notes`, body: {} })],
    ['in its path, in upper case', () => ({ path: `/things/${person.customer_id?.toUpperCase()}/notes`, body: {} })],
    ['by customer id, nested', () => ({ path: '/things', body: { a: [{ customer: { id: person.customer_id } }] } })],
    ['by customer id, within a text', () => ({ path: '/things', body: { a: `of ${person.customer_id}.` } })],
    ['by user id', () => ({ path: '/things', body: { user_id: person.user_id } })],
    ['in a header', () => ({ path: '/things', body: { header: `/customers/${person.customer_id}` } })],
    ['of a route without a company', () => ({ path: '/everywhere', body: { id: person.user_id } })],
    ['as its actor', () => ({ path: '/things', body: {}, by: service.user('admin', company, person.user_id ?? '') })],
    ['by customer number in its path', () => ({ path: '/numbered/10000042/calls', body: {} })],
    ['by customer number in its path, with zeros', () => ({ path: '/numbered/0010000042/calls', body: {} })],
    ['by customer number', () => ({ path: '/things', body: { a: { customer_number: 10_000_042 } } })],
    ['by customer number under another name', () => ({ path: '/things', body: { legacy_id: 10_000_042 } })],
  ];

  test.each(requests)('%s is redacted; its repetition is a 404 without effect', async (_where, make) => {
    const { path, body, by } = make();
    const key = `canary-${randomUUID()}@example.com`;
    const sent = { ...body, text: `canary ${key}` };
    const as = { key, ...(by && { by }) };
    await post(path, sent, as).expect(201);
    expect(await allRows()).toContain(key);
    const before = effects;
    expect(await erase()).toEqual({ rows: 1, batches: 1 });
    const rows = await allRows();
    for (const trace of [key, person.customer_id, person.user_id, '10000042']) expect(rows).not.toContain(trace);
    for (const again of [sent, { other: 'request' }])
      expect((await post(path, again, as).expect(404)).body).toMatchObject(erasedProblem);
    expect(effects).toBe(before);
    expect(await erase()).toEqual({ rows: 0, batches: 1 });
    await post(path, sent, { ...as, key: randomUUID() }).expect(201);
  });

  test('is found by index', async () => {
    const plan = await service.database.db.transaction(async (tx) => {
      await tx.raw('set local enable_seqscan = off');
      const { rows } = await tx.raw(`explain select from idempotency_keys where subject_ids && array['x']`);
      return JSON.stringify(rows);
    });
    expect(plan).toContain('idempotency_keys_subject_ids');
  });

  test('is kept when it has only a similar number, or belongs to another company', async () => {
    const others = [
      ['/things', { price: 10_000_042, total: 10_000_042, id: 10_000_042 }],
      [
        '/things',
        { customer_number: 100_000_421, text: 'customer_number":10000042}', more: '"customer_number":10000042,' },
      ],
      ['/things', { legacy_id: 10_000_043, phone: '10000042' }],
      ['/numbered/100000421/calls', { id: 10_000_042 }],
      ['/things', { id: randomUUID() }],
    ] as const;
    const stored = [];
    for (const [path, body] of others) {
      const key = randomUUID();
      stored.push({ path, body, key, by: admin, response: (await post(path, body, { key }).expect(201)).text });
    }
    const elsewhere = service.user('admin', service.company());
    const body = { id: person.customer_id, customer_number: 10_000_042 };
    stored.push({ path: '/things', body, key: 'k', by: elsewhere, response: `${JSON.stringify(body)}\n` });
    await post('/things', body, { key: 'k', by: elsewhere }).expect(201);

    expect(await erase()).toEqual({ rows: 0, batches: 1 });
    const nobody = { ...person, customer_id: null, user_id: null, customer_number: null };
    expect(await erase(nobody)).toMatchObject({ rows: 0 });
    for (const { path, body: again, key, by, response } of stored) {
      const repeated = await post(path, again, { key, by }).expect(201);
      expect([repeated.text, repeated.headers['idempotency-replayed']]).toEqual([response, 'true']);
    }
  });
});

describe('a request that is under way during the erasure', () => {
  /** Runs a request whose transaction ends only after the erasure. */
  const duringErasure = async (send: () => PromiseLike<unknown>) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const before = effects;
    const running = send();
    const settled = Promise.resolve(running);
    await expect.poll(() => effects).toBe(before + 1);
    expect((await erase()).rows).toBeLessThanOrEqual(1);
    resolve();
    await settled;
  };

  test('stores a redacted response', async () => {
    const body = { id: person.customer_id, text: 'canary-under-way' };
    await duringErasure(() => post('/things', body, { key: 'k' }).expect(201, body));
    const rows = await allRows();
    for (const trace of ['canary-under-way', person.customer_id]) expect(rows).not.toContain(trace);
    const before = effects;
    expect((await post('/things', body, { key: 'k' }).expect(404)).body).toMatchObject(erasedProblem);
    expect(effects).toBe(before);
  });

  test('stores redacted steps; of an actor who is erased the whole request is a 404', async () => {
    const texts = ['canary-other', `canary-about ${person.customer_id}`];
    await duringErasure(() => post('/in-steps', { texts }, { key: 'k' }).expect(200));
    expect((await post('/in-steps', { texts }, { key: 'k' }).expect(200)).body).toEqual([
      expect.stringContaining('canary-other'),
      erasedProblem.error_code,
    ]);
    expect(await allRows()).not.toContain('canary-about');

    const by = service.user('admin', company, person.user_id ?? '');
    person = { ...person, customer_id: randomUUID() };
    await duringErasure(() => post('/in-steps', { texts: ['canary-mine'] }, { key: 'k', by }).expect(200));
    expect((await post('/in-steps', { texts: ['canary-mine'] }, { key: 'k', by }).expect(404)).body).toMatchObject(
      erasedProblem,
    );
    const rows = await allRows();
    for (const trace of ['canary-mine', person.user_id]) expect(rows).not.toContain(trace);
  });
});

test('redacts the steps about the person and replays the others', async () => {
  const texts = ['other', `about ${person.customer_id}`, 'another'];
  const first = (await post('/in-steps', { texts }, { key: 'k' }).expect(200)).body;
  const before = effects;
  expect((await erase()).rows).toBe(1);
  const again = await post('/in-steps', { texts }, { key: 'k' }).expect(200);
  expect(again.body).toEqual([first[0], erasedProblem.error_code, first[2]]);
  expect(effects).toBe(before);
  expect(await allRows()).not.toContain(person.customer_id);

  const user_id = randomUUID();
  const mine = service.user('admin', company, user_id);
  await post('/in-steps', { texts: ['one'] }, { key: 'k', by: mine }).expect(200);
  expect((await erase({ ...person, user_id })).rows).toBe(2);
  expect((await post('/in-steps', { texts: ['one'] }, { key: 'k', by: mine }).expect(404)).body).toMatchObject(
    erasedProblem,
  );
  expect(effects).toBe(before + 1);
});

test('frees the key of a redacted response after 24 hours', async () => {
  const body = { text: 'free again' };
  const by = service.user('admin', company, person.user_id ?? '');
  await post('/things', body, { key: 'k', by }).expect(201);
  expect((await erase()).rows).toBe(1);
  const yesterday = service.database.owner.raw(`now() - interval '25 hours'`);
  for (const table of ['idempotency_keys', 'redacted_subjects'])
    await service.database.owner(table).where({ company_id: company.id }).update({ created_at: yesterday });
  await post('/things', body, { key: 'k', by }).expect(201);
  expect((await post('/things', body, { key: 'k', by }).expect(201)).headers['idempotency-replayed']).toBe('true');
});

test('redacts a thousand responses per transaction and finds each', async () => {
  const row = (n: number) => ({
    company_id: company.id,
    request: Buffer.from(`request ${n}`),
    step: 0,
    status: 201,
    response: JSON.stringify({ id: n % 2 ? person.customer_id : randomUUID() }),
    subject_ids: n % 2 ? [person.customer_id] : [],
  });
  await service.database.owner.batchInsert(
    'idempotency_keys',
    Array.from({ length: 2500 }, (_, n) => row(n)),
    500,
  );
  expect(await erase()).toEqual({ rows: 1250, batches: 2 });
  expect(await allRows()).not.toContain(person.customer_id);
});
