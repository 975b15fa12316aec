import { randomUUID } from 'node:crypto';
import type { Person } from '@clientela/contracts';
import { newId, type Tx } from '@clientela/db';
import { createService } from '@clientela/http';
import { runInterrupted, testService, type Company, type TestService } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { erasePerson, privacyRoutes, type DataInventory } from './index.ts';

// A sample service: calls are deleted, payments anonymised, and ids of staff kept.
const started: string[] = [];
const byStaff = {
  table: 'calls',
  person: { company_id: 'company_id', created_by: 'user_id' },
  notExported: 'about another person',
  scanByKey: true,
} as const;
const inventory: DataInventory = {
  service: 'interaction',
  tables: [
    {
      table: 'calls',
      person: [
        { company_id: 'company_id', customer_id: 'customer_id' },
        { company_id: 'company_id', user_id: 'user_id' },
      ],
      section: 'interactions',
      alsoExported: ['id', 'created_at'],
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
  resolvePerson: async (_db, person) => ({ ...person, customer_number: null }),
  onStart: async (tx, { customer_id }, request_id) => {
    started.push(`${request_id} ${customer_id}`);
    await tx('payments').select('id').limit(1);
  },
};

const test = base
  .extend('service', { scope: 'file' }, async ({}, { onCleanup }) => {
    const service = await testService('interaction', (parts) =>
      createService({ ...parts, service: 'interaction', version: '1', routes: privacyRoutes(inventory) }),
    );
    onCleanup(() => service.close());
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
    return service;
  })
  .extend('company', ({ service }) => service.company())
  .extend('person', ({ company }) => ({
    company_id: company.id,
    customer_id: newId(),
    customer_number: 10_000_000,
    user_id: newId(),
  }));

const newCall = (company: Company, person: Person, values: object = {}) => ({
  company_id: company.id,
  id: newId(),
  customer_id: person.customer_id,
  created_by: 'staff',
  notes: 'called',
  searched: 'called',
  ...values,
});
const newPayment = (company: Company, person: Person, values: object = {}) => ({
  company_id: company.id,
  id: newId(),
  customer_id: person.customer_id,
  amount: '10.00',
  words: 'for Ada',
  more: JSON.stringify({ by: 'Ada' }),
  labels: ['Ada'],
  ...values,
});
const insert = (service: TestService, table: string, rows: object[]) =>
  service.database.owner.batchInsert(table, rows, 500);
const rowsOf = (service: TestService, company: Company, table: string) =>
  service.database.owner(table).where({ company_id: company.id }).orderBy('id');
const customer = (service: TestService) => service.callingService('customer');
const erase = (service: TestService, person: Person, request_id: string, subject = person) =>
  customer(service).post('/internal/privacy/erasures', { request_id, person: subject });
/** The report line of the stored responses. */
const storedResponses = (rows: number) => ({
  table: 'idempotency_keys',
  rows,
  columns: ['fingerprint', 'status', 'headers', 'response', 'subject_ids'],
  why: expect.any(String),
});
const exportPages = async (service: TestService, person: Person, section: string, subject = person) => {
  const pages: object[][] = [];
  for (let after: string | null | undefined; after !== null;) {
    const request = { person: subject, section, ...(after && { after }) };
    const { body } = await customer(service).post('/internal/privacy/export', request).expect(200);
    pages.push(body.rows);
    after = body.next;
  }
  return pages;
};

test('exports each row of a person once, page by page, without technical columns', async ({
  service,
  company,
  person,
}) => {
  const other = randomUUID();
  const many = Array.from({ length: 2150 }, (_, n) =>
    newCall(company, person, { notes: `n${n}`, ...(n % 2 && { customer_id: other, user_id: person.user_id }) }),
  );
  await insert(service, 'calls', many);
  await insert(service, 'calls', [
    newCall(company, person, { customer_id: other }),
    newCall(company, person, { company_id: randomUUID() }),
  ]);
  const found = await exportPages(service, person, 'interactions');
  expect(found.map((rows) => rows.length)).toEqual([1000, 1000, 150]);
  expect(found.flat()).toEqual(many.map(({ id, notes }) => ({ id, notes, created_at: expect.any(String) })));
  expect(Object.keys(found[0]?.[0] ?? {})).toEqual(['id', 'notes', 'created_at']);
  expect(await exportPages(service, person, 'transactions')).toEqual([[]]);
});

test('ends a page early when its rows are long', async ({ service, company, person }) => {
  await insert(
    service,
    'calls',
    Array.from({ length: 401 }, () => newCall(company, person, { notes: 'x'.repeat(25_000) })),
  );
  expect((await exportPages(service, person, 'interactions')).map((rows) => rows.length)).toEqual([200, 200, 1]);
});

test('an erasure deletes, anonymises and keeps by policy; a repeat returns the same report', async ({
  service,
  company,
  person,
}) => {
  const [stays, elsewhere] = [randomUUID(), randomUUID()];
  await insert(service, 'calls', [
    newCall(company, person),
    newCall(company, person, { customer_id: stays, user_id: person.user_id }),
    newCall(company, person, { customer_id: stays }),
  ]);
  await insert(service, 'calls', [
    newCall(company, person, { customer_id: stays, created_by: person.user_id }),
    newCall(company, person, { company_id: elsewhere }),
  ]);
  await insert(service, 'payments', [
    newPayment(company, person),
    newPayment(company, person, { customer_id: stays }),
    newPayment(company, person, { company_id: elsewhere }),
  ]);
  const before = await rowsOf(service, company, 'payments');

  const request_id = newId();
  const { body: report } = await erase(service, person, request_id).expect(200);
  expect(report).toEqual({
    service: 'interaction',
    done_at: expect.any(String),
    erased: [{ table: 'calls', rows: 2, columns: ['notes', 'searched'] }],
    anonymised: [
      { table: 'payments', rows: 1, columns: ['words', 'more', 'labels', 'customer_id'], why: 'the books are kept' },
      storedResponses(0),
    ],
    kept: [{ table: 'calls', rows: 1, columns: ['created_by'], why: 'an id alone' }],
  });
  expect((await rowsOf(service, company, 'calls')).map(({ customer_id }) => customer_id)).toEqual([stays, stays]);
  const [ownPayment, otherPayment] = await rowsOf(service, company, 'payments');
  expect(otherPayment).toEqual(before[1]);
  expect(ownPayment).toMatchObject({ customer_id: null, amount: '10.00', words: '', more: {}, labels: [], version: 2 });
  expect(ownPayment.updated_at > before[0].updated_at).toBe(true);
  expect(await service.database.owner('calls').where({ company_id: elsewhere })).toHaveLength(1);

  await insert(service, 'calls', [newCall(company, person)]);
  expect((await erase(service, person, request_id).expect(200)).body).toEqual(report);
  expect(await rowsOf(service, company, 'calls')).toHaveLength(3);
  expect(started.filter((entry) => entry.startsWith(request_id))).toEqual([`${request_id} ${person.customer_id}`]);
  expect((await erase(service, person, newId()).expect(200)).body).toMatchObject({
    erased: [{ rows: 1 }],
    anonymised: [{ rows: 0 }, { rows: 0 }],
  });
});

test('null ids match no rows in an export or erasure', async ({ service, company, person }) => {
  await insert(service, 'calls', [
    newCall(company, person),
    newCall(company, person, { customer_id: randomUUID(), user_id: person.user_id }),
  ]);
  await insert(service, 'payments', [newPayment(company, person, { customer_id: null })]);
  const { body } = await erase(service, person, newId(), { ...person, customer_id: null }).expect(200);
  expect(body).toMatchObject({ erased: [{ rows: 1 }], anonymised: [{ rows: 0 }, { rows: 0 }] });
  expect((await rowsOf(service, company, 'calls')).map(({ customer_id }) => customer_id)).toEqual([person.customer_id]);
  expect(await exportPages(service, person, 'interactions', { ...person, customer_id: null, user_id: null })).toEqual([
    [],
  ]);
});

test('scanByKey reaches every row of the person and no other', async ({ service, company, person }) => {
  const ofPerson = { customer_id: randomUUID(), created_by: person.user_id };
  const calls = Array.from({ length: 4500 }, (_, n) =>
    newCall(company, person, n % 2 ? ofPerson : { customer_id: randomUUID() }),
  );
  await insert(service, 'calls', [...calls, newCall(company, person, { ...ofPerson, company_id: randomUUID() })]);
  const { body } = await erase(service, person, newId()).expect(200);
  expect(body.kept).toMatchObject([{ table: 'calls', rows: 2250 }]);

  const anonymising: DataInventory = {
    service: 'interaction',
    tables: [{ ...byStaff, erasure: { anonymise: 'why', columns: { created_by: '' } } }],
  };
  const inTransaction = <T>(work: (tx: Tx) => Promise<T>) => service.database.db.transaction(work);
  const report = await erasePerson(inTransaction, anonymising, { request_id: newId(), person });
  expect(report.anonymised[0]).toMatchObject({
    table: 'calls',
    rows: 2250,
    columns: ['notes', 'searched', 'created_by'],
  });
  const [left] = await service.database.owner('calls').where({ created_by: person.user_id }).count({ count: '*' });
  expect(left).toEqual({ count: 1 });
});

test('an interrupted erasure resumes and counts each row once', async ({ service, company, person }) => {
  await insert(
    service,
    'calls',
    Array.from({ length: 5_000 }, () => newCall(company, person)),
  );
  const request_id = newId();
  let transactions = 0;
  // Fails before the commit (connection lost) or after it (process killed).
  const inTransaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    transactions += 1;
    const fail = () => {
      throw new Error('interrupted');
    };
    const done = await service.database.db.transaction(async (tx) => {
      const result = await work(tx);
      return transactions % 5 === 4 ? fail() : result;
    });
    return transactions % 7 === 3 ? fail() : done;
  };
  let report;
  while (!report) report = await erasePerson(inTransaction, inventory, { request_id, person }).catch(() => undefined);
  expect(transactions).toBeGreaterThan(7);
  expect(report).toMatchObject({ erased: [{ table: 'calls', rows: 5_000 }] });
  expect(await rowsOf(service, company, 'calls')).toEqual([]);

  await insert(
    service,
    'calls',
    Array.from({ length: 2001 }, () => newCall(company, person)),
  );
  const aborted = AbortSignal.abort();
  const outcomes: unknown[] = [];
  const request = newId();
  for (;;) {
    const done = await erasePerson(
      (work) => service.database.db.transaction(work),
      inventory,
      { request_id: request, person },
      aborted,
    ).catch((error: { error_code: string }) => error);
    outcomes.push('error_code' in done ? done.error_code : done.erased[0]?.rows);
    if (!('error_code' in done)) break;
  }
  expect(outcomes).toEqual([...Array.from({ length: 6 }, () => 'SERVICE_UNAVAILABLE'), 2001]);
});

/** `inventory`, but calls are deleted in the first transaction, which also keeps a tombstone. */
const tombstone = { table: 'tombstones', rows: 1, columns: ['id'], why: 'late requests' };
const atStart: DataInventory = {
  ...inventory,
  tables: inventory.tables.map((table) => (table.erasure === 'delete' ? { ...table, atStart: true } : table)),
  onStart: async (...args) => {
    await inventory.onStart?.(...args);
    return [tombstone];
  },
};

test.for([
  ['in batches', inventory, 3 + 3 + 1 + 1 + 2],
  ['in the first transaction', atStart, 1 + 3 + 1 + 1 + 1],
] as const)(
  'interrupted at every transaction, deleting %s, an erasure counts each row once',
  async ([_title, policies, steps], { service, company, person }) => {
    const byPerson = newCall(company, person, { customer_id: randomUUID(), created_by: person.user_id });
    await insert(service, 'calls', [...Array.from({ length: 4001 }, () => newCall(company, person)), byPerson]);
    await insert(
      service,
      'payments',
      Array.from({ length: 4001 }, () => newPayment(company, person)),
    );
    const request_id = newId();
    const { result, interruptions } = await runInterrupted(service.database.db, (inTransaction) =>
      erasePerson(inTransaction, policies, { request_id, person }),
    );
    expect(interruptions).toBe(2 * steps - 1); // the last, which has a result, only once
    expect(result.erased).toMatchObject([{ table: 'calls', rows: 4001 }]);
    expect(result.anonymised).toMatchObject([{ table: 'payments', rows: 4001 }, { rows: 0 }]);
    expect(result.kept).toEqual([
      { table: 'calls', rows: 1, columns: ['created_by'], why: 'an id alone' },
      ...(policies === atStart ? [tombstone] : []),
    ]);
    expect((await rowsOf(service, company, 'calls')).map(({ id }) => id)).toEqual([byPerson.id]);
    expect((await rowsOf(service, company, 'payments')).filter(({ customer_id }) => customer_id !== null)).toEqual([]);
  },
);

test('the first transaction writes the tombstones and erases the tables with atStart, and no others', async ({
  service,
  company,
  person,
}) => {
  await insert(service, 'calls', [newCall(company, person), newCall(company, person)]);
  await insert(service, 'payments', [newPayment(company, person)]);
  const request_id = newId();
  const inTransaction = <T>(work: (tx: Tx) => Promise<T>) => service.database.db.transaction(work);
  const start = erasePerson(inTransaction, atStart, { request_id, person }, AbortSignal.abort());
  await expect(start).rejects.toMatchObject({ error_code: 'SERVICE_UNAVAILABLE' });
  expect(started.filter((entry) => entry.startsWith(request_id))).toEqual([`${request_id} ${person.customer_id}`]);
  expect(await rowsOf(service, company, 'calls')).toEqual([]);
  expect(await rowsOf(service, company, 'payments')).toMatchObject([{ customer_id: person.customer_id }]);

  await insert(service, 'calls', [newCall(company, person)]); // a finished step is not repeated
  const report = await erasePerson(inTransaction, atStart, { request_id, person });
  expect(report).toMatchObject({ erased: [{ rows: 2 }], anonymised: [{ rows: 1 }, { rows: 0 }], kept: [tombstone] });
});

test('only the customer service may call, and invalid bodies are rejected', async ({ service, company, person }) => {
  const exportRequest = { person, section: 'interactions' };
  const erasure = { request_id: newId(), person };
  for (const [path, body] of [
    ['/internal/privacy/export', exportRequest],
    ['/internal/privacy/erasures', erasure],
  ] as const) {
    await service.user('admin', company).post(path, body).expect(403);
    for (const caller of ['auth', 'interaction'] as const)
      await service.callingService(caller).post(path, body).expect(403);
    for (const invalid of [
      {},
      { ...body, more: 1 },
      { ...body, person: { ...person, company_id: 'x' } },
      { ...body, person: { ...person, customer_number: '1' } },
      { ...body, person: { company_id: company.id } },
      { ...body, section: 'calls' },
      { ...body, request_id: 'x' },
    ])
      await customer(service).post(path, invalid).expect(422);
  }
  await insert(service, 'calls', [newCall(company, person)]);
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
    await customer(service)
      .post('/internal/privacy/export', { ...exportRequest, after })
      .expect(422);
  expect(await rowsOf(service, company, 'calls')).toHaveLength(1);
  await erase(service, person, erasure.request_id).expect(200);
  await erase(service, person, erasure.request_id, { ...person, user_id: newId() }).expect(422);
});
