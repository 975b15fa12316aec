import { randomUUID } from 'node:crypto';
import type { ErasureReport, Person } from '@clientela/contracts';
import { newId } from '@clientela/db';
import { tablesContaining, type TestUser, type Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { interactionUnderTest, type InteractionUnderTest } from './testing/test-interaction.ts';

let service: InteractionUnderTest;
let company: Company;
let admin: TestUser;
let person: Person;
let canary: string;

beforeAll(async () => {
  service = await interactionUnderTest({ pool: 4 });
});
beforeEach(() => {
  company = service.company();
  admin = service.user('admin', company);
  person = { company_id: company.id, customer_id: newId(), customer_number: 10_000_000, user_id: randomUUID() };
  canary = `canary${randomUUID().slice(0, 8)}`;
});
afterAll(() => service.close());

const record = (what: 'interactions' | 'transactions', body: object, by = admin, id = person.customer_id) =>
  by.post(`/api/customers/${id}/${what}`, body);
/** Every word that a client can say about a customer, in this service. */
const sayAll = async (by = admin) => {
  const interaction = { notes: canary, type: 'call', category: canary };
  await record('interactions', interaction, by).set('Idempotency-Key', `${canary}-1`).expect(201);
  const transaction = { kind: 'order', direction: 'in', amount: '12.50', ...words() };
  const { body } = await record('transactions', transaction, by).set('Idempotency-Key', `${canary}-2`).expect(201);
  return body.transaction as { id: string };
};
const words = () => ({ description: canary, order_id: canary, external_ref: canary });
const ask = (path: string, body: object) => service.callingService('customer').post(`/internal/privacy/${path}`, body);
/** Asks until it is done: what was not is a 503. */
const erase = async (request_id = newId()): Promise<ErasureReport> => {
  for (;;) {
    const { status, body } = await ask('erasures', { request_id, person });
    if (status === 200) return body;
    expect(status).toBe(503);
  }
};
const rowsOf = (table: string, customer_id = person.customer_id) =>
  service.database.owner(table).where({ customer_id }).orderBy('id');
const many = (table: 'interactions' | 'transactions', count: number) => {
  const values =
    table === 'interactions'
      ? `type, notes, searched) select 'call', ? || n, 'searched'`
      : `kind, direction, amount, currency, status, order_id) select 'order', 'in', 10, 'EUR', 'completed', ? || n`;
  return service.database.owner.raw(
    `insert into ${table} (company_id, id, customer_id, created_by, ${values.replace(' select ', ' select ?, gen_random_uuid(), ?, ?, ')}
       from generate_series(1, ?) as n`,
    [company.id, person.customer_id, admin.user_id, canary, count],
  );
};

/** Until so many connections wait for a lock. */
const waiting = (count: number) =>
  expect
    .poll(async () => {
      const { rows } = await service.database.owner.raw(
        `select count(distinct l.pid)::int as n from pg_locks l join pg_stat_activity a using (pid)
          where a.datname = current_database() and not l.granted`,
      );
      return rows[0].n as number;
    })
    .toBeGreaterThanOrEqual(count);

test.each(['interactions', 'transactions'] as const)(
  'an export says %s as the API shows them, byte for byte',
  async (section) => {
    await sayAll();
    await many(section, 1205);
    await record(
      section,
      section === 'interactions' ? { notes: 'x', type: 'call' } : { kind: 'order', direction: 'in', amount: 1 },
      admin,
      newId(),
    );
    const shown: string[] = [];
    for (let page = 1; page <= 13; page += 1) {
      const { body } = await admin
        .get(`/api/customers/${person.customer_id}/${section}?page=${page}&per_page=100`)
        .expect(200);
      shown.push(...body[section].map((row: object) => JSON.stringify(row)));
    }
    const exported: string[] = [];
    const sizes: number[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const { body } = await ask('export', { person, section, ...(after && { after }) }).expect(200);
      exported.push(...body.rows.map((row: object) => JSON.stringify(row)));
      sizes.push(body.rows.length);
      after = body.next;
    }
    expect(sizes).toEqual([1000, 206]);
    expect(exported.toSorted()).toEqual(shown.toSorted());
  },
);

describe('an erasure', () => {
  test('leaves no word in any table: interactions go, transactions stay without the person', async () => {
    const booked = await sayAll();
    const { body: other } = await record('transactions', { kind: 'order', direction: 'in', amount: 1 }, admin, newId());
    const elsewhere = service.user('admin', service.company());
    const theirs = `other${canary}`;
    await record('interactions', { notes: theirs, type: 'call' }, elsewhere).set('Idempotency-Key', theirs).expect(201);
    await record('transactions', { kind: 'order', direction: 'in', amount: 1, order_id: theirs }, elsewhere).expect(
      201,
    );
    const [before] = await service.database.owner('transactions').where({ id: booked.id });

    const columns = ['description', 'order_id', 'external_ref', 'recorded_as', 'customer_id'];
    expect(await erase()).toEqual({
      service: 'interaction',
      done_at: expect.any(String),
      erased: [{ table: 'interactions', rows: 1, columns: expect.arrayContaining(['notes', 'category', 'searched']) }],
      anonymised: [
        { table: 'transactions', rows: 1, columns: expect.arrayContaining(columns), why: expect.any(String) },
        expect.objectContaining({ table: 'idempotency_keys', rows: 2 }),
      ],
      kept: [{ table: 'customer_locks', rows: 1, columns: ['customer_id'], why: expect.any(String) }],
    });

    await service.database.owner.raw(`delete from interactions where notes = ?`, [theirs]);
    await service.database.owner.raw(`delete from transactions where order_id = ?`, [theirs]);
    await service.database
      .owner('idempotency_keys')
      .whereRaw('response::text like ?', [`%${theirs}%`])
      .delete()
      .then((count) => expect(count).toBe(1));
    expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
    const [after] = await service.database.owner('transactions').where({ id: booked.id });
    expect(after).toEqual({
      ...before,
      ...Object.fromEntries(columns.map((column) => [column, null])),
      version: 2,
      updated_at: expect.any(String),
    });
    expect((await admin.get('/api/transactions')).body.transactions).toContainEqual(other.transaction);
  });

  test('keeps what the person recorded about others, and says so', async () => {
    const staff = service.user('manager', company, person.user_id ?? '');
    const about = newId();
    const recorded = await record('interactions', { notes: 'a', type: 'call' }, staff, about).expect(201);
    await service
      .user('admin', company, staff.user_id)
      .post('/api/interaction-types', { name: 'site walk' })
      .expect(201);
    const { kept } = await erase();
    expect(kept.map(({ table, rows, columns }) => [table, rows, columns])).toEqual([
      ['interactions', 1, ['created_by']],
      ['interaction_types', 1, ['created_by']],
      ['customer_locks', 1, ['customer_id']],
    ]);
    const { body } = await admin.get(`/api/customers/${about}/interactions`).expect(200);
    expect(body.interactions).toEqual([recorded.body.interaction]);
  });

  test('asked for again says the same, and takes nothing more', async () => {
    await sayAll();
    const request_id = newId();
    const first = await erase(request_id);
    expect(await erase(request_id)).toEqual(first);
    const counts = ({ erased, anonymised }: ErasureReport) => [...erased, ...anonymised].map(({ rows }) => rows);
    expect(counts(first)).toEqual([1, 1, 2]);
    expect(counts(await erase())).toEqual([0, 0, 0]);
  });

  test('makes repeats of what was said a 404 without an effect, and takes nothing new for the customer', async () => {
    await sayAll();
    await erase();
    const again = { notes: canary, type: 'call', category: canary };
    const { body } = await record('interactions', again).set('Idempotency-Key', `${canary}-1`).expect(404);
    expect(body.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
    for (const what of ['interactions', 'transactions'] as const) {
      const sent = what === 'interactions' ? again : { kind: 'order', direction: 'in', amount: 1 };
      expect((await record(what, sent).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      expect(await rowsOf(what)).toEqual([]);
    }
    expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
  });

  test.each(['recorded', 'changed'])('waits for what is being %s, and takes it along', async (how) => {
    const { id } = await sayAll();
    const blocker = await service.database.owner.transaction();
    await blocker.raw('lock table outbox_events in exclusive mode'); // it stops after its row, before its commit
    const late = `late${canary}`;
    const change = { status: 'cancelled', description: late, order_id: late };
    try {
      const done = (
        how === 'changed'
          ? admin.patch(`/api/customers/${person.customer_id}/transactions/${id}`, change)
          : record('interactions', { notes: late, type: 'call' }).set('Idempotency-Key', late)
      ).then(({ status }) => status);
      await waiting(1);
      const erased = erase();
      await waiting(2);
      await blocker.commit();
      expect([200, 201]).toContain(await done);
      const { erased: gone, anonymised } = await erased;
      expect(gone).toMatchObject([{ table: 'interactions', rows: how === 'recorded' ? 2 : 1 }]);
      expect(anonymised).toMatchObject([{ table: 'transactions', rows: 1 }, { rows: how === 'recorded' ? 3 : 2 }]);
    } finally {
      if (!blocker.isCompleted()) await blocker.rollback();
    }
    expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
    const [kept] = await service.database.owner('transactions').where({ id });
    expect(kept.status).toBe(how === 'changed' ? 'cancelled' : 'completed');
  });

  test('whose connections are cut goes on where it was, and counts each row once', async () => {
    await sayAll();
    await many('interactions', 4500);
    await many('transactions', 2500);
    const request_id = newId();
    for (const table of ['interactions', 'transactions']) {
      const blocker = await service.database.owner.transaction();
      const rows = blocker(table).where({ customer_id: person.customer_id });
      await rows.orderBy(['occurred_at', 'id']).limit(1).forUpdate(); // some part of it waits here, others are done before
      const cut = ask('erasures', { request_id, person }).then(({ status }) => status);
      await waiting(1);
      await service.database.cut();
      expect(await cut).toBe(503);
      await blocker.rollback().catch(() => {});
    }
    const report = await erase(request_id);
    expect(report.erased).toMatchObject([{ table: 'interactions', rows: 4501 }]);
    expect(report.anonymised[0]).toMatchObject({ table: 'transactions', rows: 2501 });
    expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
  });
});

test('only the customer service asks, and only for a whole person', async () => {
  await sayAll();
  const erasure = { request_id: newId(), person };
  await admin.post('/internal/privacy/erasures', erasure).expect(403);
  await service.anonymous().post('/internal/privacy/erasures', erasure).expect(403);
  for (const program of ['auth', 'product', 'favorites', 'interaction'] as const)
    await service.callingService(program, company).post('/internal/privacy/erasures', erasure).expect(403);
  await ask('erasures', { request_id: newId(), person: { ...person, user_id: 'x' } }).expect(422);
  await ask('erasures', { ...erasure, request_id: '1 or 1=1' }).expect(422);
  await ask('export', { person, section: 'favorites' }).expect(422);
  await ask('export', { person, section: 'interactions', after: '[0,["x","y"]]' }).expect(422);
  expect(await rowsOf('interactions')).toHaveLength(1);
});
