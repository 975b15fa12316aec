import { randomUUID } from 'node:crypto';
import type { Person } from '@clientela/contracts';
import { newId } from '@clientela/db';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { favoritesUnderTest, type FavoritesUnderTest } from './favorites-under-test.ts';

let under: FavoritesUnderTest;
let company: Company;
let admin: TestUser;
let person: Person;
const mine = 10_000_001;
const theirs = 10_000_002;
const path = '/rest/v1/favorites';

beforeAll(async () => {
  under = await favoritesUnderTest();
  under.knowing();
});
beforeEach(() => {
  company = under.service.company();
  admin = under.service.user('admin', company);
  person = {
    company_id: company.id,
    customer_id: under.idOf(`/internal/customers/${mine}`),
    customer_number: mine,
    user_id: randomUUID(),
  };
});
afterAll(() => under.close());

const add = (user_id: number, item_id: number, by = admin) =>
  by.post(path, { user_id, item_id }).set('Idempotency-Key', `${user_id}-${item_id}`);
const ask = (door: string, body: object) =>
  under.service.callingService('customer').post(`/internal/privacy/${door}`, body);

test('an export says a customer’s favorites as the API shows them', async () => {
  for (const item of [5, 7, 6]) await add(mine, item).expect(201);
  await add(theirs, 5).expect(201);
  await add(mine, 5, under.service.user('admin', under.service.company())).expect(201);
  const { items } = (await admin.get(`${path}?user_id=${mine}`).expect(200)).body;
  const { text } = await ask('export', { person, section: 'favorites' }).expect(200);
  expect(text).toBe(JSON.stringify({ rows: items, next: null }));
  expect(items).toHaveLength(3);
});

test('an erasure takes them and the answers about them; others’ stay, whatever numbers they hold', async () => {
  for (const item of [5, theirs]) await add(mine, item).expect(201);
  const other = (await add(theirs, mine).expect(201)).text; // somebody else’s, of a product whose number is the person’s
  const elsewhere = under.service.user('admin', under.service.company());
  await add(mine, 5, elsewhere).expect(201);

  const request_id = newId();
  const { body: report } = await ask('erasures', { request_id, person }).expect(200);
  expect(report).toEqual({
    service: 'favorites',
    done_at: expect.any(String),
    erased: [{ table: 'favorites', rows: 2, columns: ['user_id', 'item_id', 'created_at'] }],
    anonymised: [expect.objectContaining({ table: 'idempotency_keys', rows: 2 })],
    kept: [{ table: 'customer_locks', rows: 1, columns: ['customer_id'], why: expect.any(String) }],
  });
  expect((await ask('erasures', { request_id, person }).expect(200)).body).toEqual(report);

  expect((await admin.get(path)).body.items).toEqual([JSON.parse(other)]);
  expect((await add(theirs, mine).expect(201)).text).toBe(other);
  expect((await elsewhere.get(path)).body.count).toBe(1);
  const { body: repeated } = await add(mine, 5).expect(404);
  expect(repeated.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
  const { body: late } = await admin.post(path, { user_id: mine, item_id: 8 }).expect(404);
  expect(late.error_code).toBe('CUSTOMER_NOT_FOUND');
  expect((await admin.get(path)).body.count).toBe(1);
});
