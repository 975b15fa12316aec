import type { TestUser, Company, TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { favoritesUnderTest, type FavoritesUnderTest } from '../favorites-under-test.ts';

let under: FavoritesUnderTest;
let service: TestService;
let company: Company;
let admin: TestUser;

beforeAll(async () => {
  under = await favoritesUnderTest();
  service = under.service;
});
beforeEach(() => {
  under.knowing();
  company = service.company();
  admin = service.user('admin', company);
});
afterAll(() => under.close());

const path = '/rest/v1/favorites';
const add = async (user_id: number, item_id: number, caller = admin) =>
  (await caller.post(path, { user_id, item_id }).expect(201)).body as { id: number };
const remove = (id: unknown, caller = admin, from = path) => caller.delete(from).send({ id });
const ids = async (caller = admin): Promise<number[]> =>
  (await caller.get(path).expect(200)).body.items.map(({ id }: { id: number }) => id);
const said = async (id: number) =>
  (await service.events())
    .filter(({ data }) => data['favorite_id'] === id)
    .map((event) => [event.name, event.sequence]);

describe('vApteke’s examples', () => {
  test('work as printed', async () => {
    const [one, two] = [14_722, 14_738];
    const { body: made } = await admin.post('/rest/v1/favorites/', { user_id: one, item_id: 10 }).expect(201);
    expect(made).toEqual({ id: expect.any(Number), user_id: one, item_id: 10, created_at: expect.any(String) });
    const other = await add(two, 12);
    await add(two, 34);
    const listed = await admin
      .get(`/rest/v1/favorites/?limit=10&offset=0&user_id=${two}&user_id=${one}&item_id=10&item_id=12`)
      .expect(200);
    expect(listed.body).toEqual({ items: [made, other], count: 2 });
    const found = await admin.get(`/rest/v1/favorites/?id=${made.id}&created_at=${made.created_at}`).expect(200);
    expect(found.body).toEqual({ items: [made], count: 1 });
    const gone = await admin.delete('/rest/v1/favorites/').send({ id: [made.id, other.id, 999_999_999] });
    expect([gone.status, gone.body]).toEqual([200, { success: true, message: null, data: { count_deleted: 2 } }]);
  });
});

describe('removing', () => {
  test('takes the given ones that are there, once, and says so of each', async () => {
    const [first, second, third] = [await add(1, 1), await add(1, 2), await add(2, 1)];
    await admin.post(path, { user_id: 1, item_id: 2 }).expect(200);
    const answer = await remove([second.id, first.id, first.id, 999_999_999], admin, '/api/favorites');
    expect([answer.status, answer.body]).toEqual([200, { success: true, message: null, data: { count_deleted: 2 } }]);
    expect(await ids()).toEqual([third.id]);
    expect(await said(first.id)).toEqual([
      ['favorite.added', 1],
      ['favorite.removed', 2],
    ]);
    expect(await said(second.id)).toEqual([
      ['favorite.added', 1],
      ['favorite.added', 2],
      ['favorite.removed', 3],
    ]);
    expect(
      (await service.events('favorite.removed')).find(({ data }) => data['favorite_id'] === first.id),
    ).toMatchObject({
      company_id: company.id,
      data: { favorite_id: first.id, customer_number: 1, product_number: 1 },
    });
    const again = await remove([first.id, second.id]);
    expect([again.status, again.body.data]).toEqual([200, { count_deleted: 0 }]);
    expect(await said(first.id)).toHaveLength(2);
    const anew = await add(1, 1);
    expect(anew.id).not.toBe(first.id);
  });

  test('of nothing is refused, and removes nothing', async () => {
    const { id } = await add(1, 1);
    const many = Array.from({ length: 1001 }, (_, index) => index + 1);
    for (const wrong of [[], undefined, null, id, [String(id)], [0], [1.5], many]) {
      const { body } = await remove(wrong).expect(422);
      expect(body).toMatchObject({ success: false, message: expect.any(String) });
      expect(body.errors.map((fault: { path: string }) => fault.path.split('.')[0])).toEqual(['id']);
    }
    await admin.delete(path).expect(422);
    const named = await admin
      .delete(path)
      .send({ id: [id], user_id: 1 })
      .expect(422);
    expect(named.body.errors).toMatchObject([{ path: 'user_id' }]);
    expect(await ids()).toEqual([id]);
    await remove(many.slice(1).map((one) => one + 1_000_000)).expect(200);
  });

  test('reaches no other company', async () => {
    const { id } = await add(1, 1);
    const stranger = service.user('admin', service.company());
    expect((await remove([id], stranger).expect(200)).body.data).toEqual({ count_deleted: 0 });
    await service
      .user('viewer', company)
      .delete(path)
      .send({ id: [id] })
      .expect(403);
    expect(
      (
        await service
          .user('superuser')
          .delete(path)
          .send({ id: [id] })
          .expect(422)
      ).body.errors,
    ).toMatchObject([{ path: 'company_id' }]);
    expect(await ids()).toEqual([id]);
    expect(await said(id)).toHaveLength(1);
    const manager = service.user('manager', company);
    expect((await remove([id], manager).expect(200)).body.data).toEqual({ count_deleted: 1 });
  });

  test('the same at once, each in another order, counts each favorite once', async () => {
    const racing = await favoritesUnderTest({ pool: 10 });
    try {
      racing.knowing();
      const caller = racing.service.user('admin', racing.service.company());
      const all: number[] = [];
      for (let item_id = 1; item_id <= 20; item_id += 1) all.push((await add(1, item_id, caller)).id);
      const orders = [all, all.toReversed(), all.slice(5), all.slice(0, 15).toReversed()];
      const answers = await Promise.all(orders.map((order) => remove(order, caller).expect(200)));
      expect(answers.reduce((sum, { body }) => sum + body.data.count_deleted, 0)).toBe(20);
      expect(await racing.service.events('favorite.removed')).toHaveLength(20);
    } finally {
      await racing.close();
    }
  });
});

describe('what is kept most', () => {
  test('comes first, with how many keep it', async () => {
    for (const [user_id, item_id] of [
      [1, 30],
      [2, 30],
      [3, 30],
      [1, 20],
      [2, 20],
      [1, 10],
      [2, 25],
      [3, 25],
    ] as const)
      await add(user_id, item_id);
    await add(9, 10, service.user('admin', service.company()));
    const popular = async (query = '') => (await admin.get(`/api/favorites/popular?${query}`).expect(200)).body;
    const items = [
      { item_id: 30, count: 3 },
      { item_id: 20, count: 2 },
      { item_id: 25, count: 2 },
      { item_id: 10, count: 1 },
    ];
    expect(await popular()).toEqual({ items, count: 4 });
    expect(await popular('limit=2&offset=1')).toEqual({ items: items.slice(1, 3), count: 4 });
    expect(await popular('offset=4')).toEqual({ items: [], count: 4 });
    await admin.get('/api/favorites/popular?user_id=1').expect(422);
    expect((await service.user('admin', service.company()).get('/api/favorites/popular')).body).toEqual({
      items: [],
      count: 0,
    });
    await service.user('superuser').get('/api/favorites/popular').expect(422);
  });
});
