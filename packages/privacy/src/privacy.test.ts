import { randomUUID } from 'node:crypto';
import type { Person } from '@clientela/contracts';
import { newId, type Tx } from '@clientela/db';
import { createService } from '@clientela/http';
import { testService, type Company, type TestService } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { erasePerson, privacyRoutes, type DataInventory } from './index.ts';

// A service as this package sees it: calls that go, payments that stay without the person, and staff of whom only the id is there.
const begun: string[] = [];
const byStaff = {
  table: 'calls',
  person: { company_id: 'company_id', created_by: 'user_id' },
  not_exported: 'they are about somebody else',
  walk: true,
} as const;
const privacy: DataInventory = {
  service: 'interaction',
  tables: [
    {
      table: 'calls',
      person: [
        { company_id: 'company_id', customer_id: 'customer_id' },
        { company_id: 'company_id', user_id: 'user_id' },
      ],
      section: 'interactions',
      also: ['id', 'created_at'],
      withheld: { searched: 'derived from what is exported' },
      erasure: 'delete',
    },
    {
      table: 'payments',
      person: { company_id: 'company_id', customer_id: 'customer_id' },
      section: 'transactions',
      erasure: { anonymise: 'the books are kept', columns: { customer_id: null } },
    },
    { ...byStaff, erasure: { keep: 'an id alone', columns: ['created_by'] } },
  ],
  whom: async (_db, person) => ({ ...person, customer_number: null }),
  begin: async (tx, { customer_id }, request_id) => {
    begun.push(`${request_id} ${customer_id}`);
    await tx('payments').select('id').limit(1);
  },
};

let service: TestService;
let company: Company;
let person: Person;

beforeAll(async () => {
  service = await testService('interaction', (parts) =>
    createService({ ...parts, service: 'interaction', version: '1', routes: privacyRoutes(privacy) }),
  );
  await service.database.owner.raw(`
    create table calls (
      company_id uuid not null, id uuid not null, customer_id uuid not null, user_id uuid, created_by text not null, notes text not null,
      searched text not null, created_at timestamptz(3) not null default now(), primary key (company_id, id));
    create table payments (
      company_id uuid not null, id uuid not null, customer_id uuid, amount numeric(15, 2) not null, words text not null, more jsonb not null,
      labels text[] not null, version bigint not null default 1, updated_at timestamptz(3) not null default '2000-01-01',
      primary key (company_id, id));
    comment on column calls.notes is 'sensitive: free text';
    comment on column calls.searched is 'sensitive';
    comment on column payments.amount is 'business';
    comment on column payments.words is 'personal';
    comment on column payments.more is 'personal';
    comment on column payments.labels is 'sensitive: free text';
  `);
  for (const [table, column] of Object.entries({
    calls: ['company_id', 'id', 'customer_id', 'user_id', 'created_by', 'created_at'],
    payments: ['company_id', 'id', 'customer_id', 'version', 'updated_at'],
  }).flatMap(([table, columns]) => columns.map((column) => [table, column])))
    await service.database.owner.raw(`comment on column ${table}.${column} is 'technical'`);
});
beforeEach(() => {
  company = service.company();
  person = { company_id: company.id, customer_id: newId(), customer_number: 10_000_000, user_id: newId() };
});
afterAll(() => service.close());

const call = (values: object = {}) => ({
  company_id: company.id,
  id: newId(),
  customer_id: person.customer_id,
  created_by: 'somebody',
  notes: 'called',
  searched: 'called',
  ...values,
});
const payment = (values: object = {}) => ({
  company_id: company.id,
  id: newId(),
  customer_id: person.customer_id,
  amount: '10.00',
  words: 'for Ada',
  more: JSON.stringify({ by: 'Ada' }),
  labels: ['Ada'],
  ...values,
});
const insert = (table: string, rows: object[]) => service.database.owner.batchInsert(table, rows, 500);
const rowsOf = (table: string) => service.database.owner(table).where({ company_id: company.id }).orderBy('id');
const customer = () => service.callingService('customer');
const erase = (request_id: string, whom = person) =>
  customer().post('/internal/privacy/erasures', { request_id, person: whom });
/** What every service says of the answers that it keeps for repeats. */
const answersIn = (rows: number) => ({
  table: 'idempotency_keys',
  rows,
  columns: ['fingerprint', 'status', 'headers', 'response', 'subject_ids'],
  why: expect.any(String),
});
const pages = async (section: string, whom = person) => {
  const found: object[][] = [];
  for (let after: string | null | undefined; after !== null;) {
    const asked = { person: whom, section, ...(after && { after }) };
    const { body } = await customer().post('/internal/privacy/export', asked).expect(200);
    found.push(body.rows);
    after = body.next;
  }
  return found;
};

test('an export shows a person’s rows by their classes, whole and once, however many', async () => {
  const other = randomUUID();
  const many = Array.from({ length: 2150 }, (_, n) =>
    call({ notes: `n${n}`, ...(n % 2 && { customer_id: other, user_id: person.user_id }) }),
  );
  await insert('calls', many);
  await insert('calls', [call({ customer_id: other }), call({ company_id: randomUUID() })]);
  const found = await pages('interactions');
  expect(found.map((rows) => rows.length)).toEqual([1000, 1000, 150]);
  expect(found.flat()).toEqual(many.map(({ id, notes }) => ({ id, notes, created_at: expect.any(String) })));
  expect(Object.keys(found[0]?.[0] ?? {})).toEqual(['id', 'notes', 'created_at']);
  expect(await pages('transactions')).toEqual([[]]);
});

test('long rows make short answers', async () => {
  await insert(
    'calls',
    Array.from({ length: 401 }, () => call({ notes: 'x'.repeat(25_000) })),
  );
  expect((await pages('interactions')).map((rows) => rows.length)).toEqual([200, 200, 1]);
});

test('erasing takes what goes, blanks what stays, counts what is kept, and says the same ever after', async () => {
  const [stays, elsewhere] = [randomUUID(), randomUUID()];
  await insert('calls', [call(), call({ customer_id: stays, user_id: person.user_id }), call({ customer_id: stays })]);
  await insert('calls', [call({ customer_id: stays, created_by: person.user_id }), call({ company_id: elsewhere })]);
  await insert('payments', [payment(), payment({ customer_id: stays }), payment({ company_id: elsewhere })]);
  const before = await rowsOf('payments');

  const request_id = newId();
  const { body: report } = await erase(request_id).expect(200);
  expect(report).toEqual({
    service: 'interaction',
    done_at: expect.any(String),
    erased: [{ table: 'calls', rows: 2, columns: ['notes', 'searched'] }],
    anonymised: [
      { table: 'payments', rows: 1, columns: ['words', 'more', 'labels', 'customer_id'], why: 'the books are kept' },
      answersIn(0),
    ],
    kept: [{ table: 'calls', rows: 1, columns: ['created_by'], why: 'an id alone' }],
  });
  expect((await rowsOf('calls')).map(({ customer_id }) => customer_id)).toEqual([stays, stays]);
  const [mine, theirs] = await rowsOf('payments');
  expect(theirs).toEqual(before[1]);
  expect(mine).toMatchObject({ customer_id: null, amount: '10.00', words: '', more: {}, labels: [], version: 2 });
  expect(mine.updated_at > before[0].updated_at).toBe(true);
  expect(await service.database.owner('calls').where({ company_id: elsewhere })).toHaveLength(1);

  await insert('calls', [call()]);
  expect((await erase(request_id).expect(200)).body).toEqual(report);
  expect(await rowsOf('calls')).toHaveLength(3);
  expect(begun.filter((one) => one.startsWith(request_id))).toEqual([`${request_id} ${person.customer_id}`]);
  expect((await erase(newId()).expect(200)).body).toMatchObject({
    erased: [{ rows: 1 }],
    anonymised: [{ rows: 0 }, { rows: 0 }],
  });
});

test('who is only a user, or only a customer, has only those rows; ids that are null match nothing', async () => {
  await insert('calls', [call(), call({ customer_id: randomUUID(), user_id: person.user_id })]);
  await insert('payments', [payment({ customer_id: null })]);
  const { body } = await erase(newId(), { ...person, customer_id: null }).expect(200);
  expect(body).toMatchObject({ erased: [{ rows: 1 }], anonymised: [{ rows: 0 }, { rows: 0 }] });
  expect((await rowsOf('calls')).map(({ customer_id }) => customer_id)).toEqual([person.customer_id]);
  expect(await pages('interactions', { ...person, customer_id: null, user_id: null })).toEqual([[]]);
});

test('rows that no index finds are gone through, all of them, and nobody else’s', async () => {
  const theirs = { customer_id: randomUUID(), created_by: person.user_id };
  const calls = Array.from({ length: 4500 }, (_, n) => call(n % 2 ? theirs : { customer_id: randomUUID() }));
  await insert('calls', [...calls, call({ ...theirs, company_id: randomUUID() })]);
  const { body } = await erase(newId()).expect(200);
  expect(body.kept).toMatchObject([{ table: 'calls', rows: 2250 }]);

  const blanked: DataInventory = {
    service: 'interaction',
    tables: [{ ...byStaff, erasure: { anonymise: 'why', columns: { created_by: '' } } }],
  };
  const transact = <T>(work: (tx: Tx) => Promise<T>) => service.database.db.transaction(work);
  const report = await erasePerson(transact, blanked, { request_id: newId(), person });
  expect(report.anonymised[0]).toMatchObject({
    table: 'calls',
    rows: 2250,
    columns: ['notes', 'searched', 'created_by'],
  });
  const [left] = await service.database.owner('calls').where({ created_by: person.user_id }).count({ count: '*' });
  expect(left).toEqual({ count: 1 });
});

test('an erasure that is cut off between its parts goes on and counts right', async () => {
  await insert(
    'calls',
    Array.from({ length: 5_000 }, () => call()),
  );
  const request_id = newId();
  let parts = 0;
  // Before the commit, as when the connection is lost; or after it, as when nobody is there any more to be told.
  const once = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    parts += 1;
    const cut = () => {
      throw new Error('cut off');
    };
    const done = await service.database.db.transaction(async (tx) => {
      const result = await work(tx);
      return parts % 5 === 4 ? cut() : result;
    });
    return parts % 7 === 3 ? cut() : done;
  };
  let report;
  while (!report) report = await erasePerson(once, privacy, { request_id, person }).catch(() => undefined);
  expect(parts).toBeGreaterThan(7);
  expect(report).toMatchObject({ erased: [{ table: 'calls', rows: 5_000 }] });
  expect(await rowsOf('calls')).toEqual([]);

  await insert(
    'calls',
    Array.from({ length: 2001 }, () => call()),
  );
  const aborted = AbortSignal.abort();
  const tries: unknown[] = [];
  const again = newId();
  for (;;) {
    const done = await erasePerson(
      (work) => service.database.db.transaction(work),
      privacy,
      { request_id: again, person },
      aborted,
    ).catch((error: { error_code: string }) => error);
    tries.push('error_code' in done ? done.error_code : done.erased[0]?.rows);
    if (!('error_code' in done)) break;
  }
  expect(tries).toEqual([...Array.from({ length: 6 }, () => 'SERVICE_UNAVAILABLE'), 2001]);
});

test('only the customer service opens these doors, and only with what they take', async () => {
  const asked = { person, section: 'interactions' };
  const erasure = { request_id: newId(), person };
  for (const [path, body] of [
    ['/internal/privacy/export', asked],
    ['/internal/privacy/erasures', erasure],
  ] as const) {
    await service.user('admin', company).post(path, body).expect(403);
    for (const program of ['auth', 'interaction'] as const)
      await service.callingService(program).post(path, body).expect(403);
    for (const wrong of [
      {},
      { ...body, more: 1 },
      { ...body, person: { ...person, company_id: 'x' } },
      { ...body, person: { ...person, customer_number: '1' } },
      { ...body, person: { company_id: company.id } },
      { ...body, section: 'calls' },
      { ...body, request_id: 'x' },
    ])
      await customer().post(path, wrong).expect(422);
  }
  await insert('calls', [call()]);
  for (const after of [
    'x',
    '{}',
    '[9,null]',
    '[0,["a"]]',
    '[0,["a","b"]]',
    '[0,[{},1]]',
    '[0,null,1]',
    '[-1,null]',
    '[0,["\\u0000","b"]]',
  ])
    await customer()
      .post('/internal/privacy/export', { ...asked, after })
      .expect(422);
  expect(await rowsOf('calls')).toHaveLength(1);
  await erase(erasure.request_id).expect(200);
  await erase(erasure.request_id, { ...person, user_id: newId() }).expect(422);
});
