import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { SignedInUser } from '../access/access-setup.ts';
import { samples } from '../access/sample-requests.ts';
import { countContaining, erase, storedResponsesTest as test } from '../testing/stored-responses.ts';
import type { Client } from '../testing/test-fleet.ts';
import { testErasedActors } from './erased-actors.ts';

// One of each service. All: erased-responses.large.test.ts.
testErasedActors([
  'POST /api/v1/users',
  'POST /api/customers/batch',
  'POST /api/customers/{customer_id}/interactions',
  'POST /api/products',
  'POST /api/favorites',
]);

const hardDelete = async (admin: SignedInUser, { customer_id }: { customer_id: string }) => {
  expect((await admin.delete(`/api/customers/${customer_id}?hard_delete=true`)).status).toBe(200);
};

test.for([
  { removed: 'an erased', remove: erase },
  { removed: 'a hard-deleted', remove: hardDelete },
])(
  'no stored response about $removed customer holds an id, a number or a value; repetitions are a 404',
  { timeout: 120_000 },
  async ({ remove }, { setup, storedResponses }) => {
    const { admin } = setup.users;
    const canary = `canary${randomUUID().slice(0, 8)}`;
    const posts: (() => ReturnType<Client['post']>)[] = [];
    /** Sends a POST with a key, now and again after the erasure. */
    const post = async (path: string, body: unknown, status: number) => {
      const headers = { 'Idempotency-Key': `${canary}-${randomUUID()}` };
      const repeat = () => admin.post(path, body, headers);
      const reply = await repeat();
      expect([path, reply.status]).toEqual([path, status]);
      const again = await repeat();
      expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([reply.body, 'true']);
      posts.push(repeat);
      return reply.body;
    };
    const { product } = await setup.create('/api/products', { name: 'Something', price: 1 });

    const email = `${canary}@example.com`;
    const { customer } = await post('/api/customers', { email, firstname: canary }, 201);
    const at = `/api/customers/${customer.id}`;
    await post(`${at}/tags`, { labels: [`${canary} one`, `${canary} two`] }, 201);
    await post('/api/customers/tags', { customer_id: customer.id, label: `${canary} three` }, 201);
    await post(`${at}/notes`, { content: `${canary} note` }, 201);
    const { body: avatar } = (await samples['POST /api/customers/{customer_id}/avatar']?.(setup, admin, false)) ?? {};
    await post(`${at}/avatar`, avatar, 200);
    await post(`${at}/interactions`, { notes: `${canary} call`, type: 'call' }, 201);
    const order = { kind: 'order', direction: 'in', amount: '10.00', description: `${canary} order` };
    await post(`${at}/transactions`, order, 201);
    const favorite = { user_id: customer.number, item_id: product.number };
    await post('/rest/v1/favorites', favorite, 201);
    await post('/api/favorites', favorite, 200); // the existing one
    const phone = `7${randomInt(1_000_000_000, 10_000_000_000)}`;
    const legacy = await post('/rest/v1/customers', { phone, firstname: canary }, 201);

    const operations = [
      { op: 'update', id: customer.id, data: { lastname: `${canary} batch` } },
      { op: 'create', data: { email } }, // a conflict that contains the existing customer
      { op: 'upsert', match_on: 'email', data: { email, lastname: `${canary} upserted` } },
      { op: 'create', data: { full_name: 'Somebody Else' } },
    ];
    const batch = () => admin.post('/api/customers/batch', { operations }, { 'Idempotency-Key': `batch-${canary}` });
    const { body: results } = await batch();
    const statuses = ({ results: list }: typeof results) => list.map(({ status }: { status: number }) => status);
    expect(statuses(results)).toEqual([200, 409, 200, 201]);
    expect(results.results[1].error.existing.id).toBe(customer.id);

    const legacyId = (await admin.get(`/api/customers?search=${phone}`)).body.customers[0].id as string;
    const traces = [canary, customer.id, legacyId, phone, String(customer.number), String(legacy.id)];
    const stored = await storedResponses();
    for (const trace of traces.filter((id) => id !== legacyId))
      expect(countContaining(stored, trace)).toBeGreaterThan(0);
    for (const customer_id of [customer.id, legacyId]) await remove(admin, { customer_id });

    const findTraces = async () => {
      const left = await storedResponses();
      return traces.filter((trace) => countContaining(left, trace) > 0);
    };
    await expect.poll(findTraces).toEqual([]); // other services learn of a hard delete by its event
    for (const repeat of posts)
      expect((await repeat()).body).toMatchObject({ status: 404, error_code: 'IDEMPOTENCY_ANSWER_ERASED' });
    const repeated = await batch();
    expect(statuses(repeated.body)).toEqual([404, 404, 404, 201]);
    expect(repeated.body.results[3]).toEqual(results.results[3]);
    expect((await admin.get(`/api/customers?search=${canary}`)).body.total).toBe(0);
  },
);
