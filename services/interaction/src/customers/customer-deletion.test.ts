import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { interactionUnderTest, type InteractionUnderTest } from '../testing/test-interaction.ts';

let service: InteractionUnderTest;
let company: Company;
let admin: TestUser;
/** What happens between the customer service's answer and the transaction. */
let meanwhile: () => Promise<unknown>;

beforeAll(async () => {
  service = await interactionUnderTest({
    pool: 4,
    asking: (ask) => async (id, call) => {
      const found = await ask(id, call);
      await meanwhile();
      return found;
    },
  });
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(() => {
  meanwhile = async () => {};
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
const hear = (event: object) => service.callingService('customer').post('/internal/events', event);
const record = (customer_id: string) =>
  admin.post(`/api/customers/${customer_id}/interactions`, { notes: 'a', type: 'call' });
const rowsOf = async (customer_id: string) =>
  (await service.database.owner('interactions').where({ customer_id })).length;

test('a customer removed for good takes its interactions along, once, and nobody else’s', async () => {
  const [gone, stays] = [randomUUID(), randomUUID()];
  for (const id of [gone, gone, stays]) await record(id).expect(201);
  const elsewhere = service.user('admin', service.company());
  await elsewhere.post(`/api/customers/${gone}/interactions`, { notes: 'a', type: 'call' }).expect(201);

  const event = deletion(gone);
  expect((await hear(event).expect(200)).body).toEqual({ processed: true });
  expect([await rowsOf(gone), await rowsOf(stays)]).toEqual([1, 1]);
  expect((await admin.get(`/api/customers/${gone}/interactions`)).body.total).toBe(0);
  expect((await elsewhere.get(`/api/customers/${gone}/interactions`)).body.total).toBe(1);
  expect((await hear(event).expect(200)).body).toEqual({ processed: false });
  expect((await hear(deletion(gone)).expect(200)).body).toEqual({ processed: true });
});

test('a customer with a deletion mark keeps them', async () => {
  const id = randomUUID();
  await record(id).expect(201);
  expect((await hear(deletion(id, false)).expect(200)).body).toEqual({ processed: true });
  expect(await rowsOf(id)).toBe(1);
  await record(id).expect(201);
});

test('a customer removed for good goes out of the transactions; what was booked stays', async () => {
  const [gone, stays] = [randomUUID(), randomUUID()];
  const pay = async (customer_id: string, external_ref: string) => {
    const sent = { kind: 'order', direction: 'in', amount: 10, description: 'For Ada', order_id: 'A-1', external_ref };
    return (await admin.post(`/api/customers/${customer_id}/transactions`, sent).expect(201)).body.transaction;
  };
  const [booked, other] = [await pay(gone, 'one'), await pay(stays, 'two')];
  const elsewhere = service.user('admin', service.company());
  await elsewhere
    .post(`/api/customers/${gone}/transactions`, { kind: 'order', direction: 'in', amount: 1 })
    .expect(201);

  await hear(deletion(gone)).expect(200);
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
    },
  ]);
  expect((await admin.get(`/api/transactions?customer_id=${gone}`)).body.total).toBe(0);
  expect((await admin.get(`/api/customers/${gone}/transactions`)).body.total).toBe(0);
  await admin.get(`/api/customers/${gone}/transactions/${booked.id}`).expect(404);
  await admin.patch(`/api/customers/${gone}/transactions/${booked.id}`, { status: 'cancelled' }).expect(404);
  expect((await elsewhere.get(`/api/customers/${gone}/transactions`)).body.total).toBe(1);
  const kept = await service.database.owner('transactions').where({ id: booked.id }).first();
  expect(JSON.stringify(kept)).not.toMatch(new RegExp(`${gone}|Ada|A-1|one`));
  expect(kept).toMatchObject({ amount: '10.00', version: 2, recorded_as: null });

  // What your other books called it is free again: it was part of the person's record.
  const sent = { kind: 'order', direction: 'in', amount: 10, external_ref: 'one' };
  await admin.post(`/api/customers/${stays}/transactions`, sent).expect(201);
});

test('what is recorded after the removal was heard is a 404', async () => {
  const [known, unseen] = [randomUUID(), randomUUID()];
  await record(known).expect(201);
  for (const id of [known, unseen]) {
    meanwhile = () => hear(deletion(id)).expect(200);
    const { body } = await record(id).expect(404);
    expect(body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await rowsOf(id)).toBe(0);
    const order = { kind: 'order', direction: 'in', amount: 1 };
    const money = await admin.post(`/api/customers/${id}/transactions`, order).expect(404);
    expect(money.body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await service.database.owner('transactions').where({ customer_id: id })).toEqual([]);
  }
  const said = await service.events('interaction.recorded');
  expect(said.filter(({ data }) => data['customer_id'] === unseen)).toEqual([]);
});

test('what is being recorded while the removal is heard goes with it', async () => {
  const id = randomUUID();
  const blocker = await service.database.owner.transaction();
  await blocker.raw('lock table outbox_events in exclusive mode'); // recording stops after its row, before its commit
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
    const recorded = record(id).then(({ status }) => status);
    await waiting(1);
    const heard = hear(deletion(id)).then(({ status }) => status);
    await waiting(2);
    await blocker.commit();
    expect([await recorded, await heard]).toEqual([201, 200]);
  } finally {
    if (!blocker.isCompleted()) await blocker.rollback();
  }
  expect(await rowsOf(id)).toBe(0);
});

test('an event that this service does not hear, or cannot read, is a 422 and leaves no trace', async () => {
  const id = randomUUID();
  await record(id).expect(201);
  const event = deletion(id);
  await hear({ ...event, name: 'customer.exploded' }).expect(422);
  await hear({ ...event, data: { customer_id: 'x' } }).expect(422);
  await hear({ ...event, company_id: 'x' }).expect(422);
  await hear({}).expect(422);
  await admin.post('/internal/events', event).expect(403);
  expect(await rowsOf(id)).toBe(1);
  expect((await hear(event).expect(200)).body).toEqual({ processed: true });
});
