import { randomUUID } from 'node:crypto';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { collectExport } from './export.ts';
import { createTestPrivacy, type TestPrivacy } from './testing/test-privacy.ts';

let it: TestPrivacy;
let company: Company;
let admin: TestUser;
beforeAll(async () => {
  it = await createTestPrivacy();
});
beforeEach(() => {
  company = it.service.company();
  admin = it.service.user('admin', company);
  it.peers.failures.clear();
  it.peers.pages.clear();
  it.peers.exportRequests.length = 0;
});
afterAll(() => it.close());

const path = '/api/gdpr/export';
const sections = [
  'customer',
  'tags',
  'notes',
  'history',
  'interactions',
  'transactions',
  'favorites',
  'user',
  'sessions',
  'audit',
];
const nothing = { interactions: [], transactions: [], favorites: [], user: null, sessions: [], audit: [] };

describe('an export', () => {
  test('is one document of everything that every service knows, page after page', async () => {
    const user_id = it.newUser();
    const customer = await it.newCustomer(admin, {
      user_id,
      full_name: 'Ana Ruiz',
      tags: ['loyal'],
      metadata: { shoe: 38 },
      address: { city: 'Quito' },
    });
    await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Prefers mornings' }).expect(201);
    const page = (from: number) => Array.from({ length: 1000 }, (_, index) => ({ id: from + index }));
    it.peers.pages.set('interactions', [page(0), page(1000), [{ id: 2000 }]]);
    it.peers.pages.set('transactions', [[{ amount: '10.00' }]]);
    it.peers.pages.set('favorites', [[], [{ item_id: 7 }]]);
    it.peers.pages.set('user', [[{ email: 'ana@example.com' }]]);
    it.peers.pages.set('sessions', [[{ ip: '192.0.2.1' }]]);
    it.peers.pages.set('audit', [[{ action: 'user.created' }]]);
    const { body, headers } = await admin.post(path, { customer_id: customer.id }).expect(200);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(Object.keys(body)).toEqual(sections);
    expect(body.customer).toMatchObject({
      id: customer.id,
      number: customer.number,
      user_id,
      full_name: 'Ana Ruiz',
      email: customer.email,
      tags: ['loyal'],
      metadata: { shoe: 38 },
      address: { city: 'Quito' },
      lifetime_value: '0.00',
      total_orders: 0,
    });
    expect(body.customer).not.toHaveProperty('search_text');
    expect(body.tags).toEqual([expect.objectContaining({ label: 'loyal', created_by: admin.user_id })]);
    expect(body.notes).toEqual([expect.objectContaining({ content: 'Prefers mornings' })]);
    expect(body.history.map(({ action }: { action: string }) => action)).toEqual([
      'customer.created',
      'customer.note.added',
    ]);
    expect(body.interactions.map(({ id }: { id: number }) => id)).toEqual(Array.from({ length: 2001 }, (_, id) => id));
    expect(body).toMatchObject({
      transactions: [{ amount: '10.00' }],
      favorites: [{ item_id: 7 }],
      user: { email: 'ana@example.com' },
      sessions: [{ ip: '192.0.2.1' }],
      audit: [{ action: 'user.created' }],
    });
    const whose = { company_id: company.id, customer_id: customer.id, customer_number: customer.number, user_id };
    for (const { person } of it.peers.exportRequests) expect(person).toEqual(whose);
    const by_user = await admin.post(path, { user_id, business_id: company.id }).expect(200);
    expect(by_user.body).toEqual(body);
    const own = it.service.user('customer', company, user_id);
    expect((await own.post(path, { customer_id: customer.id }).expect(200)).body).toEqual(body);
  });

  test('of a user who is no customer, of a customer who is no user, and of a deleted one', async () => {
    const user_id = it.newUser();
    it.peers.pages.set('user', [[{ id: user_id }]]);
    const { body } = await admin.post(path, { user_id, business_id: company.id }).expect(200);
    expect(body).toEqual({ ...nothing, customer: null, tags: [], notes: [], history: [], user: { id: user_id } });
    expect(it.peers.exportRequests.map(({ section }) => section)).toEqual(['user', 'sessions', 'audit']);
    it.peers.pages.clear();
    const customer = await it.newCustomer(admin);
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    const deleted = await admin.post(path, { customer_id: customer.id }).expect(200);
    expect(deleted.body).toMatchObject({ ...nothing, customer: { id: customer.id, deleted_at: expect.any(String) } });
    await admin.delete(`/api/customers/${customer.id}?hard_delete=true`).expect(200);
    await admin.post(path, { customer_id: customer.id }).expect(404);
  });

  test('has the other records of the same user too', async () => {
    const user_id = it.newUser();
    const before = await it.newCustomer(admin, { user_id, tags: ['old'] });
    await admin.delete(`/api/customers/${before.id}`).expect(200);
    const now = await it.newCustomer(admin, { user_id, tags: ['new'] });
    const { body } = await admin.post(path, { user_id, business_id: company.id }).expect(200);
    expect(body.customer).toMatchObject({ id: now.id });
    expect(body.other_customers).toEqual([expect.objectContaining({ id: before.id, email: before.email })]);
    expect(body.tags.map(({ label }: { label: string }) => label)).toEqual(['new', 'old']);
  });

  test.each(['auth', 'interaction', 'favorites'] as const)(
    'is a 503 that names %s while that is away',
    async (name) => {
      const customer = await it.newCustomer(admin);
      for (const how of ['hangs up', 503, 500, 404] as const) {
        it.peers.failures.set(name, how);
        const { body, headers } = await admin.post(path, { customer_id: customer.id }).expect(503);
        expect([body.detail, headers['retry-after']]).toEqual([expect.stringContaining(name), '2']);
      }
      it.peers.failures.clear();
      await admin.post(path, { customer_id: customer.id }).expect(200);
    },
  );

  test('is not kept under an Idempotency-Key: it is today’s', async () => {
    const customer = await it.newCustomer(admin);
    const keyed = () => admin.post(path, { customer_id: customer.id }).set('Idempotency-Key', 'the-same');
    await keyed().expect(200);
    await admin.patch(`/api/customers/${customer.id}`, { firstname: 'Eva' }).expect(200);
    expect((await keyed().expect(200)).body.customer.firstname).toBe('Eva');
    expect(await it.service.database.owner('idempotency_keys').where({ company_id: company.id })).toEqual([]);
  });

  test('of somebody who is erased in the middle is none', async () => {
    const customer = await it.newCustomer(admin);
    it.peers.servers.favorites.respond(async (_path, _body) => {
      await it.service.database.owner('customers').where({ id: customer.id }).delete();
      return { status: 200, body: { rows: [], next: null } };
    });
    await admin.post(path, { customer_id: customer.id }).expect(404);
  });
});

test('more than an export may have is refused, with the bytes that it may', async () => {
  const person = { company_id: randomUUID(), customer_id: randomUUID(), customer_number: 1, user_id: null };
  let asked = 0;
  const endless = async () => {
    asked += 1;
    return { rows: [{ text: 'x'.repeat(1000) }], next: 'more' };
  };
  const { signal } = new AbortController();
  const refusal = await collectExport(endless, person, [], signal, 10_000).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ error_code: 'EXPORT_TOO_LARGE', kind: 'conflict' });
  expect(asked).toBeLessThan(12);
});
