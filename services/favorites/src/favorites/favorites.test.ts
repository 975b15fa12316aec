import { randomUUID } from 'node:crypto';
import type { TestUser, Company, StubServer, TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestFavorites, type TestFavorites } from '../testing/test-favorites.ts';

let testFavorites: TestFavorites;
let service: TestService;
let customers: StubServer;
let products: StubServer;
let company: Company;
let admin: TestUser;
let idOf: TestFavorites['idOf'];

let numbers = 10_000_000;
/** Numbers of a customer and a product that no other test uses. */
const newPair = () => ({ user_id: (numbers += 1), item_id: (numbers += 1) });

beforeAll(async () => {
  testFavorites = await createTestFavorites();
  ({ service, customers, products, idOf } = testFavorites);
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(() => testFavorites.stubKnownRecords());
afterAll(() => testFavorites.close());

const path = '/rest/v1/favorites';
const add = async (pair: object, user = admin) => (await user.post(path, pair).expect(201)).body;
const list = async (query = '', user = admin) => (await user.get(`${path}?${query}`).expect(200)).body;
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();
const count = async () => (await service.database.owner('favorites').where({ company_id: company.id })).length;

describe('adding a favorite', () => {
  test('returns the bare favorite with integers, and publishes favorite.added', async () => {
    const pair = newPair();
    const { body, headers } = await admin.post(`${path}/`, pair).expect(201);
    expect(body).toEqual({ id: expect.any(Number), ...pair, created_at: expect.stringMatching(/\.\d{3}Z$/) });
    const published = (await service.events('favorite.added')).filter(({ data }) => data['favorite_id'] === body.id);
    expect(published).toEqual([
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

  test('renews the time of an existing favorite, under both paths', async () => {
    const pair = newPair();
    const first = await add(pair);
    await service.database.owner('favorites').where({ id: first.id }).update({ created_at: '2020-01-01T00:00:00Z' });
    const renewed = await admin.post('/api/favorites', pair).expect(200);
    expect(renewed.body).toEqual({ ...first, created_at: expect.any(String) });
    expect(Date.parse(renewed.body.created_at)).toBeGreaterThanOrEqual(Date.parse(first.created_at));
    expect(await list(`id=${first.id}`)).toEqual({ items: [renewed.body], count: 1 });
    expect((await admin.get(`/api/favorites?id=${first.id}`).expect(200)).body).toEqual({
      items: [renewed.body],
      count: 1,
    });
    const published = (await service.events('favorite.added')).filter(({ data }) => data['favorite_id'] === first.id);
    expect(published.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('rejects an unknown customer or product with 404 and a deleted customer with 409, and stores nothing', async () => {
    const before = await count();
    customers.respond(() => ({ status: 404 }));
    expect((await admin.post(path, newPair()).expect(404)).body).toMatchObject({
      error_code: 'CUSTOMER_NOT_FOUND',
      success: false,
      message: 'No such customer',
    });
    customers.respond((url) => ({ status: 200, body: { id: idOf(url), number: 1, deleted: true } }));
    expect((await admin.post(path, newPair()).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    customers.respond((url) => ({ status: 200, body: { id: idOf(url), number: 1, deleted: false } }));
    products.respond(() => ({ status: 404 }));
    expect((await admin.post(path, newPair()).expect(404)).body.error_code).toBe('PRODUCT_NOT_FOUND');
    expect(await count()).toBe(before);
  });

  test('responds with a 503 that names the unavailable service', async () => {
    const before = await count();
    customers.respond(() => undefined);
    const customerDown = await admin.post(path, newPair()).expect(503);
    expect(customerDown.body.detail).toContain('customer service');
    expect(customerDown.headers['retry-after']).toBeDefined();
    customers.respond((url) => ({ status: 200, body: { id: idOf(url), number: 1, deleted: false } }));
    products.respond(() => undefined);
    expect((await admin.post('/api/favorites', newPair()).expect(503)).body.detail).toContain('product service');
    expect(await count()).toBe(before);
    await admin.get(path).expect(200);
  });

  test('creates one favorite for concurrent requests of the same pair', async () => {
    const racing = await createTestFavorites({ pool: 10 });
    try {
      racing.stubKnownRecords();
      const user = racing.service.user('admin', racing.service.company());
      const pair = newPair();
      const statuses = await Promise.all(
        Array.from({ length: 8 }, () => user.post(path, pair).then(({ status }) => status)),
      );
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(statuses.filter((status) => status === 200)).toHaveLength(7);
      expect((await user.get(path)).body.count).toBe(1);
      const sequences = (await racing.service.events('favorite.added')).map(({ sequence }) => sequence);
      expect(new Set(sequences)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    } finally {
      await racing.close();
    }
  });
});

describe('the favorites list', () => {
  test('is paginated by limit and offset, ordered by id, with the total count', async () => {
    const shop = service.user('admin', service.company());
    const { user_id, item_id } = newPair();
    const added = [];
    for (let index = 0; index < 5; index += 1) added.push(await add({ user_id, item_id: item_id + index }, shop));
    numbers += 5;
    expect(await list('', shop)).toEqual({ items: added, count: 5 });
    expect(await list('limit=2&offset=1', shop)).toEqual({ items: added.slice(1, 3), count: 5 });
    expect(await list('offset=9', shop)).toEqual({ items: [], count: 5 });
  });

  test('returns 100 items by default', async () => {
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

  test('is filtered by several ids, customers and products, and by time', async () => {
    const shop = service.user('admin', service.company());
    const [a, b, c] = [newPair(), newPair(), newPair()];
    const [first, second, third] = [await add(a, shop), await add(b, shop), await add(c, shop)];
    for (const [favorite, day] of [
      [first, 1],
      [second, 2],
      [third, 3],
    ] as const) {
      favorite.created_at = `2026-01-0${day}T12:00:00.000Z`;
      await service.database.owner('favorites').where({ id: favorite.id }).update({ created_at: favorite.created_at });
    }
    const itemsOf = async (query: string) => (await list(query, shop)).items;
    expect(await itemsOf(`id=${first.id}&id=${third.id}`)).toEqual([first, third]);
    expect(await itemsOf(`user_id=${b.user_id}`)).toEqual([second]);
    expect(
      await itemsOf(`user_id=${a.user_id}&user_id=${b.user_id}&item_id=${b.item_id}&item_id=${c.item_id}`),
    ).toEqual([second]);
    expect(await itemsOf('created_at=2026-01-02T13:00:00%2B01:00')).toEqual([second]);
    expect(await itemsOf('created_from=2026-01-02&created_to=2026-01-02')).toEqual([second]);
    expect(await itemsOf('created_from=2026-01-02T12:00:00.001Z')).toEqual([third]);
    expect(await list('user_id=1', shop)).toEqual({ items: [], count: 0 });
  });
});

describe('rejected requests', () => {
  test('another company sees none of the favorites and has its own', async () => {
    const pair = newPair();
    const favorite = await add(pair);
    const otherAdmin = service.user('admin', service.company());
    expect(await list(`id=${favorite.id}`, otherAdmin)).toEqual({ items: [], count: 0 });
    expect(await list('', otherAdmin)).toEqual({ items: [], count: 0 });
    await otherAdmin.get(`${path}?company_id=${company.id}`).expect(403);
    expect((await add(pair, otherAdmin)).id).not.toBe(favorite.id);
    expect((await list(`id=${favorite.id}`)).items).toEqual([favorite]);
  });

  test('each role is limited to its permissions', async () => {
    const pair = newPair();
    await service.user('manager', company).post(path, pair).expect(201);
    const before = await count();
    const viewer = service.user('viewer', company);
    await viewer.get(path).expect(200);
    await viewer.post(path, newPair()).expect(403);
    await viewer.get('/api/favorites/popular').expect(200);
    await service.user('customer', company).get('/api/favorites/popular').expect(403);
    for (const url of ['/rest/v1/favorites', '/api/favorites']) {
      await viewer
        .delete(url)
        .send({ id: [1] })
        .expect(403);
      await service.anonymous().get(url).expect(401);
    }
    const superuser = service.user('superuser');
    expect(errorPaths(await superuser.post(path, newPair()).expect(422))).toEqual(['company_id']);
    expect(await count()).toBe(before);
    expect((await superuser.get(path).expect(200)).body.count).toBeGreaterThanOrEqual(before);
  });

  test('every invalid field is named, with success and message under the legacy path only', async () => {
    const { body } = await admin.post(path, { user_id: '1', item_id: 0, colour: 'red' }).expect(422);
    expect(body).toMatchObject({ success: false, message: body.detail, error_code: 'VALIDATION_FAILED' });
    expect(errorPaths({ body })).toEqual(['colour', 'item_id', 'user_id']);
    const withoutEnvelope = await admin.post('/api/favorites', {}).expect(422);
    expect(errorPaths(withoutEnvelope)).toEqual(['item_id', 'user_id']);
    expect(withoutEnvelope.body).not.toHaveProperty('success');
    for (const value of [null, -1, 1.5, 1e300, 2 ** 53, [], {}, '', '\u0000', true]) {
      expect(errorPaths(await admin.post(path, { user_id: value, item_id: 1 }).expect(422))).toEqual(['user_id']);
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
      expect(errorPaths(await admin.get(`${path}?${query}`).expect(422))).toEqual([query.split('=')[0]]);
    }
    const many = Array.from({ length: 1001 }, () => 'id=1').join('&');
    expect(errorPaths(await admin.get(`${path}?${many}&nothing=1`).expect(422))).toEqual(['id', 'nothing']);
    await admin.post(path).set('Content-Type', 'application/json').send('{"user_id":').expect(400);
    expect((await admin.put(path).expect(405)).body.success).toBe(false);
  });
});
