import { randomUUID } from 'node:crypto';
import type { CustomerTotals } from '@clientela/contracts';
import { stubServer, type TestUser, type Company, type StubServer, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createTotalsClient } from './totals-client.ts';
import { recount } from './recount.ts';

let interaction: StubServer;
let service: TestService;
let company: Company;
let admin: TestUser;
/** What the interaction service has recorded, by customer. */
const recorded = new Map<string, CustomerTotals>();
const asked = (path: string) => new URL(path, 'http://interaction').searchParams.getAll('customer_id');
const unknown = (customer_id: string): CustomerTotals => ({ ...nothing, customer_id });
const answer = (path: string) => ({
  status: 200,
  body: { totals: asked(path).map((id) => recorded.get(id) ?? unknown(id)) },
});

beforeAll(async () => {
  interaction = await stubServer('interaction');
  service = await createTestCustomer({ pool: 4, totals: createTotalsClient(interaction.client) });
});
beforeEach(async () => {
  company = service.company({ currency: 'EUR' });
  admin = service.user('admin', company);
  recorded.clear();
  interaction.calls.length = 0;
  interaction.respond(answer);
  await service.database.owner('customers').delete();
});
afterAll(() => Promise.all([service.close(), interaction.close()]));

const stats = {
  total_orders: 0,
  total_appointments: 0,
  total_complaints: 0,
  open_complaints: 0,
  first_order_date: null,
  last_order_date: null,
  first_appointment_date: null,
  last_appointment_date: null,
  returned_orders: 0,
  cancelled_appointments: 0,
  lifetime_value: '0.00',
  currency: 'EUR',
  by_currency: {},
};
const nothing = { ...stats, last_complaint_date: null, changes: 0 };
const much = {
  total_orders: 10,
  total_appointments: 8,
  total_complaints: 6,
  open_complaints: 4,
  first_order_date: '2020-01-02T03:04:05.006Z',
  last_order_date: '2026-01-02T03:04:05.006Z',
  first_appointment_date: '2021-01-02T03:04:05.006Z',
  last_appointment_date: '2025-01-02T03:04:05.006Z',
  returned_orders: 3,
  cancelled_appointments: 2,
  lifetime_value: '1234.50',
  currency: 'EUR',
  by_currency: { USD: '12.00', GBP: '-0.10' },
};

const created = async (): Promise<string> =>
  (await admin.post('/api/customers', { full_name: 'Ana' }).expect(201)).body.customer.id;
const record = (customer_id: string, changes: number, values: Partial<CustomerTotals> = {}) =>
  void recorded.set(customer_id, { ...nothing, customer_id, changes, ...values });
const statsOf = async (id: string) => (await admin.get(`/api/customers/${id}/stats`).expect(200)).body;
const countersOf = (customer_id: string) => service.database.owner('customer_counters').where({ customer_id }).first();

const interactionState = { type: 'complaint', status: 'open', occurred_at: '2026-01-01T00:00:00Z', scheduled_at: null };
const transactionState = { status: 'completed', amount: '1.00', currency: 'EUR', occurred_at: '2026-01-01T00:00:00Z' };
const transaction = { transaction_id: randomUUID(), kind: 'order', direction: 'in' };
const data = {
  'interaction.recorded': { interaction_id: randomUUID(), ...interactionState },
  'interaction.updated': {
    interaction_id: randomUUID(),
    fields_changed: ['status'],
    from: interactionState,
    to: interactionState,
  },
  'interaction.deleted': { interaction_id: randomUUID(), ...interactionState },
  'transaction.recorded': { ...transaction, ...transactionState },
  'transaction.updated': { ...transaction, fields_changed: ['status'], from: transactionState, to: transactionState },
};
type Name = keyof typeof data;

const event = (name: Name, customer_id: string, customer_changes: number | undefined, company_id = company.id) => ({
  id: randomUUID(),
  name,
  occurred_at: new Date().toISOString(),
  company_id,
  actor_id: admin.user_id,
  request_id: 'request-of-the-change',
  sequence: 1,
  data: { ...data[name], customer_id, ...(customer_changes !== undefined && { customer_changes }) },
});
const hear = (said: object) => service.callingService('interaction').post('/internal/events', said);
const heard = (name: Name, customer_id: string, changes?: number) =>
  hear(event(name, customer_id, changes)).expect(200);

test.each(Object.keys(data) as Name[])('%s moves the counters to what is recorded, and nothing else', async (name) => {
  const id = await created();
  const before = await admin.get(`/api/customers/${id}`);
  const { counters_updated_at } = await countersOf(id);
  const said = (await service.events()).length;
  record(id, 3, { ...much, last_complaint_date: '2024-01-02T03:04:05.006Z' });
  await heard(name, id, 3);
  expect(await statsOf(id)).toEqual(much);
  expect(interaction.calls).toMatchObject([
    {
      path: `/internal/customers/totals?customer_id=${id}`,
      headers: { 'x-company-id': company.id, 'x-request-id': 'request-of-the-change' },
    },
  ]);
  const after = await admin.get(`/api/customers/${id}`);
  expect(after.headers['etag']).toBe(before.headers['etag']);
  expect(after.body.customer).toMatchObject({ total_orders: 10, last_complaint_date: '2024-01-02T03:04:05.006Z' });
  expect(after.body.customer.updated_at).toBe(before.body.customer.updated_at);
  expect((await admin.get(`/api/customers/${id}/history`)).body.history).toHaveLength(1);
  expect(await service.events()).toHaveLength(said);
  expect((await countersOf(id)).counters_updated_at > counters_updated_at).toBe(true);
});

test('everything can be taken back, first and last dates too', async () => {
  const id = await created();
  record(id, 3, much);
  await heard('transaction.recorded', id, 3);
  record(id, 4, stats);
  await heard('transaction.updated', id, 4);
  expect(await statsOf(id)).toEqual(stats);
});

test('a burst is asked for once: later events find themselves counted, in whatever order they come', async () => {
  const id = await created();
  record(id, 50, much);
  for (const changes of [7, 50, 1, 23]) await heard('transaction.recorded', id, changes);
  expect(await statsOf(id)).toEqual(much);
  expect(interaction.calls).toHaveLength(1);

  const again = event('interaction.updated', id, 51);
  record(id, 51, { ...much, open_complaints: 3 });
  expect((await hear(again)).body).toEqual({ processed: true });
  expect((await hear(again)).body).toEqual({ processed: false });
  expect([(await statsOf(id)).open_complaints, interaction.calls.length]).toEqual([3, 2]);
});

test('an answer that is overtaken by a later one is thrown away', async () => {
  const id = await created();
  const late = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  interaction.respond(async (path) => {
    const first = interaction.calls.length === 1;
    const found = structuredClone(answer(path));
    if (first) {
      waiting.resolve();
      await late.promise;
    }
    return found;
  });
  record(id, 1, { total_orders: 1 });
  const slow = heard('transaction.recorded', id, 1);
  const done = slow.then(({ body }) => body);
  await waiting.promise;
  record(id, 2, { total_orders: 2 });
  await heard('transaction.recorded', id, 2);
  late.resolve();
  expect(await done).toEqual({ processed: true });
  expect((await statsOf(id)).total_orders).toBe(2);
});

test('while the interaction service is away the event waits, and is heard then', async () => {
  const id = await created();
  record(id, 1, much);
  const said = event('transaction.recorded', id, 1);
  interaction.respond(() => undefined);
  await hear(said).expect(503);
  interaction.respond(() => ({ status: 503 }));
  await hear(said).expect(503);
  expect(await statsOf(id)).toEqual(stats);
  interaction.respond(answer);
  expect((await hear(said).expect(200)).body).toEqual({ processed: true });
  expect(await statsOf(id)).toEqual(much);
});

test('an event of before there were numbers, and of a customer with a deletion mark, is heard too', async () => {
  const id = await created();
  record(id, 9, much);
  await admin.delete(`/api/customers/${id}`).expect(200);
  await heard('interaction.deleted', id);
  await heard('interaction.deleted', id);
  expect([await statsOf(id), interaction.calls.length]).toEqual([much, 2]);
});

test('a customer who is gone, or another company’s, is not counted', async () => {
  const [stays, gone] = [await created(), await created()];
  for (const id of [stays, gone]) record(id, 1, much);
  await admin.delete(`/api/customers/${gone}?hard_delete=true`).expect(200);
  await heard('transaction.recorded', gone, 1);
  await hear(event('transaction.recorded', stays, 1, service.company().id)).expect(200);
  expect([await statsOf(stays), await countersOf(gone)]).toEqual([stats, undefined]);
  expect(interaction.calls).toEqual([]);
});

test('more is spent than one order can hold', async () => {
  const id = await created();
  record(id, 1, { lifetime_value: '123456789012345678.90', by_currency: { USD: '-99999999999999.00' } });
  await heard('transaction.recorded', id, 1);
  expect(await statsOf(id)).toMatchObject({
    lifetime_value: '123456789012345678.90',
    by_currency: { USD: '-99999999999999.00' },
  });
});

const recounted = (repair = true) =>
  recount(service.database.db, createTotalsClient(interaction.client), {
    repair,
    request_id: 'request-of-the-recount',
  });

test('a recount finds nothing where all was heard, and repairs what was spoilt', async () => {
  const ids: string[] = [];
  for (let made = 0; made < 3; made += 1) ids.push(await created());
  const [one = '', two = '', three = ''] = ids;
  record(one, 3, much);
  record(two, 1, { total_complaints: 1 });
  await heard('transaction.recorded', one, 3);
  await heard('interaction.recorded', two, 1);
  expect(await recounted()).toEqual({ customers: 3, equal: 3, behind: 0, different: 0 });

  await service.database
    .owner('customer_counters')
    .where({ customer_id: one })
    .update({ by_currency: { USD: '1.00' } });
  await service.database.owner('customer_counters').where({ customer_id: three }).update({ total_orders: 1 });
  const found = { customers: 3, equal: 1, behind: 0, different: 2 };
  expect(await recounted(false)).toEqual(found);
  expect((await statsOf(three)).total_orders).toBe(1);
  expect(await recounted()).toEqual(found);
  expect([await statsOf(one), await statsOf(three)]).toEqual([much, stats]);
  expect(await recounted()).toEqual({ customers: 3, equal: 3, behind: 0, different: 0 });
});

test('a recount is no fault-finder of what is on its way: it moves the counters in advance', async () => {
  const id = await created();
  record(id, 2, much);
  expect(await recounted(false)).toEqual({ customers: 1, equal: 0, behind: 1, different: 0 });
  expect(await statsOf(id)).toEqual(stats);
  expect(await recounted()).toEqual({ customers: 1, equal: 0, behind: 1, different: 0 });
  expect(await statsOf(id)).toEqual(much);
  interaction.calls.length = 0;
  await heard('transaction.recorded', id, 1);
  expect(interaction.calls).toEqual([]);
});

test('an event that is heard during a recount is not overwritten by what was asked before it', async () => {
  const id = await created();
  interaction.respond(async (path) => {
    const found = structuredClone(answer(path));
    if (interaction.calls.length === 1) {
      record(id, 2, { total_orders: 2 });
      await heard('transaction.recorded', id, 2);
    }
    return found;
  });
  record(id, 1, { total_orders: 1 });
  expect(await recounted()).toMatchObject({ behind: 1, different: 0 });
  expect((await statsOf(id)).total_orders).toBe(2);
});

test('what is recorded may be set back to an earlier copy: a recount follows it, and later events are heard', async () => {
  const id = await created();
  record(id, 9, much);
  await heard('transaction.recorded', id, 9);
  record(id, 4, { total_orders: 1 });
  expect(await recounted()).toMatchObject({ different: 1 });
  expect((await statsOf(id)).total_orders).toBe(1);
  record(id, 5, { total_orders: 2 });
  await heard('transaction.recorded', id, 5);
  expect((await statsOf(id)).total_orders).toBe(2);
});

test('a recount asks for a hundred at a time, of one company at a time, and leaves nobody out', async () => {
  const other = service.company({ currency: 'USD' });
  const stranger = service.user('admin', other);
  const { customer } = (await stranger.post('/api/customers', { full_name: 'Eve' }).expect(201)).body;
  record(customer.id, 1, { currency: 'USD', total_orders: 7 });
  await service.database.owner.raw(
    `with made as (
       insert into customers (company_id, id, full_name, full_name_built, preferences, search_text)
       select ?, gen_random_uuid(), 'Many', false, '{}', 'many' from generate_series(1, 150) returning company_id, id
     )
     insert into customer_counters (company_id, customer_id, currency, customer_created_at, total_complaints)
     select company_id, id, 'EUR', now(), 1 from made`,
    [company.id],
  );
  expect(await recounted()).toEqual({ customers: 151, equal: 0, behind: 1, different: 150 });
  for (const { path, headers } of interaction.calls) {
    const owners = await service.database.owner('customers').distinct('company_id').whereIn('id', asked(path));
    expect([owners, asked(path).length <= 100]).toEqual([[{ company_id: headers['x-company-id'] }], true]);
  }
  expect((await stranger.get(`/api/customers/${customer.id}/stats`)).body).toMatchObject({
    total_orders: 7,
    currency: 'USD',
  });
});
