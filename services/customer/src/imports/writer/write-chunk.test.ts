import { randomUUID } from 'node:crypto';
import { someCases, testSecret, type Company, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createFingerprinter } from '../../tombstones/fingerprints.ts';
import { insertFingerprints } from '../../tombstones/store.ts';
import { importTest, recordsOf } from './testing/import-tests.ts';

const test = importTest();

const counts = ({
  created,
  updated,
  skipped,
  failed,
}: Record<'created' | 'updated' | 'skipped' | 'failed', number>) => [created, updated, skipped, failed];
const rowsOf = async (service: TestService, company: Company, table = 'customers') =>
  (await service.database
    .owner(table)
    .where({ company_id: company.id })
    .orderBy(table === 'customers' ? 'number' : 'id')) as Record<string, unknown>[];
const full = {
  number: 4711,
  user_id: '0190a000-0000-7000-8000-00000000000a',
  external_id: 'ERP-1',
  full_name: 'Dr. José Nuñez',
  firstname: 'José',
  lastname: "O'Núñez-Álvarez",
  email: 'José.X@Räucher.example',
  phone: '600 11 22 33 ext. 7',
  gender: 'Female',
  birthday: '1985-06-12',
  city_id: 12,
  document_type: 'NIT',
  document_number: '900.123.456-8',
  address: { line: 'Calle 1', city: 'Valencia' },
  preferences: { newsletter: true },
  metadata: { a: 1, b: [1.5, 'x'], c: { d: 'é' } },
  last_auth_at: '2026-01-31T12:00:00+02:00',
  status: 'INACTIVE',
  type: 'vip',
  tags: ['zeta', 'Émile', 'adam'],
};

describe('an imported customer', () => {
  test('has in each column what POST stores for the same values, with its counters, tags and place in the lists', async ({
    service,
    startImport,
  }) => {
    const stored = async (company: Company) => {
      const without = (row: Record<string, unknown>, ...names: string[]) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
      const [customer = {}] = await rowsOf(service, company);
      const [counters = {}] = (await service.database
        .owner('customer_counters')
        .where({ company_id: company.id })) as Record<string, unknown>[];
      const tags = (await service.database
        .owner('customer_tags')
        .where({ company_id: company.id })
        .orderBy('label')) as Record<string, unknown>[];
      const isCopied = [counters, ...tags].every((row) => row['customer_created_at'] === customer['created_at']);
      const times = ['created_at', 'updated_at', 'counters_updated_at', 'customer_created_at'];
      return {
        isCopied,
        customer: without(customer, 'company_id', 'id', ...times),
        counters: without(counters, 'company_id', 'customer_id', ...times),
        tags: tags.map((tag) => without(tag, 'company_id', 'id', 'customer_id', 'created_by', ...times)),
        counts: (await service.database.owner('customer_counts').where({ company_id: company.id })).map(
          ({ company_id: _company, slot: _slot, ...row }) => row,
        ),
      };
    };
    const samples = [
      full,
      { email: 'plain@example.com' },
      { firstname: 'Ana', phone: '12345', tags: ['one'] },
      { full_name: 'Наталья Ёлкина', document_type: 'cpf', document_number: '529.982.247-25', metadata: { n: null } },
    ];
    for (const body of samples) {
      const [posting, importing] = [service.company(), service.company()];
      await service
        .user('admin', posting)
        .post('/api/customers', { number: 1, ...body })
        .expect(201);
      const { context, writeRecords } = startImport();
      Object.assign(context, { actor: { ...context.actor, company_id: importing.id } });
      const result = await writeRecords(recordsOf({ number: 1, ...body }));
      expect(result).toMatchObject({ created: 1, failed: 0, problems: [] });
      expect(await stored(importing)).toEqual(await stored(posting));
      expect((await stored(importing)).isCopied).toBe(true);
    }
  });

  test('is in lists, searches, tags, analytics and counts as if it had been posted', async ({
    service,
    company,
    admin,
    startImport,
  }) => {
    await startImport().write(
      { firstname: 'Zenaida', lastname: 'Quiroga', email: 'zq@example.com', tags: ['Gold'] },
      { firstname: 'Otto', status: 'inactive' },
    );
    const list = async (query: string) =>
      ((await admin.get(`/api/customers?${query}`).expect(200)).body.customers as { full_name: string }[]).map(
        ({ full_name }) => full_name,
      );
    expect(await list('search=quirgoa')).toEqual(['Zenaida Quiroga']);
    expect(await list('search=zq@exam')).toEqual(['Zenaida Quiroga']);
    expect(await list('tag=gold')).toEqual(['Zenaida Quiroga']);
    expect(await list('status=inactive')).toEqual(['Otto']);
    expect((await admin.get('/api/customers/analytics').expect(200)).body).toMatchObject({ total_customers: 2 });
    const { rows } = await service.database.owner.raw(
      `select status, sum(customers)::int as counted, (select count(*)::int from customers c
         where c.company_id = t.company_id and c.status = t.status) as found
         from customer_counts t where company_id = ? group by company_id, status order by 1`,
      [company.id],
    );
    expect(rows).toEqual([
      { status: 'active', counted: 1, found: 1 },
      { status: 'inactive', counted: 1, found: 1 },
    ]);
  });
});

describe('a record that matches', () => {
  const ana = { email: 'Ana@Example.com', phone: '600 11 22 33', external_id: 'A-1', firstname: 'Ana' };

  const matches = [
    ['email', { email: 'ANA@example.com' }],
    ['phone', { phone: '+34 600-112-233' }],
    ['external_id', { external_id: 'A-1' }],
    ['phone', { full_name: 'No Key' }, { full_name: 'No Key' }],
    ['email', { email: 'José@example.com' }, { email: 'JOSÉ@example.com' }],
    ['phone', { phone: '+50110556645' }, { phone: '50110556645' }],
    ['email', { phone: '600112233' }],
    ['phone', { external_id: 'A-1', email: 'other@example.com' }],
    ['external_id', { email: 'ana@example.com', phone: '600999999' }],
    ['email', { full_name: 'No Key', birthday: '1990-01-01' }, { full_name: 'No Key', birthday: '1990-01-01' }],
  ] as const;

  test.for(someCases<(typeof matches)[number]>(matches, 4))(
    // all: write-chunk.large.test.ts
    'by %s with %j is one customer, in the database and in the chunk',
    async ([match_on, record, existing = ana], { startImport }) => {
      const { write } = startImport({ match_on });
      expect(counts(await write(existing, record))).toEqual([1, 0, 1, 0]);
      expect(counts(await write(record, existing))).toEqual([0, 0, 2, 0]);
    },
  );

  test('nobody is created, when its names are the same but an identifier or the birthday is not', async ({
    startImport,
  }) => {
    const { write } = startImport();
    const records = [
      { full_name: 'Same', birthday: '1990-01-01' },
      { full_name: 'Same', birthday: '1990-01-02' },
      { full_name: 'Same' },
      { firstname: 'Same' },
      { full_name: 'Same', email: 'same@example.com' },
      { full_name: 'Same', document_type: 'cedula', document_number: '77' },
    ];
    expect(counts(await write(...records))).toEqual([6, 0, 0, 0]);
    // A document number identifies nobody by itself, but it is taken.
    expect(counts(await write(...records))).toEqual([0, 0, 5, 1]);
  });

  test('only a deleted customer is created, and its number is not free', async ({
    admin,
    company,
    service,
    startImport,
  }) => {
    const { customer } = (await admin.post('/api/customers', { ...ana, number: 9 }).expect(201)).body;
    await admin.delete(`/api/customers/${customer.id}`).expect(200);
    const result = await startImport().write({ ...ana, number: 9 });
    expect(counts(result)).toEqual([1, 0, 0, 0]);
    expect(result.problems).toEqual([{ row: 2, column: 'number', reason: 'is taken; the next free number is used' }]);
    expect(await rowsOf(service, company)).toHaveLength(2);
  });
});

describe('a value that another customer has', () => {
  const takenValues = [
    ['email', { email: 'X@example.com' }, { email: 'x@Example.com' }],
    ['phone', { phone: '600112233' }, { phone: '+34 600 11 22 33' }],
    ['external_id', { external_id: 'A' }, { external_id: 'A' }],
    [
      'user_id',
      { user_id: '0190a000-0000-7000-8000-000000000001' },
      { user_id: '0190A000-0000-7000-8000-000000000001' },
    ],
    [
      'document_number',
      { document_type: 'nit', document_number: '900123456' },
      { document_type: 'rut', document_number: '900.123.456-8' },
    ],
  ] as const;

  test.for(someCases<(typeof takenValues)[number]>(takenValues, 2))(
    '%s fails the row and names the customer, in the database and in the chunk',
    async ([field, holds, wants], { admin, startImport }) => {
      const of = (values: object, key: string) => ({
        full_name: key,
        email: `${key}@example.com`,
        external_id: key,
        ...values,
      });
      const match_on = field === 'email' ? 'external_id' : 'email';
      const { write } = startImport({ match_on, columns: { [field]: 'The column' } });
      const result = await write(of(holds, 'first'), of(wants, 'second'));
      expect(counts(result)).toEqual([1, 0, 0, 1]);
      const { number } = (await admin.get(`/api/customers/${result.ids.created[0]}`).expect(200)).body.customer;
      const problem = { column: 'The column', reason: `belongs to another customer, number ${number}` };
      expect(result.problems).toEqual([{ row: 3, ...problem }]);
      expect((await write(of(wants, 'third'))).problems).toEqual([{ row: 2, ...problem }]);
    },
  );

  test('fails an update too, and names every such value', async ({ admin, startImport }) => {
    const { customer } = (
      await admin.post('/api/customers', { number: 3, phone: '600112233', external_id: 'T' }).expect(201)
    ).body;
    await admin.post('/api/customers', { email: 'me@example.com', firstname: 'Me' }).expect(201);
    const { write } = startImport({ on_match: 'update' });
    const result = await write({ email: 'me@example.com', phone: '600112233', external_id: 'T', lastname: 'New' });
    expect(counts(result)).toEqual([0, 0, 0, 1]);
    expect(result.problems).toEqual(
      ['phone', 'external_id'].map((column) => ({
        row: 2,
        column,
        reason: `belongs to another customer, number ${customer.number}`,
      })),
    );
  });

  test('is free for a later record once an update gave it up, also in a circle', async ({
    service,
    company,
    startImport,
  }) => {
    const { write } = startImport({ match_on: 'external_id', on_match: 'update' });
    await write({ external_id: '1', email: 'a@example.com' }, { external_id: '2', email: 'b@example.com' });
    const result = await write(
      { external_id: '1', email: 'c@example.com' },
      { external_id: '2', email: 'a@example.com' },
      { external_id: '1', email: 'b@example.com' },
      { external_id: '3', email: 'c@example.com' },
    );
    expect(counts(result)).toEqual([1, 3, 0, 0]);
    const customers = await rowsOf(service, company);
    expect(customers.map(({ email }) => email)).toEqual(['b@example.com', 'a@example.com', 'c@example.com']);
  });
});

test('a number below 10,000,000 is kept; a taken or higher one becomes the next free one, with a remark', async ({
  service,
  company,
  admin,
  startImport,
}) => {
  await admin.post('/api/customers', { number: 5, firstname: 'x' }).expect(201);
  const named = await startImport({ columns: { number: 'No.' } }).write(
    ...[9_999_999, 5, 9_999_999, 10_000_000, 0, 6].map((number) => ({
      firstname: `n${number}`,
      email: `${randomUUID()}@example.com`,
      number,
    })),
  );
  expect(counts(named)).toEqual([5, 0, 0, 1]);
  expect(named.problems.map(({ row, column, reason }) => [row, column, reason])).toEqual([
    [3, 'No.', 'is taken; the next free number is used'],
    [4, 'No.', 'is taken; the next free number is used'],
    [5, 'No.', 'is 10,000,000 or higher; the next free number is used'],
    [6, 'No.', 'must be a whole number from 1 to 9999999'],
  ]);
  const numbers = (await rowsOf(service, company)).map(({ number }) => Number(number));
  expect(numbers.filter((number) => number < 10_000_000)).toEqual([5, 6, 9_999_999]);
  expect(numbers.filter((number) => number >= 10_000_000)).toHaveLength(3);
});

describe('an update', () => {
  test('changes what PATCH would, in one version with one history entry, and clears nothing', async ({
    service,
    company,
    admin,
    startImport,
  }) => {
    const before = (
      await admin
        .post('/api/customers', {
          ...full,
          number: 12,
          full_name: undefined,
          tags: ['Gold', 'adam'],
          status: 'active',
        })
        .expect(201)
    ).body.customer;
    await admin.post(`/api/customers/${before.id}/notes`, { content: 'Known note' }).expect(201);
    const { context, write } = startImport({ on_match: 'update' });
    const result = await write({
      email: full.email.toUpperCase().replace('RÄUCHER.EXAMPLE', 'räucher.example'),
      firstname: 'Josefa',
      lastname: null,
      phone: '600 11 22 44',
      address: { city: 'Lugo', state: null },
      preferences: { language: 'es' },
      metadata: { a: 2, b: null, c: { e: 1 } },
      tags: ['GOLD', 'zebra'],
      status: 'suspended',
      number: 12,
      notes: ['Known note', 'New note'],
    });
    expect(counts(result)).toEqual([0, 1, 0, 0]);
    expect(result.ids).toEqual({ created: [], updated: [before.id] });
    expect(result.problems).toEqual([
      { row: 2, column: 'status', reason: 'is kept as it is: an import does not change it' },
    ]);
    const after = (await admin.get(`/api/customers/${before.id}`).expect(200)).body.customer;
    expect(after).toEqual({
      ...before,
      full_name: "Josefa O'Núñez-Álvarez",
      firstname: 'Josefa',
      phone: '+34600112244',
      address: { ...before.address, city: 'Lugo' },
      preferences: { newsletter: true, notifications: true, language: 'es' },
      metadata: { a: 2, b: [1.5, 'x'], c: { d: 'é', e: 1 } },
      tags: ['adam', 'Gold', 'zebra'],
      updated_at: after.updated_at,
      version: 2,
    });
    const [stored] = (await service.database.owner('customers').where({ id: before.id })) as [{ version: number }];
    expect(stored.version).toBe(2);
    const { history } = (await admin.get(`/api/customers/${before.id}/history`).expect(200)).body;
    expect(history).toHaveLength(3);
    expect(history[0]).toMatchObject({ action: 'customers.imported', actor_id: context.actor.id });
    const change = (field: string) => ({ field, from: before[field], to: after[field] });
    expect(new Map(history[0].changes.map((one: { field: string }) => [one.field, one]))).toEqual(
      new Map(
        ['full_name', 'firstname', 'phone', 'address', 'preferences', 'metadata', 'tags'].map((field) => [
          field,
          change(field),
        ]),
      ),
    );
    const [entry] = (await service.database
      .owner('customer_history')
      .where({ company_id: company.id, import_id: context.import_id })) as [
      { import_row: number; import_details: object },
    ];
    const tags = await service.database
      .owner('customer_tags')
      .where({ customer_id: before.id, label: 'zebra' })
      .pluck('id');
    const notes = await service.database
      .owner('customer_notes')
      .where({ customer_id: before.id, content: 'New note' })
      .pluck('id');
    expect([tags.length, notes.length]).toEqual([1, 1]);
    expect(entry.import_row).toBe(2);
    expect(entry.import_details).toEqual({ version: 2, tags, notes, before: { phone_typed: full.phone } });
    expect((await admin.get(`/api/customers/${before.id}/notes`).expect(200)).body.notes).toHaveLength(2);

    // The same record again changes nothing.
    const again = await write({
      firstname: 'Josefa',
      phone: '600112244',
      tags: ['zebra'],
      notes: ['New note'],
    });
    expect(counts(again)).toEqual([0, 0, 1, 0]);
    expect(await service.database.owner('customer_history').where({ customer_id: before.id })).toHaveLength(3);
  });

  test('that adds only a note leaves the version', async ({ service, admin, startImport }) => {
    const { customer } = (await admin.post('/api/customers', { email: 'n@example.com' }).expect(201)).body;
    const result = await startImport({ on_match: 'update' }).write({ email: 'n@example.com', notes: ['Hello'] });
    expect(counts(result)).toEqual([0, 1, 0, 0]);
    expect(await service.database.owner('customers').where({ id: customer.id }).pluck('version')).toEqual([1]);
  });

  test('of a row of the same file changes the customer that it created: one version, one history entry', async ({
    service,
    company,
    admin,
    startImport,
  }) => {
    const { context, write } = startImport({ on_match: 'update' });
    const result = await write(
      { email: 'tomas@example.com', firstname: 'Tomás', phone: '600112233', notes: ['One'] },
      { email: 'TOMAS@example.com', full_name: 'Tomás I. (office)', tags: ['Imported'], notes: ['One', 'Two'] },
      { email: 'tomas@example.com', firstname: 'Tomás' },
    );
    expect(counts(result)).toEqual([1, 1, 1, 0]);
    expect(result.ids.updated).toEqual([]);
    const { customer } = (await admin.get(`/api/customers/${result.ids.created[0]}`).expect(200)).body;
    expect(customer).toMatchObject({
      full_name: 'Tomás I. (office)',
      firstname: 'Tomás',
      phone: '+34600112233',
      tags: ['Imported'],
    });
    expect((await admin.get(`/api/customers/${customer.id}/notes`).expect(200)).body.notes).toHaveLength(2);
    expect(await service.database.owner('customers').where({ company_id: company.id }).pluck('version')).toEqual([1]);
    const entries = await service.database.owner('customer_history').where({ company_id: company.id });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ import_id: context.import_id, import_details: null, changes: [] });
  });

  test('needs neither a name nor a way to be reached in its record', async ({ admin, startImport }) => {
    await admin.post('/api/customers', { external_id: 'E', firstname: 'Eva' }).expect(201);
    const { write } = startImport({ match_on: 'external_id', on_match: 'update' });
    const result = await write({ external_id: 'E', city_id: 7 }, { external_id: 'F', city_id: 7 });
    expect(counts(result)).toEqual([0, 1, 0, 1]);
    expect(result.problems).toMatchObject([{ row: 3, column: 'full_name' }]);
    const { customer } = (await admin.get(`/api/customers/${result.ids.updated[0]}`).expect(200)).body;
    expect(customer).toMatchObject({ full_name: 'Eva', city_id: 7 });
  });

  test('cannot move a customer to another user, and keeps its metadata and tags within their limits', async ({
    admin,
    startImport,
  }) => {
    const tags = Array.from({ length: 999 }, (_, index) => `t${index}`);
    await admin
      .post('/api/customers', {
        email: 'u@example.com',
        user_id: randomUUID(),
        tags,
        metadata: { a: 'x'.repeat(60_000) },
      })
      .expect(201);
    const result = await startImport({ on_match: 'update' }).write({
      email: 'u@example.com',
      user_id: randomUUID(),
      tags: ['new', 'newer'],
      metadata: { b: 'x'.repeat(10_000) },
    });
    expect(counts(result)).toEqual([0, 0, 0, 1]);
    expect(result.problems.map(({ column }) => column)).toEqual(['user_id', 'metadata', 'tags']);
  });
});

test('an invalid record fails with all reasons by column, and the others are written', async ({ startImport }) => {
  const { context, writeRecords } = startImport({ columns: { email: 'E-mail Address', 'address.city': 'Town' } });
  const [first, second, third, fourth, fifth] = recordsOf(
    { email: 'none', birthday: '1990-02-30', address: { city: 'x'.repeat(300) }, unknown: 1 },
    { firstname: 'Fine', email: 'fine@example.com' },
    { firstname: 'Note', notes: ['x'.repeat(501)] },
    { firstname: 'Doc', business_id: randomUUID() },
    {},
  ) as [never, never, never, never, never];
  const failed = {
    row: 7,
    fields: {},
    notes: [],
    remarks: [],
    failure: { column: null, reason: 'has too many cells' },
  };
  const remark = { column: 'Birthday', reason: 'has no year' };
  const result = await writeRecords([
    first,
    Object.assign(second, { remarks: [remark] }),
    third,
    fourth,
    fifth,
    failed,
  ]);
  expect(counts(result)).toEqual([1, 0, 0, 5]);
  expect(result.problems.map(({ row, column }) => [row, column])).toEqual([
    [2, 'E-mail Address'],
    [2, 'birthday'],
    [2, 'Town'],
    [2, 'unknown'],
    [3, 'Birthday'],
    [4, 'notes'],
    [5, 'business_id'],
    [6, 'full_name'],
    [7, null],
  ]);
  expect(result.problems.find(({ row }) => row === 3)).toEqual({ row: 3, ...remark });
  expect(result.problems.at(-1)).toEqual({ row: 7, column: null, reason: 'has too many cells' });
  expect(context.columns).toBeDefined();
});

describe('erased people', () => {
  test('are not brought back by any of their values; the row says which', async ({ service, company, startImport }) => {
    const erased = {
      email: 'Gone@example.com',
      phone: '+34600112233',
      document_type: 'nit',
      document_number: '9001234568',
      external_id: 'G',
    };
    const fingerprints = createFingerprinter(testSecret)(company.id, { ...erased, document_number: '9001234568' }).map(
      ({ fingerprint }) => fingerprint,
    );
    await service.database.db.transaction((tx) => insertFingerprints(tx, company.id, fingerprints));
    const result = await startImport().write(
      { email: 'GONE@example.com', firstname: 'a' },
      { phone: '600 11 22 33', firstname: 'b' },
      { document_type: 'rut', document_number: '900123456', firstname: 'c' },
      { external_id: 'G', email: 'new@example.com' },
      { email: 'gone@example.com', firstname: 'again' },
      { email: 'other@example.com' },
    );
    expect(counts(result)).toEqual([1, 0, 0, 5]);
    const reason = 'belonged to an erased customer';
    expect(result.problems).toEqual([
      { row: 2, column: 'email', reason },
      { row: 3, column: 'phone', reason },
      { row: 4, column: 'document_number', reason },
      { row: 5, column: 'external_id', reason },
      { row: 6, column: 'email', reason },
    ]);
  });

  test('do not come back as a new value of another customer', async ({ service, company, admin, startImport }) => {
    const { body } = await admin.post('/api/customers', { external_id: 'X', email: 'kept@example.com' }).expect(201);
    const email = 'gone@example.com';
    const [found] = createFingerprinter(testSecret)(company.id, { email });
    await service.database.db.transaction((tx) => insertFingerprints(tx, company.id, [found!.fingerprint]));
    const { write } = startImport({ match_on: 'external_id', on_match: 'update' });
    expect((await write({ external_id: 'X', email })).problems).toEqual([
      { row: 2, column: 'email', reason: 'belonged to an erased customer' },
    ]);
    const { customer } = (await admin.get(`/api/customers/${body.customer.id}`).expect(200)).body;
    expect(customer.email).toBe('kept@example.com');
  });

  test('are not brought back by their user', async ({ service, company, startImport }) => {
    const user_id = randomUUID();
    await service.database.owner('erased_users').insert({ company_id: company.id, user_id });
    const result = await startImport().write({ user_id, email: 'u@example.com' });
    expect(result.problems).toEqual([{ row: 2, column: 'user_id', reason: 'belonged to an erased customer' }]);
  });
});

test('a chunk publishes one event with the ids and writes one history entry for each customer', async ({
  service,
  company,
  startImport,
}) => {
  const { context, write } = startImport({ on_match: 'update' });
  const first = await write({ email: 'a@example.com' }, { email: 'b@example.com', tags: ['x'], notes: ['n'] });
  const second = await write(
    { email: 'c@example.com' },
    { email: 'a@example.com', firstname: 'A' },
    { email: 'b@example.com' },
    {},
  );
  const events = (await service.events()).filter((event) => event.company_id === company.id);
  const { import_id } = context;
  expect(events.map(({ name, sequence, data }) => ({ name, sequence, data }))).toEqual([
    {
      name: 'customers.imported',
      sequence: 3,
      data: { import_id, created: first.ids.created, updated: [], skipped: 0, failed: 0 },
    },
    {
      name: 'customers.imported',
      sequence: 5,
      data: { import_id, created: second.ids.created, updated: [first.ids.created[0]], skipped: 1, failed: 1 },
    },
  ]);
  const entries = await rowsOf(service, company, 'customer_history');
  expect(entries.map((entry) => [entry['customer_id'], entry['action'], entry['import_details'] === null])).toEqual([
    [first.ids.created[0], 'customers.imported', true],
    [first.ids.created[1], 'customers.imported', true],
    [second.ids.created[0], 'customers.imported', true],
    [first.ids.created[0], 'customers.imported', false],
  ]);
});
