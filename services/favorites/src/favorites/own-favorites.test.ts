import { randomUUID } from 'node:crypto';
import type { TestUser, Company, TestService } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import { createTestFavorites, type TestFavorites } from '../testing/test-favorites.ts';

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

const paths = ['/rest/v1/favorites', '/api/favorites'];
const [path = ''] = paths;
const profilePath = (user: TestUser) => `/api/customers/internal/user/${user.user_id}`;

/** A user of role customer, linked to the customer with this number. */
const customerOf = (
  testFavorites: TestFavorites,
  service: TestService,
  company: Company,
  number: number,
  values: object = {},
): TestUser => {
  const user = service.user('customer', company, randomUUID());
  const id = testFavorites.idOf(`/internal/customers/${number}`);
  testFavorites.customers.respond((url) => {
    if (url === profilePath(user))
      return { status: 200, body: { customer: { id, number, full_name: 'Ana', ...values } } };
    const requested = Number(url.split('/').at(-1));
    return url.startsWith('/internal/')
      ? { status: 200, body: { id: testFavorites.idOf(url), number: requested, deleted: false } }
      : { status: 404 };
  });
  return user;
};
const add = async (admin: TestUser, user_id: number, item_id: number, user = admin) =>
  (await user.post(path, { user_id, item_id }).expect(201)).body;
const rows = (service: TestService, company: Company) =>
  service.database.owner('favorites').where({ company_id: company.id }).orderBy('id');

describe('role customer', () => {
  test('adds, lists and deletes its own favorites under both paths', async ({ testFavorites, service, company }) => {
    const ana = customerOf(testFavorites, service, company, 501);
    for (const [url, item_id] of [
      ['/rest/v1/favorites', 1],
      ['/api/favorites', 2],
    ] as const) {
      const { body } = await ana.post(url, { user_id: 501, item_id }).expect(201);
      expect(body).toEqual({ id: expect.any(Number), user_id: 501, item_id, created_at: expect.any(String) });
      await ana.post(url, { user_id: 501, item_id }).expect(200);
      expect((await ana.get(`${url}?id=${body.id}`).expect(200)).body).toMatchObject({
        items: [{ id: body.id }],
        count: 1,
      });
      expect(
        (
          await ana
            .delete(url)
            .send({ id: [body.id] })
            .expect(200)
        ).body.data,
      ).toEqual({ count_deleted: 1 });
    }
    expect(await rows(service, company)).toEqual([]);
    expect(testFavorites.customers.calls.find(({ path: requested }) => requested === profilePath(ana))).toMatchObject({
      method: 'GET',
      headers: { 'x-company-id': company.id },
    });
  });

  test.for(['suspended', 'inactive'])(
    'with a record that is %s lists, and neither adds nor deletes',
    async (status, { testFavorites, service, company, admin }) => {
      const ana = customerOf(testFavorites, service, company, 502, { status });
      const { id } = await add(admin, 502, 1);
      for (const url of paths) {
        for (const call of [ana.post(url, { user_id: 502, item_id: 2 }), ana.delete(url).send({ id: [id] })])
          expect((await call.expect(403)).body).toMatchObject({ error_code: 'CUSTOMER_SUSPENDED', status: 403 });
        await ana.post(url, { user_id: 503, item_id: 2 }).expect(404); // another's, as ever
        expect((await ana.get(url).expect(200)).body).toMatchObject({ items: [{ id }], count: 1 });
      }
      expect(await rows(service, company)).toHaveLength(1);
      await admin
        .delete(path)
        .send({ id: [id] })
        .expect(200);
    },
  );

  test('sees only its own favorites, whatever the filter', async ({ testFavorites, service, company, admin }) => {
    const others = [await add(admin, 502, 1), await add(admin, 503, 2)];
    const ana = customerOf(testFavorites, service, company, 501);
    const own = await add(admin, 501, 1);
    for (const url of paths) {
      expect((await ana.get(url).expect(200)).body).toEqual({ items: [own], count: 1 });
      expect((await ana.get(`${url}?user_id=501&user_id=502`).expect(200)).body).toEqual({ items: [own], count: 1 });
      for (const query of ['user_id=502', 'user_id=999', `id=${others[0].id}&id=${others[1].id}`, 'item_id=2'])
        expect((await ana.get(`${url}?${query}`).expect(200)).body).toEqual({ items: [], count: 0 });
    }
    expect((await admin.get(path).expect(200)).body.count).toBe(3);
  });

  test('gets the 404 of an unknown customer when it adds to another one', async ({
    testFavorites,
    service,
    company,
  }) => {
    const ana = customerOf(testFavorites, service, company, 501);
    const {
      request_id: _id,
      timestamp: _time,
      ...otherCustomer
    } = (await ana.post(path, { user_id: 502, item_id: 1 })).body;
    expect(otherCustomer).toMatchObject({ status: 404, error_code: 'CUSTOMER_NOT_FOUND', success: false });
    const { body: unknownCustomer } = await ana.post(path, { user_id: 999_999, item_id: 1 }).expect(404);
    expect(unknownCustomer).toMatchObject(otherCustomer);
    await ana.post('/api/favorites', { user_id: 502, item_id: 1 }).expect(404);
    expect(await rows(service, company)).toEqual([]);
    expect(
      await service
        .events('favorite.added')
        .then((published) => published.filter((event) => event.company_id === company.id)),
    ).toEqual([]);
  });

  test('deletes no favorite of another customer', async ({ testFavorites, service, company, admin }) => {
    const otherFavorite = await add(admin, 502, 1);
    const ana = customerOf(testFavorites, service, company, 501);
    const own = await add(admin, 501, 1);
    for (const url of paths)
      expect(
        (
          await ana
            .delete(url)
            .send({ id: [otherFavorite.id] })
            .expect(200)
        ).body.data,
      ).toEqual({ count_deleted: 0 });
    expect(
      (
        await ana
          .delete(path)
          .send({ id: [own.id, otherFavorite.id] })
          .expect(200)
      ).body.data,
    ).toEqual({ count_deleted: 1 });
    expect((await rows(service, company)).map(({ id }) => id)).toEqual([otherFavorite.id]);
    const removed = await service.events('favorite.removed');
    expect(removed.filter((event) => event.company_id === company.id)).toHaveLength(1);
  });

  test('has and adds no favorites without a linked customer', async ({ service, company, admin }) => {
    await add(admin, 502, 1);
    const unlinked = service.user('customer', company);
    expect((await unlinked.get(path).expect(200)).body).toEqual({ items: [], count: 0 });
    await unlinked.post(path, { user_id: 502, item_id: 1 }).expect(404);
    expect(
      (
        await unlinked
          .delete(path)
          .send({ id: [1] })
          .expect(200)
      ).body.data,
    ).toEqual({ count_deleted: 0 });
  });

  test('is matched by the customer’s id, not by a reused number', async ({
    testFavorites,
    service,
    company,
    admin,
  }) => {
    await add(admin, 501, 1);
    await service.database.owner('favorites').update({ user_id: 504 }).where({ company_id: company.id });
    const successor = customerOf(testFavorites, service, company, 504);
    expect((await successor.get(path).expect(200)).body).toEqual({ items: [], count: 0 });
  });

  test('gets a 503 while the customer service is unavailable, and staff can still list', async ({
    testFavorites,
    service,
    company,
    admin,
  }) => {
    const ana = customerOf(testFavorites, service, company, 501);
    const { id } = await add(admin, 501, 1);
    testFavorites.customers.respond(() => undefined);
    for (const call of [
      ana.get(path),
      ana.post(path, { user_id: 501, item_id: 2 }),
      ana.delete(path).send({ id: [id] }),
    ]) {
      const { body, headers } = await call.expect(503);
      expect(body).toMatchObject({ error_code: 'SERVICE_UNAVAILABLE', success: false });
      expect(body.detail).toContain('customer service');
      expect(headers['retry-after']).toBeDefined();
    }
    expect((await rows(service, company)).map((row) => row.id)).toEqual([id]);
    await admin.get(path).expect(200);
    await admin
      .delete(path)
      .send({ id: [id] })
      .expect(200);
  });
});
