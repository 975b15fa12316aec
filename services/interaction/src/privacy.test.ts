import { randomUUID } from 'node:crypto';
import type { ErasureReport, Person } from '@clientela/contracts';
import { newId } from '@clientela/db';
import { heldTransaction, serviceTest, tablesContaining, type TestUser, type Company } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestInteraction, type TestInteraction } from './testing/test-interaction.ts';

const test = serviceTest(() => createTestInteraction({ pool: 4 }))
  .extend('person', ({ company }) => ({
    company_id: company.id,
    customer_id: newId(),
    customer_number: 10_000_000,
    user_id: randomUUID(),
  }))
  .extend('canary', () => `canary${randomUUID().slice(0, 8)}`);

const record = (
  admin: TestUser,
  person: Person,
  what: 'interactions' | 'transactions',
  body: object,
  by = admin,
  id = person.customer_id,
) => by.post(`/api/customers/${id}/${what}`, body);
/** Every text about a customer that a client can send to this service. */
const sayAll = async (admin: TestUser, person: Person, canary: string, by = admin) => {
  const interaction = { notes: canary, type: 'call', category: canary };
  await record(admin, person, 'interactions', interaction, by).set('Idempotency-Key', `${canary}-1`).expect(201);
  const transaction = { kind: 'order', direction: 'in', amount: '12.50', ...words(canary) };
  const { body } = await record(admin, person, 'transactions', transaction, by)
    .set('Idempotency-Key', `${canary}-2`)
    .expect(201);
  return body.transaction as { id: string };
};
const words = (canary: string) => ({ description: canary, order_id: canary, external_ref: canary });
const callPrivacy = (service: TestInteraction, path: string, body: object) =>
  service.callingService('customer').post(`/internal/privacy/${path}`, body);
/** Repeats the request until the erasure is done; before that it responds with 503. */
const erase = async (service: TestInteraction, person: Person, request_id = newId()): Promise<ErasureReport> => {
  for (;;) {
    const { status, body } = await callPrivacy(service, 'erasures', { request_id, person });
    if (status === 200) return body;
    expect(status).toBe(503);
  }
};
const rowsOf = (service: TestInteraction, person: Person, table: string, customer_id = person.customer_id) =>
  service.database.owner(table).where({ customer_id }).orderBy('id');
const many = (
  service: TestInteraction,
  company: Company,
  admin: TestUser,
  person: Person,
  canary: string,
  table: 'interactions' | 'transactions',
  count: number,
) => {
  const values =
    table === 'interactions'
      ? `type, notes, search_text) select 'call', ? || n, 'x'`
      : `kind, direction, amount, currency, status, order_id) select 'order', 'in', 10, 'EUR', 'completed', ? || n`;
  return service.database.owner.raw(
    `insert into ${table} (company_id, id, customer_id, created_by, ${values.replace(' select ', ' select ?, gen_random_uuid(), ?, ?, ')}
       from generate_series(1, ?) as n`,
    [company.id, person.customer_id, admin.user_id, canary, count],
  );
};

/** Waits until so many connections are blocked by a lock. */
const waiting = (service: TestInteraction, count: number) =>
  expect
    .poll(async () => {
      const { rows } = await service.database.owner.raw(
        `select count(distinct l.pid)::int as n from pg_locks l join pg_stat_activity a using (pid)
          where a.datname = current_database() and not l.granted`,
      );
      return rows[0].n as number;
    })
    .toBeGreaterThanOrEqual(count);

test.for(['interactions', 'transactions'] as const)(
  'an export says %s as the API shows them, byte for byte',
  async (section, { service, company, admin, person, canary }) => {
    await sayAll(admin, person, canary);
    await many(service, company, admin, person, canary, section, 1205);
    await record(
      admin,
      person,
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
      const { body } = await callPrivacy(service, 'export', { person, section, ...(after && { after }) }).expect(200);
      exported.push(...body.rows.map((row: object) => JSON.stringify(row)));
      sizes.push(body.rows.length);
      after = body.next;
    }
    expect(sizes).toEqual([1000, 206]);
    expect(exported.toSorted()).toEqual(shown.toSorted());
  },
);

describe('an erasure', () => {
  test('leaves no value in any table: deletes interactions and anonymises transactions', async ({
    service,
    admin,
    person,
    canary,
  }) => {
    const booked = await sayAll(admin, person, canary);
    const { body: other } = await record(
      admin,
      person,
      'transactions',
      { kind: 'order', direction: 'in', amount: 1 },
      admin,
      newId(),
    );
    const otherAdmin = service.user('admin', service.company());
    const otherRecord = `other${canary}`;
    await record(admin, person, 'interactions', { notes: otherRecord, type: 'call' }, otherAdmin)
      .set('Idempotency-Key', otherRecord)
      .expect(201);
    await record(
      admin,
      person,
      'transactions',
      { kind: 'order', direction: 'in', amount: 1, order_id: otherRecord },
      otherAdmin,
    ).expect(201);
    const [before] = await service.database.owner('transactions').where({ id: booked.id });

    const columns = ['description', 'order_id', 'external_ref', 'content_digest', 'customer_id'];
    expect(await erase(service, person)).toEqual({
      service: 'interaction',
      done_at: expect.any(String),
      erased: [
        { table: 'interactions', rows: 1, columns: expect.arrayContaining(['notes', 'category', 'search_text']) },
      ],
      anonymised: [
        { table: 'transactions', rows: 1, columns: expect.arrayContaining(columns), why: expect.any(String) },
        expect.objectContaining({ table: 'idempotency_keys', rows: 2 }),
      ],
      kept: [{ table: 'customer_locks', rows: 1, columns: ['customer_id'], why: expect.any(String) }],
    });

    await service.database.owner.raw(`delete from interactions where notes = ?`, [otherRecord]);
    await service.database.owner.raw(`delete from transactions where order_id = ?`, [otherRecord]);
    await service.database
      .owner('idempotency_keys')
      .whereRaw('response::text like ?', [`%${otherRecord}%`])
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

  test('keeps and reports records that the person wrote about others', async ({ service, company, admin, person }) => {
    const staff = service.user('manager', company, person.user_id ?? '');
    const about = newId();
    const recorded = await record(admin, person, 'interactions', { notes: 'a', type: 'call' }, staff, about).expect(
      201,
    );
    await service
      .user('admin', company, staff.user_id)
      .post('/api/interaction-types', { name: 'site walk' })
      .expect(201);
    const { kept } = await erase(service, person);
    expect(kept.map(({ table, rows, columns }) => [table, rows, columns])).toEqual([
      ['interactions', 1, ['created_by']],
      ['interaction_types', 1, ['created_by']],
      ['customer_locks', 1, ['customer_id']],
    ]);
    const { body } = await admin.get(`/api/customers/${about}/interactions`).expect(200);
    expect(body.interactions).toEqual([recorded.body.interaction]);
  });

  test('returns the same report when it is requested again', async ({ service, admin, person, canary }) => {
    await sayAll(admin, person, canary);
    const request_id = newId();
    const first = await erase(service, person, request_id);
    expect(await erase(service, person, request_id)).toEqual(first);
    const counts = ({ erased, anonymised }: ErasureReport) => [...erased, ...anonymised].map(({ rows }) => rows);
    expect(counts(first)).toEqual([1, 1, 2]);
    expect(counts(await erase(service, person))).toEqual([0, 0, 0]);
  });

  test('answers repeated requests with 404 and rejects new records of the customer', async ({
    service,
    admin,
    person,
    canary,
  }) => {
    await sayAll(admin, person, canary);
    await erase(service, person);
    const repeated = { notes: canary, type: 'call', category: canary };
    const { body } = await record(admin, person, 'interactions', repeated)
      .set('Idempotency-Key', `${canary}-1`)
      .expect(404);
    expect(body.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
    for (const what of ['interactions', 'transactions'] as const) {
      const payload = what === 'interactions' ? repeated : { kind: 'order', direction: 'in', amount: 1 };
      expect((await record(admin, person, what, payload).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      expect(await rowsOf(service, person, what)).toEqual([]);
    }
    expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
  });

  test.for(['recorded', 'changed'])(
    'waits for a record that is being %s, and erases it',
    async (how, { service, admin, person, canary }) => {
      const { id } = await sayAll(admin, person, canary);
      const blocker = await heldTransaction(service.database.owner);
      await blocker.raw('lock table outbox_events in exclusive mode'); // it stops after its row, before its commit
      const lateText = `late${canary}`;
      const change = { status: 'cancelled', description: lateText, order_id: lateText };
      const done = (
        how === 'changed'
          ? admin.patch(`/api/customers/${person.customer_id}/transactions/${id}`, change)
          : record(admin, person, 'interactions', { notes: lateText, type: 'call' }).set('Idempotency-Key', lateText)
      ).then(({ status }) => status);
      await waiting(service, 1);
      const erased = erase(service, person);
      await waiting(service, 2);
      await blocker.commit();
      expect([200, 201]).toContain(await done);
      const { erased: deletedId, anonymised } = await erased;
      expect(deletedId).toMatchObject([{ table: 'interactions', rows: how === 'recorded' ? 2 : 1 }]);
      expect(anonymised).toMatchObject([{ table: 'transactions', rows: 1 }, { rows: how === 'recorded' ? 3 : 2 }]);
      expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
      const [remaining] = await service.database.owner('transactions').where({ id });
      expect(remaining.status).toBe(how === 'changed' ? 'cancelled' : 'completed');
    },
  );

  test('resumes after lost connections and counts each row once', async ({
    service,
    company,
    admin,
    person,
    canary,
  }) => {
    await sayAll(admin, person, canary);
    await many(service, company, admin, person, canary, 'interactions', 4500);
    await many(service, company, admin, person, canary, 'transactions', 2500);
    const request_id = newId();
    for (const table of ['interactions', 'transactions']) {
      const blocker = await heldTransaction(service.database.owner);
      const rows = blocker(table).where({ customer_id: person.customer_id });
      await rows.orderBy(['occurred_at', 'id']).limit(1).forUpdate(); // some part of it waits here, others are done before
      const cut = callPrivacy(service, 'erasures', { request_id, person }).then(({ status }) => status);
      await waiting(service, 1);
      await service.database.cut();
      expect(await cut).toBe(503);
      await blocker.rollback().catch(() => {});
    }
    const report = await erase(service, person, request_id);
    expect(report.erased).toMatchObject([{ table: 'interactions', rows: 4501 }]);
    expect(report.anonymised[0]).toMatchObject({ table: 'transactions', rows: 2501 });
    expect(await tablesContaining(service.database.owner, canary)).toEqual([]);
  });
});

test('is available to the customer service only, and requires a complete person', async ({
  service,
  company,
  admin,
  person,
  canary,
}) => {
  await sayAll(admin, person, canary);
  const erasure = { request_id: newId(), person };
  await admin.post('/internal/privacy/erasures', erasure).expect(403);
  await service.anonymous().post('/internal/privacy/erasures', erasure).expect(403);
  for (const callingService of ['auth', 'product', 'favorites', 'interaction'] as const)
    await service.callingService(callingService, company).post('/internal/privacy/erasures', erasure).expect(403);
  await callPrivacy(service, 'erasures', { request_id: newId(), person: { ...person, user_id: 'x' } }).expect(422);
  await callPrivacy(service, 'erasures', { ...erasure, request_id: '1 or 1=1' }).expect(422);
  await callPrivacy(service, 'export', { person, section: 'favorites' }).expect(422);
  await callPrivacy(service, 'export', { person, section: 'interactions', after: '[0,["x","y"]]' }).expect(422);
  expect(await rowsOf(service, person, 'interactions')).toHaveLength(1);
});
