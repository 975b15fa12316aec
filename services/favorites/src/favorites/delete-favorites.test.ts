import type { TestUser, TestService } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import { createTestFavorites } from '../testing/test-favorites.ts';

const test = base
  .extend('testFavorites', { scope: 'file' }, async ({}, { onCleanup }) => {
    const testFavorites = await createTestFavorites();
    onCleanup(() => testFavorites.close());

    return testFavorites;
  })
  .extend('service', { scope: 'file' }, ({ testFavorites }) => testFavorites.service)
  .extend('company', ({ service }) => service.company())
  .extend('admin', ({ service, company }) => service.user('admin', company));
test.beforeEach(({ testFavorites }) => {
  testFavorites.stubKnownRecords();
});

const path = '/rest/v1/favorites';
const add = async (admin: TestUser, user_id: number, item_id: number, user = admin) =>
  (await user.post(path, { user_id, item_id }).expect(201)).body as { id: number };
const remove = (admin: TestUser, id: unknown, user = admin, url = path) => user.delete(url).send({ id });
const ids = async (admin: TestUser, user = admin): Promise<number[]> =>
  (await user.get(path).expect(200)).body.items.map(({ id }: { id: number }) => id);
const publishedOf = async (service: TestService, id: number) =>
  (await service.events())
    .filter(({ data }) => data['favorite_id'] === id)
    .map((event) => [event.name, event.sequence]);

describe('examples of the legacy REST v1 clients', () => {
  test('work unchanged', async ({ admin }) => {
    const [firstCustomer, secondCustomer] = [14_722, 14_738];
    const { body: first } = await admin
      .post('/rest/v1/favorites/', { user_id: firstCustomer, item_id: 10 })
      .expect(201);
    expect(first).toEqual({
      id: expect.any(Number),
      user_id: firstCustomer,
      item_id: 10,
      created_at: expect.any(String),
    });
    const second = await add(admin, secondCustomer, 12);
    await add(admin, secondCustomer, 34);
    const listed = await admin
      .get(
        `/rest/v1/favorites/?limit=10&offset=0&user_id=${secondCustomer}&user_id=${firstCustomer}&item_id=10&item_id=12`,
      )
      .expect(200);
    expect(listed.body).toEqual({ items: [first, second], count: 2 });
    const found = await admin.get(`/rest/v1/favorites/?id=${first.id}&created_at=${first.created_at}`).expect(200);
    expect(found.body).toEqual({ items: [first], count: 1 });
    const deleted = await admin.delete('/rest/v1/favorites/').send({ id: [first.id, second.id, 999_999_999] });
    expect([deleted.status, deleted.body]).toEqual([200, { success: true, message: null, data: { count_deleted: 2 } }]);
  });
});

describe('deleting favorites', () => {
  test('deletes the existing ones once and publishes an event for each', async ({ service, company, admin }) => {
    const [first, second, third] = [await add(admin, 1, 1), await add(admin, 1, 2), await add(admin, 2, 1)];
    await admin.post(path, { user_id: 1, item_id: 2 }).expect(200);
    const response = await remove(admin, [second.id, first.id, first.id, 999_999_999], admin, '/api/favorites');
    expect([response.status, response.body]).toEqual([
      200,
      { success: true, message: null, data: { count_deleted: 2 } },
    ]);
    expect(await ids(admin)).toEqual([third.id]);
    expect(await publishedOf(service, first.id)).toEqual([
      ['favorite.added', 1],
      ['favorite.removed', 2],
    ]);
    expect(await publishedOf(service, second.id)).toEqual([
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
    const repeated = await remove(admin, [first.id, second.id]);
    expect([repeated.status, repeated.body.data]).toEqual([200, { count_deleted: 0 }]);
    expect(await publishedOf(service, first.id)).toHaveLength(2);
    const readded = await add(admin, 1, 1);
    expect(readded.id).not.toBe(first.id);
  });

  test('rejects invalid and empty lists of ids, and deletes nothing', async ({ admin }) => {
    const { id } = await add(admin, 1, 1);
    const tooMany = Array.from({ length: 1001 }, (_, index) => index + 1);
    for (const invalid of [[], undefined, null, id, [String(id)], [0], [1.5], tooMany]) {
      const { body } = await remove(admin, invalid).expect(422);
      expect(body).toMatchObject({ success: false, message: expect.any(String) });
      expect(body.errors.map((error: { path: string }) => error.path.split('.')[0])).toEqual(['id']);
    }
    await admin.delete(path).expect(422);
    const extraField = await admin
      .delete(path)
      .send({ id: [id], user_id: 1 })
      .expect(422);
    expect(extraField.body.errors).toMatchObject([{ path: 'user_id' }]);
    expect(await ids(admin)).toEqual([id]);
    await remove(
      admin,
      tooMany.slice(1).map((id) => id + 1_000_000),
    ).expect(200);
  });

  test('affects no other company', async ({ service, company, admin }) => {
    const { id } = await add(admin, 1, 1);
    const otherAdmin = service.user('admin', service.company());
    expect((await remove(admin, [id], otherAdmin).expect(200)).body.data).toEqual({ count_deleted: 0 });
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
    expect(await ids(admin)).toEqual([id]);
    expect(await publishedOf(service, id)).toHaveLength(1);
    const manager = service.user('manager', company);
    expect((await remove(admin, [id], manager).expect(200)).body.data).toEqual({ count_deleted: 1 });
  });

  test('counts each favorite once in concurrent deletions of the same ids', async ({ admin }) => {
    const racing = await createTestFavorites({ pool: 10 });
    try {
      racing.stubKnownRecords();
      const user = racing.service.user('admin', racing.service.company());
      const allIds: number[] = [];
      for (let item_id = 1; item_id <= 20; item_id += 1) allIds.push((await add(admin, 1, item_id, user)).id);
      const orders = [allIds, allIds.toReversed(), allIds.slice(5), allIds.slice(0, 15).toReversed()];
      const responses = await Promise.all(orders.map((order) => remove(admin, order, user).expect(200)));
      expect(responses.reduce((sum, { body }) => sum + body.data.count_deleted, 0)).toBe(20);
      expect(await racing.service.events('favorite.removed')).toHaveLength(20);
    } finally {
      await racing.close();
    }
  });
});

describe('popular products', () => {
  test('are ordered by their number of customers', async ({ service, admin }) => {
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
      await add(admin, user_id, item_id);
    await add(admin, 9, 10, service.user('admin', service.company()));
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

  test('count a renewed favorite once and a deleted one no more, under both paths', async ({
    company,
    service,
    admin,
  }) => {
    const { id } = await add(admin, 1, 30);
    await admin.post('/api/favorites', { user_id: 1, item_id: 30 }).expect(200);
    await add(admin, 2, 30);
    await add(admin, 1, 20);
    const superuser = service.user('superuser');
    const popular = [
      () => admin.get('/api/favorites/popular'),
      () => admin.get('/rest/v1/favorites/popular/'),
      () => superuser.get(`/api/favorites/popular?company_id=${company.id}`),
    ];
    const before = [
      { item_id: 30, count: 2 },
      { item_id: 20, count: 1 },
    ];
    for (const get of popular) expect((await get().expect(200)).body).toEqual({ items: before, count: 2 });
    await remove(admin, [id]).expect(200);
    const after = [
      { item_id: 20, count: 1 },
      { item_id: 30, count: 1 },
    ];
    for (const get of popular) expect((await get().expect(200)).body).toEqual({ items: after, count: 2 });
  });

  test('are paginated by limit and offset within bounds', async ({ admin }) => {
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'offset=-1', 'offset=1000000001', 'page=1']) {
      const { body } = await admin.get(`/api/favorites/popular?${query}`).expect(422);
      expect(body.errors).toMatchObject([{ path: query.split('=')[0] }]);
    }
    expect((await admin.get('/api/favorites/popular?limit=1000&offset=5').expect(200)).body).toEqual({
      items: [],
      count: 0,
    });
  });
});
