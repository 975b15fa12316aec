import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { heldTransaction, type TestUser, type Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let company: Company;
let admin: TestUser;
/** Runs between the customer service's response and the transaction. */
let beforeTransaction: () => Promise<unknown>;

beforeAll(async () => {
  service = await createTestInteraction({
    pool: 4,
    wrapCustomerClient: (client) => async (id, call) => {
      const found = await client(id, call);
      await beforeTransaction();
      return found;
    },
  });
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(() => {
  beforeTransaction = async () => {};
});
afterAll(() => service.close());

const deletion = (customer_id: string, hard = true) => ({
  id: randomUUID(),
  name: 'customer.deleted',
  occurred_at: new Date().toISOString(),
  company_id: company.id,
  actor_id: admin.user_id,
  request_id: 'request-of-the-deletion',
  sequence: 2,
  data: { customer_id, number: 1, hard },
});
const deliver = (event: object) => service.callingService('customer').post('/internal/events', event);
const record = (customer_id: string) =>
  admin.post(`/api/customers/${customer_id}/interactions`, { notes: 'a', type: 'call' });
const rowsOf = async (customer_id: string) =>
  (await service.database.owner('interactions').where({ customer_id })).length;

test('deletes the interactions of a hard-deleted customer, once, and no others', async () => {
  const [deletedId, remainingId] = [randomUUID(), randomUUID()];
  for (const id of [deletedId, deletedId, remainingId]) await record(id).expect(201);
  const otherAdmin = service.user('admin', service.company());
  await otherAdmin.post(`/api/customers/${deletedId}/interactions`, { notes: 'a', type: 'call' }).expect(201);

  const event = deletion(deletedId);
  expect((await deliver(event).expect(200)).body).toEqual({ processed: true });
  expect([await rowsOf(deletedId), await rowsOf(remainingId)]).toEqual([1, 1]);
  expect((await admin.get(`/api/customers/${deletedId}/interactions`)).body.total).toBe(0);
  expect((await otherAdmin.get(`/api/customers/${deletedId}/interactions`)).body.total).toBe(1);
  expect((await deliver(event).expect(200)).body).toEqual({ processed: false });
  expect((await deliver(deletion(deletedId)).expect(200)).body).toEqual({ processed: true });
});

test('keeps the interactions of a soft-deleted customer', async () => {
  const id = randomUUID();
  await record(id).expect(201);
  expect((await deliver(deletion(id, false)).expect(200)).body).toEqual({ processed: true });
  expect(await rowsOf(id)).toBe(1);
  await record(id).expect(201);
});

test('anonymises the transactions of a hard-deleted customer and keeps their amounts', async () => {
  const [deletedId, remainingId] = [randomUUID(), randomUUID()];
  const pay = async (customer_id: string, external_ref: string) => {
    const payload = {
      kind: 'order',
      direction: 'in',
      amount: 10,
      description: 'For Ada',
      order_id: 'A-1',
      external_ref,
    };
    return (await admin.post(`/api/customers/${customer_id}/transactions`, payload).expect(201)).body.transaction;
  };
  const [booked, other] = [await pay(deletedId, 'one'), await pay(remainingId, 'two')];
  const otherAdmin = service.user('admin', service.company());
  await otherAdmin
    .post(`/api/customers/${deletedId}/transactions`, { kind: 'order', direction: 'in', amount: 1 })
    .expect(201);

  await deliver(deletion(deletedId)).expect(200);
  const { transactions } = (await admin.get('/api/transactions').expect(200)).body;
  expect(transactions).toEqual([
    other,
    {
      ...booked,
      customer_id: null,
      order_id: null,
      description: null,
      external_ref: null,
      updated_at: expect.any(String),
      version: 2,
    },
  ]);
  expect((await admin.get(`/api/transactions?customer_id=${deletedId}`)).body.total).toBe(0);
  expect((await admin.get(`/api/customers/${deletedId}/transactions`)).body.total).toBe(0);
  await admin.get(`/api/customers/${deletedId}/transactions/${booked.id}`).expect(404);
  await admin.patch(`/api/customers/${deletedId}/transactions/${booked.id}`, { status: 'cancelled' }).expect(404);
  expect((await otherAdmin.get(`/api/customers/${deletedId}/transactions`)).body.total).toBe(1);
  const anonymised = await service.database.owner('transactions').where({ id: booked.id }).first();
  expect(JSON.stringify(anonymised)).not.toMatch(new RegExp(`${deletedId}|Ada|A-1|one`));
  expect(anonymised).toMatchObject({ amount: '10.00', version: 2, content_digest: null });

  // The external_ref can be used again, because it was erased with the person.
  const payload = { kind: 'order', direction: 'in', amount: 10, external_ref: 'one' };
  await admin.post(`/api/customers/${remainingId}/transactions`, payload).expect(201);
});

test('rejects with 404 a record that is added after the deletion was processed', async () => {
  const [existing, unseen] = [randomUUID(), randomUUID()];
  await record(existing).expect(201);
  for (const id of [existing, unseen]) {
    beforeTransaction = () => deliver(deletion(id)).expect(200);
    const { body } = await record(id).expect(404);
    expect(body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await rowsOf(id)).toBe(0);
    const order = { kind: 'order', direction: 'in', amount: 1 };
    const money = await admin.post(`/api/customers/${id}/transactions`, order).expect(404);
    expect(money.body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await service.database.owner('transactions').where({ customer_id: id })).toEqual([]);
  }
  const published = await service.events('interaction.recorded');
  expect(published.filter(({ data }) => data['customer_id'] === unseen)).toEqual([]);
});

test('deletes a record that is added while the deletion is processed', async () => {
  const id = randomUUID();
  const blocker = await heldTransaction(service.database.owner);
  await blocker.raw('lock table outbox_events in exclusive mode'); // recording stops after its row, before its commit
  const waiting = async (count: number) => {
    const until = Date.now() + 15_000;
    for (;;) {
      const { rows } = await service.database.owner.raw(
        `select count(distinct l.pid)::int as n from pg_locks l join pg_stat_activity a using (pid)
         where a.datname = current_database() and not l.granted`,
      );
      if (rows[0].n >= count) return;
      if (Date.now() > until) throw new Error(`fewer than ${count} wait`);
      await sleep(5);
    }
  };
  const recorded = record(id).then(({ status }) => status);
  await waiting(1);
  const delivered = deliver(deletion(id)).then(({ status }) => status);
  await waiting(2);
  await blocker.commit();
  expect([await recorded, await delivered]).toEqual([201, 200]);
  expect(await rowsOf(id)).toBe(0);
});

test('rejects an unknown or invalid event with 422 and stores nothing', async () => {
  const id = randomUUID();
  await record(id).expect(201);
  const event = deletion(id);
  await deliver({ ...event, name: 'customer.exploded' }).expect(422);
  await deliver({ ...event, data: { customer_id: 'x' } }).expect(422);
  await deliver({ ...event, company_id: 'x' }).expect(422);
  await deliver({}).expect(422);
  await admin.post('/internal/events', event).expect(403);
  expect(await rowsOf(id)).toBe(1);
  expect((await deliver(event).expect(200)).body).toEqual({ processed: true });
});
