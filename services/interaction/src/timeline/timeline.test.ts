import { randomUUID } from 'node:crypto';
import type { InternalTimeline } from '@clientela/contracts';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { customerResponse, createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let company: Company;
let manager: TestUser;
type CustomerItem = InternalTimeline['items'][number];
/** Timeline items of the customer service. */
let customerItems: CustomerItem[];

type Place = { occurred_at: string; id: string };
const spelled = ({ occurred_at, id }: Place) => `${occurred_at},${id}`;
const placeOf = ({ at, id }: CustomerItem) => spelled({ occurred_at: at, id });

beforeAll(async () => {
  service = await createTestInteraction();
  company = service.company();
  manager = service.user('manager', company);
});
beforeEach(() => {
  customerItems = [];
  service.customers.respond((path) => {
    const { pathname, searchParams } = new URL(path, 'http://customer');
    if (!pathname.endsWith('/timeline')) return customerResponse(path);
    const before = searchParams.get('before') ?? '9';
    const items = customerItems
      .filter((item) => placeOf(item) < before)
      .toSorted((a, b) => (placeOf(a) > placeOf(b) ? -1 : 1))
      .slice(0, Number(searchParams.get('limit')));
    return { status: 200, body: { items } };
  });
});
afterAll(() => service.close());

const pathOf = (customer_id: string) => `/api/customers/${customer_id}/timeline`;
const record = async (customer_id: string, occurred_at: string) =>
  (
    await manager
      .post(`/api/customers/${customer_id}/interactions`, { notes: 'Spoke', type: 'call', occurred_at })
      .expect(201)
  ).body.interaction;
const pay = async (customer_id: string, occurred_at: string) =>
  (
    await manager
      .post(`/api/customers/${customer_id}/transactions`, { kind: 'order', direction: 'in', amount: 1, occurred_at })
      .expect(201)
  ).body.transaction;
const note = (at: string): CustomerItem => ({
  kind: 'note',
  id: randomUUID(),
  at,
  actor_id: 'somebody',
  content: 'Likes tea',
});
const status = (at: string): CustomerItem => ({
  kind: 'status_change',
  id: randomUUID(),
  at,
  actor_id: 'service:auth',
  from: 'active',
  to: 'suspended',
  reason: null,
});
const day = (number: number) => `2026-01-0${number}T00:00:00.000Z`;
const keysOf = (items: (Place & { kind: string })[]) => items.map(({ kind, id }) => `${kind} ${id}`);

test('merges records of this service and of the customer service, newest first', async () => {
  const customer_id = randomUUID();
  const call = await record(customer_id, day(1));
  const order = await pay(customer_id, day(3));
  const [wrote, suspended] = [note(day(2)), status(day(4))];
  customerItems = [wrote, suspended];
  await record(randomUUID(), day(5));
  const { body } = await service.user('viewer', company).get(pathOf(customer_id)).expect(200);
  expect(body).toEqual({
    timeline: [
      {
        kind: 'status_change',
        id: suspended.id,
        occurred_at: day(4),
        status_change: { changed_by: 'service:auth', from: 'active', to: 'suspended', reason: null },
      },
      { kind: 'transaction', id: order.id, occurred_at: day(3), transaction: order },
      { kind: 'note', id: wrote.id, occurred_at: day(2), note: { created_by: 'somebody', content: 'Likes tea' } },
      { kind: 'interaction', id: call.id, occurred_at: day(1), interaction: call },
    ],
    per_page: 20,
    next_cursor: null,
  });
  expect(service.customers.calls.at(-1)).toMatchObject({
    method: 'GET',
    path: `/internal/customers/${customer_id}/timeline?limit=21`,
    headers: { 'x-company-id': company.id },
  });
});

test('returns each item once by cursor, ordered by time and id', async () => {
  const customer_id = randomUUID();
  const all: (Place & { kind: string })[] = [];
  for (const at of [day(1), day(2), day(2), day(3)]) {
    for (const [kind, made] of [
      ['interaction', await record(customer_id, at)],
      ['transaction', await pay(customer_id, at)],
      ['note', note(at)],
      ['status_change', status(at)],
    ] as const) {
      if (kind === 'note' || kind === 'status_change') customerItems.push(made);
      all.push({ kind, id: made.id, occurred_at: at });
    }
  }
  const inOrder = all.toSorted((a, b) => (spelled(a) > spelled(b) ? -1 : 1));
  for (const per_page of [1, 3, 7, 16, 100]) {
    const seen: (Place & { kind: string })[] = [];
    for (let cursor: string | null = '', pages = 0; cursor !== null; pages += 1) {
      expect(pages).toBeLessThan(17);
      const { body }: { body: { timeline: (Place & { kind: string })[]; next_cursor: string | null } } = await manager
        .get(`${pathOf(customer_id)}?per_page=${per_page}&cursor=${cursor}`)
        .expect(200);
      seen.push(...body.timeline);
      cursor = body.next_cursor;
      await record(customer_id, new Date().toISOString()); // newer than where the reader is
    }
    const expected = keysOf(inOrder);
    expect(keysOf(seen).filter((key) => expected.includes(key))).toEqual(expected);
    await service.database.owner('interactions').where('occurred_at', '>', day(9)).delete();
  }
});

test('rejects a forged cursor and a cursor of another customer or company', async () => {
  const customer_id = randomUUID();
  for (const at of [day(1), day(2)]) await record(customer_id, at);
  const { next_cursor } = (await manager.get(`${pathOf(customer_id)}?per_page=1`).expect(200)).body;
  const list = (await manager.get(`/api/customers/${customer_id}/interactions?per_page=1&cursor=`)).body.next_cursor;
  const otherAdmin = service.user('manager', service.company());
  for (const [caller, path] of [
    [manager, `${pathOf(randomUUID())}?cursor=${next_cursor}`],
    [otherAdmin, `${pathOf(customer_id)}?cursor=${next_cursor}`],
    [manager, `${pathOf(customer_id)}?cursor=${next_cursor}x`],
    [manager, `${pathOf(customer_id)}?cursor=${list}`],
    [manager, `${pathOf(customer_id)}?cursor=a&cursor=b`],
  ] as const) {
    expect((await caller.get(path).expect(422)).body.errors).toMatchObject([{ path: 'cursor' }]);
  }
  for (const query of ['page=1', 'per_page=0', 'per_page=101', 'type=call'])
    expect((await manager.get(`${pathOf(customer_id)}?${query}`).expect(422)).body.errors).toMatchObject([
      { path: query.split('=')[0] },
    ]);
});

test('rejects an unknown customer with 404, and names an unavailable customer service in a 503', async () => {
  const customer_id = randomUUID();
  await record(customer_id, day(1));
  service.customers.respond(() => ({ status: 404 }));
  expect((await manager.get(pathOf(customer_id)).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
  for (const response of [() => undefined, () => ({ status: 503 })]) {
    service.customers.respond(response);
    const { body, headers } = await manager.get(pathOf(customer_id)).expect(503);
    expect(body).toMatchObject({
      error_code: 'SERVICE_UNAVAILABLE',
      detail: expect.stringContaining('customer service'),
    });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
});

test('requires permission to read interactions of the own company', async () => {
  const customer_id = randomUUID();
  await record(customer_id, day(1));
  await service.user('customer', company).get(pathOf(customer_id)).expect(403);
  await service.anonymous().get(pathOf(customer_id)).expect(401);
  const otherAdmin = await service.user('admin', service.company()).get(pathOf(customer_id)).expect(200);
  expect(otherAdmin.body.timeline).toEqual([]);
  const superuser = service.user('superuser');
  await superuser.get(pathOf(customer_id)).expect(422);
  const named = await superuser.get(`${pathOf(customer_id)}?company_id=${company.id}`).expect(200);
  expect(named.body.timeline).toHaveLength(1);
});
