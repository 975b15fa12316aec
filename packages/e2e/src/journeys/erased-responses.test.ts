import { randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { services, type Service } from '@clientela/contracts';
import { folderOf } from '@clientela/fleet';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createAccessSetup, type AccessSetup, type SignedInUser } from '../access/access-setup.ts';
import { samples, send } from '../access/sample-requests.ts';
import { fleetTest, type Client } from '../testing/test-fleet.ts';

let setup: AccessSetup;
let admin: SignedInUser;
const databases = {} as Record<Service, pg.Pool>;

fleetTest.beforeAll(async ({ defaultFleet }) => {
  setup = await createAccessSetup(defaultFleet);
  admin = setup.users.admin;
  for (const service of services)
    databases[service] = new pg.Pool({ connectionString: defaultFleet.databases[service].ownerUrl, max: 1 });
}, 120_000);
afterAll(() => Promise.all(services.map((service) => databases[service].end())));

type Operation = { parameters?: { name: string }[] };
/** The POST routes of all services that accept an idempotency key. */
const idempotentRoutes = services.flatMap((service) => {
  const document = readFileSync(join(folderOf(service), 'openapi.json'), 'utf8');
  const { paths } = JSON.parse(document) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths)
    .filter(([, { post }]) => post?.parameters?.some(({ name }) => name === 'Idempotency-Key'))
    .map(([path]) => `POST ${path}`);
});

/** All stored responses of all services, as text. */
async function storedResponses(): Promise<string[]> {
  const rows = services.map(async (service) => {
    const found = await databases[service].query<{ row: string }>(
      'select r::text as row from idempotency_keys r union all select r::text from redacted_subjects r',
    );
    return found.rows.map(({ row }) => row);
  });
  return (await Promise.all(rows)).flat();
}
const countContaining = (rows: string[], text: string) => rows.filter((row) => row.includes(text)).length;
const erase = async (person: object) => {
  const { status, body } = await admin.post('/api/gdpr/delete?wait=true', person);
  expect([status, body]).toEqual([200, expect.objectContaining({ request: expect.anything() })]);
};
/** Sends headers with every request. */
const withHeaders = (client: Client, headers: Record<string, string>): Pick<Client, 'send'> => ({
  send: (method, path, body) => client.send(method, path, body, headers),
});

test('no stored response of any idempotent POST names an erased actor', { timeout: 120_000 }, async () => {
  expect(idempotentRoutes.length).toBeGreaterThan(15);
  const admin = await setup.createUser('admin');
  const actors = new Set<SignedInUser>();
  for (const route of idempotentRoutes) {
    const isSuperuserOnly = ['POST /api/v1/companies', 'POST /api/v1/document-types'].includes(route);
    const actor = isSuperuserOnly ? setup.users.superuser : admin;
    const sample = await samples[route]?.(setup, actor, false);
    if (!sample) throw new Error(`no sample for ${route}`);
    const sender = sample.as ?? actor;
    const before = new Set(await storedResponses());
    const reply = await send(withHeaders(sender, { 'Idempotency-Key': randomUUID() }), route, sample);
    expect([route, reply.status]).toEqual([route, expect.toBeOneOf([200, 201, 202])]);
    const added = (await storedResponses()).filter((row) => !before.has(row));
    expect([route, added.length > 0]).toEqual([route, true]);
    if (isSuperuserOnly) continue;
    expect([route, countContaining(added, sender.user.id) > 0]).toEqual([route, true]);
    actors.add(sender);
  }
  for (const { user } of actors) await erase({ user_id: user.id, business_id: setup.company_id });
  const left = await storedResponses();
  for (const { user, email } of actors)
    for (const value of [user.id, email]) expect(countContaining(left, value)).toBe(0);
});

const hardDelete = async ({ customer_id }: { customer_id: string }) => {
  expect((await admin.delete(`/api/customers/${customer_id}?hard_delete=true`)).status).toBe(200);
};

test.each([
  { removed: 'an erased', remove: erase },
  { removed: 'a hard-deleted', remove: hardDelete },
])(
  'no stored response about $removed customer holds an id, a number or a value; repetitions are a 404',
  { timeout: 120_000 },
  async ({ remove }) => {
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
    for (const customer_id of [customer.id, legacyId]) await remove({ customer_id });

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
