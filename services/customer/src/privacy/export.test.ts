import { randomUUID } from 'node:crypto';
import { describe, expect, test as base } from 'vitest';
import { collectExport } from './export.ts';
import { createTestPrivacy } from './testing/test-privacy.ts';

const test = base
  .extend('privacy', { scope: 'file' }, async ({}, { onCleanup }) => {
    const privacy = await createTestPrivacy();
    onCleanup(() => privacy.close());

    return privacy;
  })
  .extend('company', ({ privacy }) => privacy.service.company())
  .extend('admin', ({ privacy, company }) => privacy.service.user('admin', company));
test.beforeEach(({ privacy }) => {
  privacy.peers.failures.clear();
  privacy.peers.pages.clear();
  privacy.peers.exportRequests.length = 0;
});

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
  test('is one document with the data of every service, collected page by page', async ({
    privacy,
    company,
    admin,
  }) => {
    const user_id = privacy.newUser();
    const customer = await privacy.newCustomer(admin, {
      user_id,
      full_name: 'Ana Ruiz',
      tags: ['loyal'],
      metadata: { shoe: 38 },
      address: { city: 'Quito' },
    });
    await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Prefers mornings' }).expect(201);
    const page = (from: number) => Array.from({ length: 1000 }, (_, index) => ({ id: from + index }));
    privacy.peers.pages.set('interactions', [page(0), page(1000), [{ id: 2000 }]]);
    privacy.peers.pages.set('transactions', [[{ amount: '10.00' }]]);
    privacy.peers.pages.set('favorites', [[], [{ item_id: 7 }]]);
    privacy.peers.pages.set('user', [[{ email: 'ana@example.com' }]]);
    privacy.peers.pages.set('sessions', [[{ ip: '192.0.2.1' }]]);
    privacy.peers.pages.set('audit', [[{ action: 'user.created' }]]);
    const { body, headers } = await admin.post(path, { customer_id: customer.id }).expect(200);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(Object.keys(body)).toEqual(sections);
    expect(body.customer).toMatchObject({
      id: customer.id,
      business_id: company.id,
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
    for (const { person } of privacy.peers.exportRequests) expect(person).toEqual(whose);
    const by_user = await admin.post(path, { user_id, business_id: company.id }).expect(200);
    expect(by_user.body).toEqual(body);
    const own = privacy.service.user('customer', company, user_id);
    expect((await own.post(path, { customer_id: customer.id }).expect(200)).body).toEqual(body);
  });

  test('covers a user without a customer, a customer without a user, and a deleted customer', async ({
    privacy,
    company,
    admin,
  }) => {
    const user_id = privacy.newUser();
    privacy.peers.pages.set('user', [[{ id: user_id }]]);
    const { body } = await admin.post(path, { user_id, business_id: company.id }).expect(200);
    expect(body).toEqual({ ...nothing, customer: null, tags: [], notes: [], history: [], user: { id: user_id } });
    expect(privacy.peers.exportRequests.map(({ section }) => section)).toEqual(['user', 'sessions', 'audit']);
    privacy.peers.pages.clear();
    const customer = await privacy.newCustomer(admin);
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    const deleted = await admin.post(path, { customer_id: customer.id }).expect(200);
    expect(deleted.body).toMatchObject({ ...nothing, customer: { id: customer.id, deleted_at: expect.any(String) } });
    await admin.delete(`/api/customers/${customer.id}?hard_delete=true`).expect(200);
    await admin.post(path, { customer_id: customer.id }).expect(404);
  });

  test('includes other records of the same user', async ({ privacy, company, admin }) => {
    const user_id = privacy.newUser();
    const before = await privacy.newCustomer(admin, { user_id, tags: ['old'] });
    await admin.delete(`/api/customers/${before.id}`).expect(200);
    const now = await privacy.newCustomer(admin, { user_id, tags: ['new'] });
    const { body } = await admin.post(path, { user_id, business_id: company.id }).expect(200);
    expect(body.customer).toMatchObject({ id: now.id });
    expect(body.other_customers).toEqual([
      expect.objectContaining({ id: before.id, business_id: company.id, email: before.email }),
    ]);
    expect(body.tags.map(({ label }: { label: string }) => label)).toEqual(['new', 'old']);
  });

  test.for(['auth', 'interaction', 'favorites'] as const)(
    'is a 503 that names %s while it is unavailable',
    async (name, { privacy, admin }) => {
      const customer = await privacy.newCustomer(admin);
      for (const how of ['hangs up', 503, 500, 404] as const) {
        privacy.peers.failures.set(name, how);
        const { body, headers } = await admin.post(path, { customer_id: customer.id }).expect(503);
        expect([body.detail, headers['retry-after']]).toEqual([expect.stringContaining(name), '2']);
      }
      privacy.peers.failures.clear();
      await admin.post(path, { customer_id: customer.id }).expect(200);
    },
  );

  test('is not stored under an Idempotency-Key, and always current', async ({ privacy, company, admin }) => {
    const customer = await privacy.newCustomer(admin);
    const keyed = () => admin.post(path, { customer_id: customer.id }).set('Idempotency-Key', 'the-same');
    await keyed().expect(200);
    await admin.patch(`/api/customers/${customer.id}`, { firstname: 'Eva' }).expect(200);
    expect((await keyed().expect(200)).body.customer.firstname).toBe('Eva');
    expect(await privacy.service.database.owner('idempotency_keys').where({ company_id: company.id })).toEqual([]);
  });

  test('is a 404 for a person erased meanwhile', async ({ privacy, admin }) => {
    const customer = await privacy.newCustomer(admin);
    privacy.peers.servers.favorites.respond(async (_path, _body) => {
      await privacy.service.database.owner('customers').where({ id: customer.id }).delete();
      return { status: 200, body: { rows: [], next: null } };
    });
    await admin.post(path, { customer_id: customer.id }).expect(404);
  });
});

test('rejects an export beyond the maximum size, which the message names', async () => {
  const person = { company_id: randomUUID(), customer_id: randomUUID(), customer_number: 1, user_id: null };
  let pages = 0;
  const endless = async () => {
    pages += 1;
    return { rows: [{ text: 'x'.repeat(1000) }], next: 'more' };
  };
  const { signal } = new AbortController();
  const error = await collectExport(endless, person, [], signal, 10_000).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ error_code: 'EXPORT_TOO_LARGE', kind: 'conflict' });
  expect(pages).toBeLessThan(12);
});
