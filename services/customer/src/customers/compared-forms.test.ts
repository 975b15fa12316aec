import { randomUUID } from 'node:crypto';
import { databaseBefore, testDatabase, type OldDatabase } from '@clientela/testing';
import { normalizeDocumentNumber } from '@clientela/validation';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeDouble, findDoubles } from './doubles.ts';

const company_id = randomUUID();
const defaults = { company_id, full_name_built: false, preferences: '{}', search_text: '' };
const keys = ['number', 'email', 'email_key', 'phone_key', 'document_number', 'document_key'];

describe('the migration to compared forms', () => {
  let database: OldDatabase;
  beforeAll(async () => {
    database = await databaseBefore('customer', 'customer-0002_compared_forms.sql');
    const insert = async (number: number, values: object, row: object = {}) =>
      database.owner('customers').insert({ ...defaults, id: randomUUID(), number, full_name: 'A', ...values, ...row });
    // A newer row that was inserted first: the time decides who is older, not the place in the table.
    await insert(3, { document_type: 'nit', document_number: '860002964' }, { created_at: '2025-03-01' });
    await insert(1, { document_type: 'nit', document_number: '8600029644' }, { created_at: '2025-01-01' });
    await insert(2, { document_type: 'cnpj', document_number: '11222333/000181' }, { created_at: '2025-01-02' });
    await insert(4, { document_type: 'cnpj', document_number: '11222333000181' }, { created_at: '2025-03-02' });
    await insert(5, { email: 'Ada@Example.COM', phone: '+34600112233' });
    // Another company's and a deleted customer's values are no doubles.
    await insert(6, { document_type: 'nit', document_number: '860002964' }, { company_id: randomUUID() });
    await insert(7, { document_type: 'nit', document_number: '860002964' }, { deleted_at: '2025-04-01' });
    await insert(8, { document_type: 'passport', document_number: 'AB\u200b12\u20113' });
    await database.migrate();
  });
  afterAll(() => database.drop());

  test('keeps both of two records with one value: the older holds it, the other has an empty compared form', async () => {
    expect(await database.owner('customers').select(keys).orderBy('number')).toMatchObject([
      { number: 1, document_number: '8600029644', document_key: '860002964' },
      { number: 2, document_number: '11222333/000181', document_key: '11222333000181' },
      { number: 3, document_number: '860002964', document_key: null },
      { number: 4, document_number: '11222333000181', document_key: null },
      { number: 5, email: 'Ada@example.com', email_key: 'ada@example.com', phone_key: '34600112233' },
      { number: 6, document_key: '860002964' },
      { number: 7, document_key: '860002964' },
      { number: 8, document_key: 'AB123' },
    ]);
  });

  test('is followed by a doctor that lists them', async () => {
    expect((await findDoubles(database.owner)).map(describeDouble)).toEqual([
      `customer 3 of company ${company_id}: its document_number is that of customer 1 in another spelling; change one of them or delete one customer`,
      `customer 4 of company ${company_id}: its document_number is that of customer 2 in another spelling; change one of them or delete one customer`,
    ]);
  });

  test('lets the previous version of the service write, by the same rules', async () => {
    const { owner } = database;
    const change = (number: number, values: object) => owner('customers').where({ number }).update(values);
    // Another field of a double changes, then the field itself: a value that is taken, and a free one.
    await change(3, { full_name: 'B', document_number: '860002964' });
    expect(await owner('customers').where({ number: 3 }).first()).toMatchObject({ full_name: 'B', document_key: null });
    const taken = { code: '23505', constraint: 'customers_document_number_taken' };
    await expect(change(3, { document_number: '8600029644' })).rejects.toMatchObject(taken);
    await change(3, { document_number: '9003735115' });
    expect(await owner('customers').where({ number: 3 }).first()).toMatchObject({ document_key: '900373511' });
    expect(await findDoubles(owner)).toMatchObject([{ number: 4 }]);
    const row = { ...defaults, full_name: 'C', id: randomUUID() };
    await expect(owner('customers').insert({ ...row, email: 'ADA@example.com' })).rejects.toMatchObject({
      constraint: 'customers_email_taken',
    });
    await expect(owner('customers').insert({ ...row, phone: '34600112233' })).rejects.toMatchObject({
      constraint: 'customers_phone_taken',
    });
  });
});

test('the database removes every character from a compared document number that the service removes', async () => {
  const database = await testDatabase('customer');
  try {
    const ranges = [
      [1, 0xffff],
      [0x10d00, 0x10eff],
      [0x1bc00, 0x1bcff],
      [0x1d100, 0x1d1ff],
      [0xe0000, 0xe0fff],
    ] as const;
    const removed = ranges
      .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)))
      .filter((character) => normalizeDocumentNumber(`A${character}1`) === 'A1');
    expect(removed.length).toBeGreaterThan(4000);
    const { rows } = await database.db.raw(
      `select distinct compared_document('passport', 'A' || character || '1') as key from unnest(?::text[]) as character`,
      [removed],
    );
    expect(rows).toEqual([{ key: 'A1' }]);
  } finally {
    await database.drop();
  }
});
