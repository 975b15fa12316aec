import { randomUUID } from 'node:crypto';
import type { Person } from '@clientela/contracts';
import { newId } from '@clientela/db';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestFavorites, type TestFavorites } from './testing/test-favorites.ts';

let testFavorites: TestFavorites;
let company: Company;
let admin: TestUser;
let person: Person;
const ownNumber = 10_000_001;
const otherNumber = 10_000_002;
const path = '/rest/v1/favorites';

beforeAll(async () => {
  testFavorites = await createTestFavorites();
  testFavorites.stubKnownRecords();
});
beforeEach(() => {
  company = testFavorites.service.company();
  admin = testFavorites.service.user('admin', company);
  person = {
    company_id: company.id,
    customer_id: testFavorites.idOf(`/internal/customers/${ownNumber}`),
    customer_number: ownNumber,
    user_id: randomUUID(),
  };
});
afterAll(() => testFavorites.close());

const add = (user_id: number, item_id: number, user = admin) =>
  user.post(path, { user_id, item_id }).set('Idempotency-Key', `${user_id}-${item_id}`);
const callPrivacy = (route: string, body: object) =>
  testFavorites.service.callingService('customer').post(`/internal/privacy/${route}`, body);

test('exports a customer’s favorites as the API returns them', async () => {
  for (const item of [5, 7, 6]) await add(ownNumber, item).expect(201);
  await add(otherNumber, 5).expect(201);
  await add(ownNumber, 5, testFavorites.service.user('admin', testFavorites.service.company())).expect(201);
  const { items } = (await admin.get(`${path}?user_id=${ownNumber}`).expect(200)).body;
  const { text } = await callPrivacy('export', { person, section: 'favorites' }).expect(200);
  expect(text.trimEnd()).toBe(JSON.stringify({ rows: items, next: null }));
  expect(items).toHaveLength(3);
});

test('erases a customer’s favorites and stored responses, and keeps those of others with the same numbers', async () => {
  for (const item of [5, otherNumber]) await add(ownNumber, item).expect(201);
  const otherFavorite = (await add(otherNumber, ownNumber).expect(201)).text; // another customer’s, of a product whose number is the person’s
  const otherAdmin = testFavorites.service.user('admin', testFavorites.service.company());
  await add(ownNumber, 5, otherAdmin).expect(201);

  const request_id = newId();
  const { body: report } = await callPrivacy('erasures', { request_id, person }).expect(200);
  expect(report).toEqual({
    service: 'favorites',
    done_at: expect.any(String),
    erased: [{ table: 'favorites', rows: 2, columns: ['user_id', 'item_id', 'created_at'] }],
    anonymised: [expect.objectContaining({ table: 'idempotency_keys', rows: 2 })],
    kept: [{ table: 'customer_locks', rows: 1, columns: ['customer_id'], why: expect.any(String) }],
  });
  expect((await callPrivacy('erasures', { request_id, person }).expect(200)).body).toEqual(report);

  expect((await admin.get(path)).body.items).toEqual([JSON.parse(otherFavorite)]);
  expect((await add(otherNumber, ownNumber).expect(201)).text).toBe(otherFavorite);
  expect((await otherAdmin.get(path)).body.count).toBe(1);
  const { body: repeated } = await add(ownNumber, 5).expect(404);
  expect(repeated.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
  const { body: rejected } = await admin.post(path, { user_id: ownNumber, item_id: 8 }).expect(404);
  expect(rejected.error_code).toBe('CUSTOMER_NOT_FOUND');
  expect((await admin.get(path)).body.count).toBe(1);
});
