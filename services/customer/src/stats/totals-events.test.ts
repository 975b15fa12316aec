import { randomUUID } from 'node:crypto';
import type { CustomerTotals } from '@clientela/contracts';
import { stubServer, type TestUser, type Company, type StubServer, type TestService } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createTotalsClient } from './totals-client.ts';
import { recount } from './recount.ts';

/** Totals of the interaction service by customer. */
const recorded = new Map<string, CustomerTotals>();
const requestedIds = (path: string) => new URL(path, 'http://interaction').searchParams.getAll('customer_id');
const emptyTotals = (customer_id: string): CustomerTotals => ({ ...noTotals, customer_id });
const response = (path: string) => ({
  status: 200,
  body: { totals: requestedIds(path).map((id) => recorded.get(id) ?? emptyTotals(id)) },
});

const test = base
  .extend('interaction', { scope: 'file' }, async ({}, { onCleanup }) => {
    const interaction = await stubServer('interaction');
    onCleanup(() => interaction.close());

    return interaction;
  })
  .extend('service', { scope: 'file' }, async ({ interaction }, { onCleanup }) => {
    const service = await createTestCustomer({ pool: 4, totals: createTotalsClient(interaction.client) });
    onCleanup(() => service.close());

    return service;
  })
  .extend('company', ({ service }) => service.company({ currency: 'EUR' }))
  .extend('admin', ({ service, company }) => service.user('admin', company));
test.beforeEach(async ({ interaction, service }) => {
  recorded.clear();
  interaction.calls.length = 0;
  interaction.respond(response);
  await service.database.owner('customers').delete();
});

const stats = {
  total_orders: 0,
  total_appointments: 0,
  total_complaints: 0,
  open_complaints: 0,
  first_order_date: null,
  last_order_date: null,
  first_appointment_date: null,
  last_appointment_date: null,
  last_complaint_date: null,
  returned_orders: 0,
  cancelled_appointments: 0,
  lifetime_value: '0.00',
  currency: 'EUR',
  by_currency: {},
};
const noTotals = { ...stats, changes: 0 };
const highTotals = {
  total_orders: 10,
  total_appointments: 8,
  total_complaints: 6,
  open_complaints: 4,
  first_order_date: '2020-01-02T03:04:05.006Z',
  last_order_date: '2026-01-02T03:04:05.006Z',
  first_appointment_date: '2021-01-02T03:04:05.006Z',
  last_appointment_date: '2025-01-02T03:04:05.006Z',
  last_complaint_date: '2024-01-02T03:04:05.006Z',
  returned_orders: 3,
  cancelled_appointments: 2,
  lifetime_value: '1234.50',
  currency: 'EUR',
  by_currency: { USD: '12.00', GBP: '-0.10' },
};

const createCustomer = async (admin: TestUser): Promise<string> =>
  (await admin.post('/api/customers', { full_name: 'Ana' }).expect(201)).body.customer.id;
const record = (customer_id: string, changes: number, values: Partial<CustomerTotals> = {}) =>
  void recorded.set(customer_id, { ...noTotals, customer_id, changes, ...values });
const statsOf = async (admin: TestUser, id: string) => {
  const { customer_since: _since, ...counters } = (await admin.get(`/api/customers/${id}/stats`).expect(200)).body;
  return counters;
};
const countersOf = (service: TestService, customer_id: string) =>
  service.database.owner('customer_counters').where({ customer_id }).first();

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

const createEvent = (
  company: Company,
  admin: TestUser,
  name: Name,
  customer_id: string,
  customer_changes: number | undefined,
  company_id = company.id,
) => ({
  id: randomUUID(),
  name,
  occurred_at: new Date().toISOString(),
  company_id,
  actor_id: admin.user_id,
  request_id: 'request-of-the-change',
  sequence: 1,
  data: { ...data[name], customer_id, ...(customer_changes !== undefined && { customer_changes }) },
});
const postEvent = (service: TestService, event: object) =>
  service.callingService('interaction').post('/internal/events', event);
const deliver = (
  service: TestService,
  company: Company,
  admin: TestUser,
  name: Name,
  customer_id: string,
  changes?: number,
) => postEvent(service, createEvent(company, admin, name, customer_id, changes)).expect(200);

test.for(Object.keys(data) as Name[])(
  '%s sets the counters to the recorded totals and changes nothing else',
  async (name, { interaction, service, company, admin }) => {
    const id = await createCustomer(admin);
    const before = await admin.get(`/api/customers/${id}`);
    const { counters_updated_at } = await countersOf(service, id);
    const published = (await service.events()).length;
    record(id, 3, highTotals);
    await deliver(service, company, admin, name, id, 3);
    expect(await statsOf(admin, id)).toEqual(highTotals);
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
    expect(await service.events()).toHaveLength(published);
    expect((await countersOf(service, id)).counters_updated_at > counters_updated_at).toBe(true);
  },
);

test('totals can be reset, including first and last dates', async ({ service, company, admin }) => {
  const id = await createCustomer(admin);
  record(id, 3, highTotals);
  await deliver(service, company, admin, 'transaction.recorded', id, 3);
  record(id, 4, stats);
  await deliver(service, company, admin, 'transaction.updated', id, 4);
  expect(await statsOf(admin, id)).toEqual(stats);
});

test('fetches totals once for a burst of events in any order', async ({ interaction, service, company, admin }) => {
  const id = await createCustomer(admin);
  record(id, 50, highTotals);
  for (const changes of [7, 50, 1, 23]) await deliver(service, company, admin, 'transaction.recorded', id, changes);
  expect(await statsOf(admin, id)).toEqual(highTotals);
  expect(interaction.calls).toHaveLength(1);

  const again = createEvent(company, admin, 'interaction.updated', id, 51);
  record(id, 51, { ...highTotals, open_complaints: 3 });
  expect((await postEvent(service, again)).body).toEqual({ processed: true });
  expect((await postEvent(service, again)).body).toEqual({ processed: false });
  expect([(await statsOf(admin, id)).open_complaints, interaction.calls.length]).toEqual([3, 2]);
});

test('discards totals older than the stored ones', async ({ interaction, service, company, admin }) => {
  const id = await createCustomer(admin);
  const release = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  interaction.respond(async (path) => {
    const first = interaction.calls.length === 1;
    const found = structuredClone(response(path));
    if (first) {
      waiting.resolve();
      await release.promise;
    }
    return found;
  });
  record(id, 1, { total_orders: 1 });
  const slow = deliver(service, company, admin, 'transaction.recorded', id, 1);
  const done = slow.then(({ body }) => body);
  await waiting.promise;
  record(id, 2, { total_orders: 2 });
  await deliver(service, company, admin, 'transaction.recorded', id, 2);
  release.resolve();
  expect(await done).toEqual({ processed: true });
  expect((await statsOf(admin, id)).total_orders).toBe(2);
});

test('rejects the event while the interaction service is unavailable and processes it later', async ({
  interaction,
  service,
  company,
  admin,
}) => {
  const id = await createCustomer(admin);
  record(id, 1, highTotals);
  const published = createEvent(company, admin, 'transaction.recorded', id, 1);
  interaction.respond(() => undefined);
  await postEvent(service, published).expect(503);
  interaction.respond(() => ({ status: 503 }));
  await postEvent(service, published).expect(503);
  expect(await statsOf(admin, id)).toEqual(stats);
  interaction.respond(response);
  expect((await postEvent(service, published).expect(200)).body).toEqual({ processed: true });
  expect(await statsOf(admin, id)).toEqual(highTotals);
});

test('processes events without a version, and events of a deleted customer', async ({
  interaction,
  service,
  company,
  admin,
}) => {
  const id = await createCustomer(admin);
  record(id, 9, highTotals);
  await admin.delete(`/api/customers/${id}`).expect(200);
  await deliver(service, company, admin, 'interaction.deleted', id);
  await deliver(service, company, admin, 'interaction.deleted', id);
  expect([await statsOf(admin, id), interaction.calls.length]).toEqual([highTotals, 2]);
});

test('ignores removed customers and customers of another company', async ({ interaction, service, company, admin }) => {
  const [active, removed] = [await createCustomer(admin), await createCustomer(admin)];
  for (const id of [active, removed]) record(id, 1, highTotals);
  await admin.delete(`/api/customers/${removed}?hard_delete=true`).expect(200);
  await deliver(service, company, admin, 'transaction.recorded', removed, 1);
  await postEvent(service, createEvent(company, admin, 'transaction.recorded', active, 1, service.company().id)).expect(
    200,
  );
  expect([await statsOf(admin, active), await countersOf(service, removed)]).toEqual([stats, undefined]);
  expect(interaction.calls).toEqual([]);
});

test('stores sums larger than the maximum of one order', async ({ service, company, admin }) => {
  const id = await createCustomer(admin);
  record(id, 1, { lifetime_value: '123456789012345678.90', by_currency: { USD: '-99999999999999.00' } });
  await deliver(service, company, admin, 'transaction.recorded', id, 1);
  expect(await statsOf(admin, id)).toMatchObject({
    lifetime_value: '123456789012345678.90',
    by_currency: { USD: '-99999999999999.00' },
  });
});

const runRecount = (interaction: StubServer, service: TestService, repair = true) =>
  recount(service.database.db, createTotalsClient(interaction.client), {
    repair,
    reportedGroups: new Set(),
    request_id: 'request-of-the-recount',
  });

test('a recount reports equal counters and repairs differing ones', async ({
  interaction,
  service,
  company,
  admin,
}) => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) ids.push(await createCustomer(admin));
  const [one = '', two = '', three = ''] = ids;
  record(one, 3, highTotals);
  record(two, 1, { total_complaints: 1 });
  await deliver(service, company, admin, 'transaction.recorded', one, 3);
  await deliver(service, company, admin, 'interaction.recorded', two, 1);
  expect(await runRecount(interaction, service)).toEqual({ customers: 3, equal: 3, behind: 0, different: 0 });

  await service.database
    .owner('customer_counters')
    .where({ customer_id: one })
    .update({ by_currency: { USD: '1.00' } });
  await service.database.owner('customer_counters').where({ customer_id: three }).update({ total_orders: 1 });
  const found = { customers: 3, equal: 1, behind: 0, different: 2 };
  expect(await runRecount(interaction, service, false)).toEqual(found);
  expect((await statsOf(admin, three)).total_orders).toBe(1);
  expect(await runRecount(interaction, service)).toEqual(found);
  expect([await statsOf(admin, one), await statsOf(admin, three)]).toEqual([highTotals, stats]);
  expect(await runRecount(interaction, service)).toEqual({ customers: 3, equal: 3, behind: 0, different: 0 });
});

test('a recount reports pending events as behind and applies them in advance', async ({
  interaction,
  service,
  company,
  admin,
}) => {
  const id = await createCustomer(admin);
  record(id, 2, highTotals);
  expect(await runRecount(interaction, service, false)).toEqual({ customers: 1, equal: 0, behind: 1, different: 0 });
  expect(await statsOf(admin, id)).toEqual(stats);
  expect(await runRecount(interaction, service)).toEqual({ customers: 1, equal: 0, behind: 1, different: 0 });
  expect(await statsOf(admin, id)).toEqual(highTotals);
  interaction.calls.length = 0;
  await deliver(service, company, admin, 'transaction.recorded', id, 1);
  expect(interaction.calls).toEqual([]);
});

test('a recount does not overwrite an event that was processed meanwhile', async ({
  interaction,
  service,
  company,
  admin,
}) => {
  const id = await createCustomer(admin);
  interaction.respond(async (path) => {
    const found = structuredClone(response(path));
    if (interaction.calls.length === 1) {
      record(id, 2, { total_orders: 2 });
      await deliver(service, company, admin, 'transaction.recorded', id, 2);
    }
    return found;
  });
  record(id, 1, { total_orders: 1 });
  expect(await runRecount(interaction, service)).toMatchObject({ behind: 1, different: 0 });
  expect((await statsOf(admin, id)).total_orders).toBe(2);
});

test('a recount applies totals restored from an older backup, and later events are processed', async ({
  interaction,
  service,
  company,
  admin,
}) => {
  const id = await createCustomer(admin);
  record(id, 9, highTotals);
  await deliver(service, company, admin, 'transaction.recorded', id, 9);
  record(id, 4, { total_orders: 1 });
  expect(await runRecount(interaction, service)).toMatchObject({ different: 1 });
  expect((await statsOf(admin, id)).total_orders).toBe(1);
  record(id, 5, { total_orders: 2 });
  await deliver(service, company, admin, 'transaction.recorded', id, 5);
  expect((await statsOf(admin, id)).total_orders).toBe(2);
});

test('a recount fetches totals of all customers, a hundred of one company per call', async ({
  interaction,
  service,
  company,
}) => {
  const other = service.company({ currency: 'USD' });
  const stranger = service.user('admin', other);
  const { customer } = (await stranger.post('/api/customers', { full_name: 'Eve' }).expect(201)).body;
  record(customer.id, 1, { currency: 'USD', total_orders: 7 });
  await service.database.owner.raw(
    `with inserted as (
       insert into customers (company_id, id, full_name, full_name_built, preferences, search_text)
       select ?, gen_random_uuid(), 'Many', false, '{}', 'many' from generate_series(1, 150) returning company_id, id
     )
     insert into customer_counters (company_id, customer_id, currency, customer_created_at, total_complaints)
     select company_id, id, 'EUR', now(), 1 from inserted`,
    [company.id],
  );
  expect(await runRecount(interaction, service)).toEqual({ customers: 151, equal: 0, behind: 1, different: 150 });
  for (const { path, headers } of interaction.calls) {
    const owners = await service.database.owner('customers').distinct('company_id').whereIn('id', requestedIds(path));
    expect([owners, requestedIds(path).length <= 100]).toEqual([[{ company_id: headers['x-company-id'] }], true]);
  }
  expect((await stranger.get(`/api/customers/${customer.id}/stats`)).body).toMatchObject({
    total_orders: 7,
    currency: 'USD',
  });
});
