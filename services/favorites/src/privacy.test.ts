import { randomUUID } from 'node:crypto';
import { newId } from '@clientela/db';
import type { TestUser } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { createTestFavorites, type TestFavorites } from './testing/test-favorites.ts';

const ownNumber = 10_000_001;
const otherNumber = 10_000_002;
const path = '/rest/v1/favorites';

const test = base
  .extend('testFavorites', { scope: 'file' }, async ({}, { onCleanup }) => {
    const testFavorites = await createTestFavorites();
    onCleanup(() => testFavorites.close());
    testFavorites.stubKnownRecords();
    return testFavorites;
  })
  .extend('company', ({ testFavorites }) => testFavorites.service.company())
  .extend('admin', ({ testFavorites, company }) => testFavorites.service.user('admin', company))
  .extend('person', ({ testFavorites, company }) => ({
    company_id: company.id,
    customer_id: testFavorites.idOf(`/internal/customers/${ownNumber}`),
    customer_number: ownNumber,
    user_id: randomUUID(),
  }));

const add = (admin: TestUser, user_id: number, item_id: number, user = admin) =>
  user.post(path, { user_id, item_id }).set('Idempotency-Key', `${user_id}-${item_id}`);
const callPrivacy = (testFavorites: TestFavorites, route: string, body: object) =>
  testFavorites.service.callingService('customer').post(`/internal/privacy/${route}`, body);

test('exports a customer’s favorites as the API returns them', async ({ testFavorites, admin, person }) => {
  for (const item of [5, 7, 6]) await add(admin, ownNumber, item).expect(201);
  await add(admin, otherNumber, 5).expect(201);
  await add(admin, ownNumber, 5, testFavorites.service.user('admin', testFavorites.service.company())).expect(201);
  const { items } = (await admin.get(`${path}?user_id=${ownNumber}`).expect(200)).body;
  const { text } = await callPrivacy(testFavorites, 'export', { person, section: 'favorites' }).expect(200);
  expect(text.trimEnd()).toBe(JSON.stringify({ rows: items, next: null }));
  expect(items).toHaveLength(3);
});

test('erases a customer’s favorites and stored responses, and keeps those of others with the same numbers', async ({
  testFavorites,
  admin,
  person,
}) => {
  for (const item of [5, otherNumber]) await add(admin, ownNumber, item).expect(201);
  const otherFavorite = (await add(admin, otherNumber, ownNumber).expect(201)).text; // another customer’s, of a product whose number is the person’s
  const otherAdmin = testFavorites.service.user('admin', testFavorites.service.company());
  await add(admin, ownNumber, 5, otherAdmin).expect(201);

  const request_id = newId();
  const { body: report } = await callPrivacy(testFavorites, 'erasures', { request_id, person }).expect(200);
  expect(report).toEqual({
    service: 'favorites',
    done_at: expect.any(String),
    erased: [{ table: 'favorites', rows: 2, columns: ['user_id', 'item_id', 'created_at'] }],
    anonymised: [expect.objectContaining({ table: 'idempotency_keys', rows: 2 })],
    kept: [{ table: 'customer_locks', rows: 1, columns: ['customer_id'], why: expect.any(String) }],
  });
  expect((await callPrivacy(testFavorites, 'erasures', { request_id, person }).expect(200)).body).toEqual(report);

  expect((await admin.get(path)).body.items).toEqual([JSON.parse(otherFavorite)]);
  expect((await add(admin, otherNumber, ownNumber).expect(201)).text).toBe(otherFavorite);
  expect((await otherAdmin.get(path)).body.count).toBe(1);
  const { body: repeated } = await add(admin, ownNumber, 5).expect(404);
  expect(repeated.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
  const { body: rejected } = await admin.post(path, { user_id: ownNumber, item_id: 8 }).expect(404);
  expect(rejected.error_code).toBe('CUSTOMER_NOT_FOUND');
  expect((await admin.get(path)).body.count).toBe(1);
});

test('a hard-deleted customer’s stored responses are redacted, and no others', async ({ testFavorites, company }) => {
  const admin = testFavorites.service.user('admin', company);
  const [number, item] = [10_000_011, 5];
  await add(admin, number, item).expect(201);
  await add(admin, otherNumber, item).expect(201);
  const event = {
    id: newId(),
    name: 'customer.deleted',
    occurred_at: new Date().toISOString(),
    company_id: company.id,
    actor_id: admin.user_id,
    request_id: 'request-of-the-deletion',
    sequence: 2,
    data: { customer_id: testFavorites.idOf(`/internal/customers/${number}`), number, hard: true },
  };
  await testFavorites.service.callingService('customer').post('/internal/events', event).expect(200);
  expect((await add(admin, number, item).expect(404)).body.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
  await add(admin, otherNumber, item).expect(201);
});

test('an erasure removes user_id from the dead letters about the customer', async ({ testFavorites, person }) => {
  const { owner } = testFavorites.service.database;
  const letter = (customer_id: string, user_id: string) => {
    const data = { customer_id, number: 1, user_id, hard: false };
    const envelope = { id: newId(), name: 'customer.deleted', company_id: person.company_id, data };
    return { event_id: envelope.id, envelope, attempts: 7, reason: 'tested' };
  };
  const other = randomUUID();
  const customer_id = testFavorites.idOf('/internal/customers/10000012');
  const letters = [letter(customer_id, person.user_id), letter(randomUUID(), other)];
  await owner('dead_letters').insert(letters);
  const erased = { ...person, customer_id, customer_number: 10_000_012 };
  await callPrivacy(testFavorites, 'erasures', { request_id: newId(), person: erased }).expect(200);
  const ids = letters.map(({ event_id }) => event_id);
  const kept = await owner('dead_letters').whereIn('event_id', ids).orderBy('event_id').pluck('envelope');
  expect(kept.map(({ data }) => data.user_id)).toEqual([undefined, other]);
});
