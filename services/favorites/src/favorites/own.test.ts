import { randomUUID } from 'node:crypto';
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

const paths = ['/rest/v1/favorites', '/api/favorites'];
const [path = ''] = paths;
const profilePath = (caller: TestUser) => `/api/customers/internal/user/${caller.user_id}`;

/** A user of role customer who is the customer of that number. */
const customerOf = (number: number): TestUser => {
  const caller = service.user('customer', company, randomUUID());
  const id = under.idOf(`/internal/customers/${number}`);
  under.customers.answer((asked) => {
    if (asked === profilePath(caller)) return { status: 200, body: { customer: { id, number, full_name: 'Ana' } } };
    const known = Number(asked.split('/').at(-1));
    return asked.startsWith('/internal/')
      ? { status: 200, body: { id: under.idOf(asked), number: known, deleted: false } }
      : { status: 404 };
  });
  return caller;
};
const add = async (user_id: number, item_id: number, caller = admin) =>
  (await caller.post(path, { user_id, item_id }).expect(201)).body;
const rows = () => service.database.owner('favorites').where({ company_id: company.id }).orderBy('id');

describe('somebody of role customer', () => {
  test('adds to its own favorites, lists and removes them, under either name of the path', async () => {
    const ana = customerOf(501);
    for (const [at, item_id] of [
      ['/rest/v1/favorites', 1],
      ['/api/favorites', 2],
    ] as const) {
      const { body } = await ana.post(at, { user_id: 501, item_id }).expect(201);
      expect(body).toEqual({ id: expect.any(Number), user_id: 501, item_id, created_at: expect.any(String) });
      await ana.post(at, { user_id: 501, item_id }).expect(200);
      expect((await ana.get(`${at}?id=${body.id}`).expect(200)).body).toMatchObject({
        items: [{ id: body.id }],
        count: 1,
      });
      expect(
        (
          await ana
            .delete(at)
            .send({ id: [body.id] })
            .expect(200)
        ).body.data,
      ).toEqual({ count_deleted: 1 });
    }
    expect(await rows()).toEqual([]);
    expect(under.customers.calls.find(({ path: asked }) => asked === profilePath(ana))).toMatchObject({
      method: 'GET',
      headers: { 'x-company-id': company.id },
    });
  });

  test('sees its own alone, whatever it asks for', async () => {
    const others = [await add(502, 1), await add(503, 2)];
    const ana = customerOf(501);
    const mine = await add(501, 1);
    for (const at of paths) {
      expect((await ana.get(at).expect(200)).body).toEqual({ items: [mine], count: 1 });
      expect((await ana.get(`${at}?user_id=501&user_id=502`).expect(200)).body).toEqual({ items: [mine], count: 1 });
      for (const query of ['user_id=502', 'user_id=999', `id=${others[0].id}&id=${others[1].id}`, 'item_id=2'])
        expect((await ana.get(`${at}?${query}`).expect(200)).body).toEqual({ items: [], count: 0 });
    }
    expect((await admin.get(path).expect(200)).body.count).toBe(3);
  });

  test('adds nothing to another customer, who is not told apart from none', async () => {
    const ana = customerOf(501);
    const { request_id: _id, timestamp: _time, ...another } = (await ana.post(path, { user_id: 502, item_id: 1 })).body;
    expect(another).toMatchObject({ status: 404, error_code: 'CUSTOMER_NOT_FOUND', success: false });
    const { body: none } = await ana.post(path, { user_id: 999_999, item_id: 1 }).expect(404);
    expect(none).toMatchObject(another);
    await ana.post('/api/favorites', { user_id: 502, item_id: 1 }).expect(404);
    expect(await rows()).toEqual([]);
    expect(
      await service.events('favorite.added').then((said) => said.filter((e) => e.company_id === company.id)),
    ).toEqual([]);
  });

  test('removes nothing of another customer', async () => {
    const theirs = await add(502, 1);
    const ana = customerOf(501);
    const mine = await add(501, 1);
    for (const at of paths)
      expect(
        (
          await ana
            .delete(at)
            .send({ id: [theirs.id] })
            .expect(200)
        ).body.data,
      ).toEqual({ count_deleted: 0 });
    expect(
      (
        await ana
          .delete(path)
          .send({ id: [mine.id, theirs.id] })
          .expect(200)
      ).body.data,
    ).toEqual({ count_deleted: 1 });
    expect((await rows()).map(({ id }) => id)).toEqual([theirs.id]);
    const removed = await service.events('favorite.removed');
    expect(removed.filter((event) => event.company_id === company.id)).toHaveLength(1);
  });

  test('who is no customer has nothing and adds nothing', async () => {
    await add(502, 1);
    const nobody = service.user('customer', company);
    expect((await nobody.get(path).expect(200)).body).toEqual({ items: [], count: 0 });
    await nobody.post(path, { user_id: 502, item_id: 1 }).expect(404);
    expect(
      (
        await nobody
          .delete(path)
          .send({ id: [1] })
          .expect(200)
      ).body.data,
    ).toEqual({ count_deleted: 0 });
  });

  test('is known by its customer, not by a number that somebody had before', async () => {
    await add(501, 1);
    await service.database.owner('favorites').update({ user_id: 504 }).where({ company_id: company.id });
    const heir = customerOf(504);
    expect((await heir.get(path).expect(200)).body).toEqual({ items: [], count: 0 });
  });

  test('is asked to come again while the customer service is away; staff still list', async () => {
    const ana = customerOf(501);
    const { id } = await add(501, 1);
    under.customers.answer(() => undefined);
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
    expect((await rows()).map((row) => row.id)).toEqual([id]);
    await admin.get(path).expect(200);
    await admin
      .delete(path)
      .send({ id: [id] })
      .expect(200);
  });
});
