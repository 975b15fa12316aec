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
/** How often doors had an effect. */
let effects = 0;

const Anything = z.record(z.string(), z.json());
const answering = (path: string, extra: object = {}) =>
  route({
    method: 'post',
    path,
    summary: 'answers what it is sent',
    allow: 'customers:create',
    body: Anything,
    responses: { 201: Anything },
    handle: async ({ body }) => {
      effects += 1;
      const { header, ...shown } = body;
      return reply(201, shown, typeof header === 'string' ? { Location: header } : {});
    },
    ...extra,
  });
const params = z.strictObject({ id: z.string() });
const routes = [
  answering('/things'),
  answering('/things/{id}/notes', { params }),
  answering('/everywhere', { tenancy: 'global' }),
  answering('/rest/v1/customers'),
  answering('/rest/v1/customers/{id}/calls', { params }),
  answering('/rest/v1/favorites'),
  answering('/api/favorites'),
  answering('/long', {
    rebuild: { reference: ({ id }: { id: string }) => id, read: async () => ({ built: 'again' }) },
  }),
  route({
    method: 'post',
    path: '/in-parts',
    summary: 'each by itself',
    allow: 'customers:create',
    transaction: 'own', // each part stands alone
    idempotency: 'steps',
    body: z.strictObject({ all: z.array(z.string()) }),
    responses: { 200: z.array(z.string()) },
    handle: async ({ body, runStep: once, recordStep: keep }) => {
      const results: string[] = [];
      for (const [at, one] of body.all.entries()) {
        const done = once(String(at), async () => {
          effects += 1;
          return `${effects} ${one}`;
        }).catch((error: unknown) => keep(String(at), error instanceof AppError ? error.error_code : 'failed'));
        results.push(await done);
      }
      return results;
    },
  }),
];

beforeAll(async () => {
  service = await testService('product', (parts) =>
    createService({ ...parts, service: 'product', version: '1', routes }),
  );
});
beforeEach(() => {
  company = service.company();
  admin = service.user('admin', company);
  person = { company_id: company.id, customer_id: randomUUID(), customer_number: 10_000_042, user_id: randomUUID() };
});
afterAll(() => service.close());

const post = (path: string, body: object, { key = randomUUID(), by = admin }: { key?: string; by?: TestUser } = {}) =>
  by.post(path, body).set('Idempotency-Key', key);
const erase = async (whom = person) => {
  let rows = 0;
  let parts = 0;
  for (let last: Awaited<ReturnType<typeof redactStoredResponses>> | undefined; !last?.over; parts += 1) {
    const after = last?.after ?? null;
    last = await service.database.db.transaction((tx) => redactStoredResponses(tx, whom, after));
    rows += last.rows;
  }
  return { rows, parts };
};
const gone = { status: 404, error_code: 'IDEMPOTENCY_ANSWER_ERASED' };
const whole = async () =>
  JSON.stringify(
    await service.database.owner('idempotency_keys').select(service.database.owner.raw('idempotency_keys::text')),
  );

describe('an answer that holds a person', () => {
  const requests: [string, () => { path: string; body: object; by?: TestUser }][] = [
    ['in its path', () => ({ path: `/things/${person.customer_id}/notes`, body: {} })],
    [
      'in its path, spelled otherwise',
      () => ({ path: `/things/${person.customer_id?.toUpperCase()}/notes`, body: {} }),
    ],
    [
      'by the customer’s id, deep in it',
      () => ({ path: '/things', body: { a: [{ customer: { id: person.customer_id } }] } }),
    ],
    ['by the user’s id', () => ({ path: '/things', body: { user_id: person.user_id } })],
    ['in a header', () => ({ path: '/things', body: { header: `/customers/${person.customer_id}` } })],
    [
      'in what it is built from again',
      () => ({ path: '/long', body: { id: person.customer_id, long: 'x'.repeat(70_000) } }),
    ],
    ['though the definition acts in no company', () => ({ path: '/everywhere', body: { id: person.user_id } })],
    ['as its caller', () => ({ path: '/things', body: {}, by: service.user('admin', company, person.user_id ?? '') })],
    ['by number, as a customer of vApteke’s', () => ({ path: '/rest/v1/customers', body: { id: 10_000_042 } })],
    ['by number, in vApteke’s path', () => ({ path: '/rest/v1/customers/10000042/calls', body: {} })],
    [
      'by number, as whose favorite it is',
      () => ({ path: '/rest/v1/favorites', body: { id: 1, user_id: 10_000_042 } }),
    ],
    ['the same under its other name', () => ({ path: '/api/favorites', body: { user_id: 10_000_042 } })],
    ['by number, said to be one', () => ({ path: '/things', body: { a: { customer_number: 10_000_042 } } })],
  ];

  test.each(requests)('%s is gone, and its repeat does nothing', async (_where, make) => {
    const { path, body, by } = make();
    const key = `canary-${randomUUID()}@example.com`;
    const sent = { ...body, said: `canary ${key}` };
    const as = { key, ...(by && { by }) };
    await post(path, sent, as).expect(201);
    expect(await whole()).toContain(key);
    const before = effects;
    expect(await erase()).toEqual({ rows: 1, parts: 1 });
    expect(await whole()).not.toContain(key);
    for (const again of [sent, { other: 'request' }])
      expect((await post(path, again, as).expect(404)).body).toMatchObject(gone);
    expect(effects).toBe(before);
    expect(await erase()).toEqual({ rows: 0, parts: 1 });
    await post(path, sent, { ...as, key: randomUUID() }).expect(201);
  });

  test('is another’s, when only a number looks alike, and stays', async () => {
    const others = [
      ['/things', { price: 10_000_042, total: 10_000_042, id: 10_000_042 }],
      [
        '/things',
        { customer_number: 100_000_421, text: 'customer_number":10000042}', more: '"customer_number":10000042,' },
      ],
      ['/rest/v1/customers', { id: 10_000_043, phone: '10000042' }],
      ['/rest/v1/customers/100000421/calls', { id: 10_000_042 }],
      ['/rest/v1/favorites', { id: 10_000_042, user_id: 1, item_id: 10_000_042 }],
      ['/things', { id: randomUUID() }],
    ] as const;
    const kept = [];
    for (const [path, body] of others) {
      const key = randomUUID();
      kept.push({ path, body, key, by: admin, answer: (await post(path, body, { key }).expect(201)).text });
    }
    const elsewhere = service.user('admin', service.company());
    const body = { id: person.customer_id, customer_number: 10_000_042 };
    kept.push({ path: '/things', body, key: 'k', by: elsewhere, answer: JSON.stringify(body) });
    await post('/things', body, { key: 'k', by: elsewhere }).expect(201);

    expect(await erase()).toEqual({ rows: 0, parts: 1 });
    expect(await erase({ ...person, customer_id: null, user_id: null, customer_number: null })).toMatchObject({
      rows: 0,
    });
    for (const { path, body, key, by, answer } of kept) {
      const again = await post(path, body, { key, by }).expect(201);
      expect([again.text, again.headers['idempotency-replayed']]).toEqual([answer, 'true']);
    }
  });
});

test('of a request in parts, the parts about the person are gone, and the others answer as they did', async () => {
  const all = ['other', `about ${person.customer_id}`, 'another'];
  const first = (await post('/in-parts', { all }, { key: 'k' }).expect(200)).body;
  const before = effects;
  expect((await erase()).rows).toBe(1);
  const again = await post('/in-parts', { all }, { key: 'k' }).expect(200);
  expect(again.body).toEqual([first[0], gone.error_code, first[2]]);
  expect(effects).toBe(before);
  expect(await whole()).not.toContain(person.customer_id);

  const mine = service.user('admin', company, person.user_id ?? '');
  await post('/in-parts', { all: ['one'] }, { key: 'k', by: mine }).expect(200);
  expect((await erase()).rows).toBe(2);
  expect((await post('/in-parts', { all: ['one'] }, { key: 'k', by: mine }).expect(404)).body).toMatchObject(gone);
  expect(effects).toBe(before + 1);
});

test('a key whose erased answer is past its 24 hours is free again', async () => {
  const body = { id: person.customer_id };
  await post('/things', body, { key: 'k' }).expect(201);
  expect((await erase()).rows).toBe(1);
  await service.database
    .owner('idempotency_keys')
    .where({ company_id: company.id })
    .update({ created_at: service.database.owner.raw(`now() - interval '25 hours'`) });
  await post('/things', body, { key: 'k' }).expect(201);
  expect((await post('/things', body, { key: 'k' }).expect(201)).headers['idempotency-replayed']).toBe('true');
});

test('however many there are, a thousand are gone through at a time, and each is found', async () => {
  const row = (n: number) => ({
    company_id: company.id,
    actor_id: randomUUID(),
    method: 'post',
    path: '/things',
    key: `k${n}`,
    fingerprint: Buffer.of(),
    status: 201,
    answer: JSON.stringify({ id: n % 2 ? person.customer_id : randomUUID() }),
  });
  await service.database.owner.batchInsert(
    'idempotency_keys',
    Array.from({ length: 2500 }, (_, n) => row(n)),
    500,
  );
  expect(await erase()).toEqual({ rows: 1250, parts: 3 });
  expect(await whole()).not.toContain(person.customer_id);
});
