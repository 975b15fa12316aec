import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { heldTransaction, testService, type TestUser, type Company, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApp } from '../app.ts';

let service: TestService;
let company: Company;
let admin: TestUser;
let customer_id: string;
/** Runs between the calls to other services and the transaction. */
let beforeTransaction: () => Promise<unknown>;

beforeAll(async () => {
  service = await testService(
    'favorites',
    (parts) =>
      createApp({
        ...parts,
        fetchOwnCustomer: async () => ({ id: null, number: null, isActive: true }),
        fetchCustomerAndProduct: async () => {
          const pair = { customer_id, product_id: randomUUID() };
          await beforeTransaction();
          return pair;
        },
      }),
    { pool: 4 },
  );
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(() => {
  customer_id = randomUUID();
  beforeTransaction = async () => {};
});
afterAll(() => service.close());

const deletion = (hard = true) => ({
  id: randomUUID(),
  name: 'customer.deleted',
  occurred_at: new Date().toISOString(),
  company_id: company.id,
  actor_id: admin.user_id,
  request_id: 'request-of-the-deletion',
  sequence: 2,
  data: { customer_id, number: 14722, hard },
});
const deliver = (event: object) => service.callingService('customer').post('/internal/events', event);
const add = (user = admin) => user.post('/rest/v1/favorites', { user_id: 14722, item_id: 10 });
const rows = async () => (await service.database.owner('favorites').where({ customer_id })).length;

test('deletes the favorites of a hard-deleted customer, once, and no others', async () => {
  const otherAdmin = service.user('admin', service.company());
  for (const user of [admin, admin, otherAdmin]) await add(user).expect(201);
  const deletedId = customer_id;
  customer_id = randomUUID();
  await add().expect(201); // another customer with the same number

  const event = deletion();
  expect((await deliver(event).expect(200)).body).toEqual({ processed: true });
  expect(await rows()).toBe(0);
  customer_id = deletedId;
  expect(await rows()).toBe(3);
  await deliver(deletion()).expect(200);
  expect(await rows()).toBe(1);
  expect((await otherAdmin.get('/rest/v1/favorites')).body.count).toBe(1);
  expect((await deliver(event).expect(200)).body).toEqual({ processed: false });
});

test('keeps the favorites of a soft-deleted customer', async () => {
  await add().expect(201);
  expect((await deliver(deletion(false)).expect(200)).body).toEqual({ processed: true });
  expect(await rows()).toBe(1);
});

test('rejects with 404 a favorite that is added after the deletion was processed', async () => {
  for (const hasFavorites of [true, false]) {
    customer_id = randomUUID();
    beforeTransaction = async () => {};
    if (hasFavorites) await add().expect(201);
    beforeTransaction = () => deliver(deletion()).expect(200);
    expect((await add().expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await rows()).toBe(0);
  }
});

test('deletes a favorite that is added while the deletion is processed', async () => {
  const blocker = await heldTransaction(service.database.owner);
  await blocker.raw('lock table outbox_events in exclusive mode'); // blocks the addition between its row and its commit
  const waitForBlocked = async (count: number) => {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const { rows } = await service.database.owner.raw(
        `select count(distinct l.pid)::int as n from pg_locks l join pg_stat_activity a using (pid)
         where a.datname = current_database() and not l.granted`,
      );
      if (rows[0].n >= count) return;
      if (Date.now() > deadline) throw new Error(`fewer than ${count} sessions are blocked`);
      await sleep(5);
    }
  };
  const added = add().then(({ status }) => status);
  await waitForBlocked(1);
  const delivered = deliver(deletion()).then(({ status }) => status);
  await waitForBlocked(2);
  await blocker.commit();
  expect([await added, await delivered]).toEqual([201, 200]);
  expect(await rows()).toBe(0);
});

test('rejects an unknown or invalid event with 422 and stores nothing', async () => {
  await add().expect(201);
  const event = deletion();
  await deliver({ ...event, name: 'customer.exploded' }).expect(422);
  await deliver({ ...event, data: {} }).expect(422);
  await admin.post('/internal/events', event).expect(403);
  expect(await rows()).toBe(1);
  expect((await deliver(event).expect(200)).body).toEqual({ processed: true });
});
