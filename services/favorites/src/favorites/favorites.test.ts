import { randomUUID } from 'node:crypto';
import type { TestUser, Company, StubServer, TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { favoritesUnderTest, type FavoritesUnderTest } from '../favorites-under-test.ts';

let under: FavoritesUnderTest;
let service: TestService;
let customers: StubServer;
let products: StubServer;
let company: Company;
let admin: TestUser;
let idOf: FavoritesUnderTest['idOf'];

let numbers = 10_000_000;
/** A customer and a product that nothing else in this file speaks of. */
const fresh = () => ({ user_id: (numbers += 1), item_id: (numbers += 1) });

beforeAll(async () => {
  under = await favoritesUnderTest();
  ({ service, customers, products, idOf } = under);
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(() => under.knowing());
afterAll(() => under.close());

const path = '/rest/v1/favorites';
const add = async (pair: object, caller = admin) => (await caller.post(path, pair).expect(201)).body;
const list = async (query = '', caller = admin) => (await caller.get(`${path}?${query}`).expect(200)).body;
const faultsOf = ({ body }: { body: { errors: { path: string }[] } }) => body.errors.map(({ path }) => path).toSorted();
const count = async () => (await service.database.owner('favorites').where({ company_id: company.id })).length;

describe('a favorite', () => {
  test('is added, bare and in integers, and said to the others', async () => {
    const pair = fresh();
    const { body, headers } = await admin.post(`${path}/`, pair).expect(201);
    expect(body).toEqual({ id: expect.any(Number), ...pair, created_at: expect.stringMatching(/\.\d{3}Z$/) });
    const said = (await service.events('favorite.added')).filter(({ data }) => data['favorite_id'] === body.id);
    expect(said).toEqual([
      expect.objectContaining({
        company_id: company.id,
        sequence: 1,
        data: { favorite_id: body.id, customer_number: pair.user_id, product_number: pair.item_id },
      }),
    ]);
    expect(customers.calls.at(-1)).toMatchObject({
      path: `/internal/customers/${pair.user_id}`,
      headers: { 'x-company-id': company.id },
    });
    expect(products.calls.at(-1)).toMatchObject({
      path: `/internal/products/${pair.item_id}`,
      headers: { 'x-request-id': headers['x-request-id'] },
    });
  });

  test('added again is the same one with its time renewed, under either name of the path', async () => {
    const pair = fresh();
    const first = await add(pair);
    await service.database.owner('favorites').where({ id: first.id }).update({ created_at: '2020-01-01T00:00:00Z' });
    const again = await admin.post('/api/favorites', pair).expect(200);
    expect(again.body).toEqual({ ...first, created_at: expect.any(String) });
    expect(Date.parse(again.body.created_at)).toBeGreaterThanOrEqual(Date.parse(first.created_at));
    expect(await list(`id=${first.id}`)).toEqual({ items: [again.body], count: 1 });
    expect((await admin.get(`/api/favorites?id=${first.id}`).expect(200)).body).toEqual({
      items: [again.body],
      count: 1,
    });
    const said = (await service.events('favorite.added')).filter(({ data }) => data['favorite_id'] === first.id);
    expect(said.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('of an unknown customer or product is a 404, of a deleted customer a 409; nothing is written', async () => {
    const before = await count();
    customers.answer(() => ({ status: 404 }));
    expect((await admin.post(path, fresh()).expect(404)).body).toMatchObject({
      error_code: 'CUSTOMER_NOT_FOUND',
      success: false,
      message: 'No such customer',
    });
    customers.answer((asked) => ({ status: 200, body: { id: idOf(asked), number: 1, deleted: true } }));
    expect((await admin.post(path, fresh()).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    customers.answer((asked) => ({ status: 200, body: { id: idOf(asked), number: 1, deleted: false } }));
    products.answer(() => ({ status: 404 }));
    expect((await admin.post(path, fresh()).expect(404)).body.error_code).toBe('PRODUCT_NOT_FOUND');
    expect(await count()).toBe(before);
  });

  test('while a service that must be asked is down is a 503 that names it', async () => {
    const before = await count();
    customers.answer(() => undefined);
    const customerDown = await admin.post(path, fresh()).expect(503);
    expect(customerDown.body.detail).toContain('customer service');
    expect(customerDown.headers['retry-after']).toBeDefined();
    customers.answer((asked) => ({ status: 200, body: { id: idOf(asked), number: 1, deleted: false } }));
    products.answer(() => undefined);
    expect((await admin.post('/api/favorites', fresh()).expect(503)).body.detail).toContain('product service');
    expect(await count()).toBe(before);
    await admin.get(path).expect(200);
  });

  test('two who add the same at once make one', async () => {
    const racing = await favoritesUnderTest({ pool: 10 });
    try {
      racing.knowing();
      const caller = racing.service.user('admin', racing.service.company());
      const pair = fresh();
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => caller.post(path, pair).then(({ status }) => status)),
      );
      expect(answers.filter((status) => status === 201)).toHaveLength(1);
      expect(answers.filter((status) => status === 200)).toHaveLength(7);
      expect((await caller.get(path)).body.count).toBe(1);
      const sequences = (await racing.service.events('favorite.added')).map(({ sequence }) => sequence);
      expect(new Set(sequences)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    } finally {
      await racing.close();
    }
  });
});

describe('the list', () => {
  test('is cut by limit and offset, by id, and says how many there are', async () => {
    const shop = service.user('admin', service.company());
    const { user_id, item_id } = fresh();
    const made = [];
    for (let index = 0; index < 5; index += 1) made.push(await add({ user_id, item_id: item_id + index }, shop));
    numbers += 5;
    expect(await list('', shop)).toEqual({ items: made, count: 5 });
    expect(await list('limit=2&offset=1', shop)).toEqual({ items: made.slice(1, 3), count: 5 });
    expect(await list('offset=9', shop)).toEqual({ items: [], count: 5 });
  });

  test('shows 100 unless told', async () => {
    const shop = service.company();
    const customer_id = randomUUID();
    await service.database.owner('customer_locks').insert({ company_id: shop.id, customer_id });
    const rows = Array.from({ length: 101 }, (_, index) => ({
      company_id: shop.id,
      customer_id,
      product_id: randomUUID(),
      user_id: 1,
      item_id: index + 1,
    }));
    await service.database.owner('favorites').insert(rows);
    const { items, count } = await list('', service.user('viewer', shop));
    expect([items.length, count]).toEqual([100, 101]);
    expect((await list('limit=1000', service.user('viewer', shop))).items.length).toBe(101);
  });

  test('is filtered by ids, customers, products, each several at once, and by time', async () => {
    const shop = service.user('admin', service.company());
    const [a, b, c] = [fresh(), fresh(), fresh()];
    const [first, second, third] = [await add(a, shop), await add(b, shop), await add(c, shop)];
    for (const [favorite, day] of [
      [first, 1],
      [second, 2],
      [third, 3],
    ] as const) {
      favorite.created_at = `2026-01-0${day}T12:00:00.000Z`;
      await service.database.owner('favorites').where({ id: favorite.id }).update({ created_at: favorite.created_at });
    }
    const found = async (query: string) => (await list(query, shop)).items;
    expect(await found(`id=${first.id}&id=${third.id}`)).toEqual([first, third]);
    expect(await found(`user_id=${b.user_id}`)).toEqual([second]);
    expect(await found(`user_id=${a.user_id}&user_id=${b.user_id}&item_id=${b.item_id}&item_id=${c.item_id}`)).toEqual([
      second,
    ]);
    expect(await found('created_at=2026-01-02T13:00:00%2B01:00')).toEqual([second]);
    expect(await found('created_from=2026-01-02&created_to=2026-01-02')).toEqual([second]);
    expect(await found('created_from=2026-01-02T12:00:00.001Z')).toEqual([third]);
    expect(await list('user_id=1', shop)).toEqual({ items: [], count: 0 });
  });
});

describe('refusals', () => {
  test('another company sees nothing of it, and has its own', async () => {
    const pair = fresh();
    const mine = await add(pair);
    const stranger = service.user('admin', service.company());
    expect(await list(`id=${mine.id}`, stranger)).toEqual({ items: [], count: 0 });
    expect(await list('', stranger)).toEqual({ items: [], count: 0 });
    await stranger.get(`${path}?company_id=${company.id}`).expect(403);
    expect((await add(pair, stranger)).id).not.toBe(mine.id);
    expect((await list(`id=${mine.id}`)).items).toEqual([mine]);
  });

  test('each role does what it may', async () => {
    const pair = fresh();
    await service.user('manager', company).post(path, pair).expect(201);
    const before = await count();
    const viewer = service.user('viewer', company);
    await viewer.get(path).expect(200);
    await viewer.post(path, fresh()).expect(403);
    await viewer.get('/api/favorites/popular').expect(200);
    await service.user('customer', company).get('/api/favorites/popular').expect(403);
    for (const one of ['/rest/v1/favorites', '/api/favorites']) {
      await viewer
        .delete(one)
        .send({ id: [1] })
        .expect(403);
      await service.anonymous().get(one).expect(401);
    }
    const superuser = service.user('superuser');
    expect(faultsOf(await superuser.post(path, fresh()).expect(422))).toEqual(['company_id']);
    expect(await count()).toBe(before);
    expect((await superuser.get(path).expect(200)).body.count).toBeGreaterThanOrEqual(before);
  });

  test('every bad field is named, in the dialect where it is spoken', async () => {
    const { body } = await admin.post(path, { user_id: '1', item_id: 0, colour: 'red' }).expect(422);
    expect(body).toMatchObject({ success: false, message: body.detail, error_code: 'VALIDATION_FAILED' });
    expect(faultsOf({ body })).toEqual(['colour', 'item_id', 'user_id']);
    const plain = await admin.post('/api/favorites', {}).expect(422);
    expect(faultsOf(plain)).toEqual(['item_id', 'user_id']);
    expect(plain.body).not.toHaveProperty('success');
    for (const value of [null, -1, 1.5, 1e300, 2 ** 53, [], {}, '', '\u0000', true]) {
      expect(faultsOf(await admin.post(path, { user_id: value, item_id: 1 }).expect(422))).toEqual(['user_id']);
    }
    for (const query of [
      'limit=0',
      'limit=1001',
      'offset=-1',
      'id=x',
      'id=0',
      'id=1&id=',
      'user_id=1e3',
      'item_id=99999999999999999999',
      'created_at=2026',
      'created_at=2026-01-01',
      'created_from=x',
      'created_to=',
      'page=1',
      'limit=1&limit=2',
    ]) {
      expect(faultsOf(await admin.get(`${path}?${query}`).expect(422))).toEqual([query.split('=')[0]]);
    }
    const many = Array.from({ length: 1001 }, () => 'id=1').join('&');
    expect(faultsOf(await admin.get(`${path}?${many}&nothing=1`).expect(422))).toEqual(['id', 'nothing']);
    await admin.post(path).set('Content-Type', 'application/json').send('{"user_id":').expect(400);
    expect((await admin.put(path).expect(405)).body.success).toBe(false);
  });
});
