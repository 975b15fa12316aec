import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { testService, type TestUser, type Company, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApp } from '../app.ts';

let service: TestService;
let company: Company;
let admin: TestUser;
let customer_id: string;
/** What happens between the other services' answers and the transaction. */
let meanwhile: () => Promise<unknown>;

beforeAll(async () => {
  service = await testService(
    'favorites',
    (parts) =>
      createApp({
        ...parts,
        own: async () => ({ id: null, number: null }),
        pairs: async () => {
          const pair = { customer_id, product_id: randomUUID() };
          await meanwhile();
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
  meanwhile = async () => {};
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
const hear = (event: object) => service.callingService('customer').post('/internal/events', event);
const add = (caller = admin) => caller.post('/rest/v1/favorites', { user_id: 14722, item_id: 10 });
const rows = async () => (await service.database.owner('favorites').where({ customer_id })).length;

test('a customer removed for good takes its favorites along, once, and nobody else’s', async () => {
  const elsewhere = service.user('admin', service.company());
  for (const caller of [admin, admin, elsewhere]) await add(caller).expect(201);
  const other = customer_id;
  customer_id = randomUUID();
  await add().expect(201); // another customer who has been given the same number

  const event = deletion();
  expect((await hear(event).expect(200)).body).toEqual({ processed: true });
  expect(await rows()).toBe(0);
  customer_id = other;
  expect(await rows()).toBe(3);
  await hear(deletion()).expect(200);
  expect(await rows()).toBe(1);
  expect((await elsewhere.get('/rest/v1/favorites')).body.count).toBe(1);
  expect((await hear(event).expect(200)).body).toEqual({ processed: false });
});

test('a customer with a deletion mark keeps them', async () => {
  await add().expect(201);
  expect((await hear(deletion(false)).expect(200)).body).toEqual({ processed: true });
  expect(await rows()).toBe(1);
});

test('what is added after the removal was heard is a 404', async () => {
  for (const known of [true, false]) {
    customer_id = randomUUID();
    meanwhile = async () => {};
    if (known) await add().expect(201);
    meanwhile = () => hear(deletion()).expect(200);
    expect((await add().expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await rows()).toBe(0);
  }
});

test('what is being added while the removal is heard goes with it', async () => {
  const blocker = await service.database.owner.transaction();
  await blocker.raw('lock table outbox_events in exclusive mode'); // adding stops after its row, before its commit
  const waiting = async (count: number) => {
    const until = Date.now() + 5000;
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
  try {
    const added = add().then(({ status }) => status);
    await waiting(1);
    const heard = hear(deletion()).then(({ status }) => status);
    await waiting(2);
    await blocker.commit();
    expect([await added, await heard]).toEqual([201, 200]);
  } finally {
    if (!blocker.isCompleted()) await blocker.rollback();
  }
  expect(await rows()).toBe(0);
});

test('an event that this service does not hear, or cannot read, is a 422 and leaves no trace', async () => {
  await add().expect(201);
  const event = deletion();
  await hear({ ...event, name: 'customer.exploded' }).expect(422);
  await hear({ ...event, data: {} }).expect(422);
  await admin.post('/internal/events', event).expect(403);
  expect(await rows()).toBe(1);
  expect((await hear(event).expect(200)).body).toEqual({ processed: true });
});
