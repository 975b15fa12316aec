import { randomUUID } from 'node:crypto';
import { databaseBefore, type OldDatabase } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findDoubles } from './doubles.ts';

let database: OldDatabase;
const company = (number: number, values: object) => ({
  id: randomUUID(),
  number,
  company_id: `COMP-00${number}`,
  company_key: `COMP-00${number}`,
  name: 'A',
  country: 'CO',
  currency: 'COP',
  created_at: `2025-01-0${number}`,
  ...values,
});
beforeAll(async () => {
  database = await databaseBefore('auth', 'auth-0002_compared_forms.sql');
  await database
    .owner('companies')
    .insert([
      company(2, { document_type: 'nit', document_number: '860002964' }),
      company(1, { document_type: 'nit', document_number: '8600029644' }),
      company(3, { document_number: '11222333/000181' }),
      company(4, {}),
    ]);
  const { id: company_id } = await database.owner('companies').where({ number: 1 }).first();
  const user = { company_id, first_name: 'A', role: 'admin', password_hash: '' };
  await database.owner('users').insert([
    { ...user, id: randomUUID(), username: 'ada', email: 'Ada@Example.COM' },
    { ...user, id: randomUUID(), username: 'bob', email: 'bob@example.com' },
  ]);
  await database.migrate();
});
afterAll(() => database.drop());

test('the migration to compared forms keeps two companies with one document number; the doctor lists the newer one', async () => {
  expect(
    await database.owner('companies').select('number', 'document_number', 'document_key').orderBy('number'),
  ).toEqual([
    { number: 1, document_number: '8600029644', document_key: '860002964' },
    { number: 2, document_number: '860002964', document_key: null },
    { number: 3, document_number: '11222333/000181', document_key: '11222333/000181' },
    { number: 4, document_number: null, document_key: null },
  ]);
  expect(await database.owner('users').select('email', 'email_key').orderBy('email')).toEqual([
    { email: 'Ada@example.com', email_key: 'ada@example.com' },
    { email: 'bob@example.com', email_key: 'bob@example.com' },
  ]);
  expect(await findDoubles(database.owner)).toEqual([
    'company COMP-002: its document_number is that of company COMP-001 in another spelling; change one of them',
  ]);
});

test('the previous version of the service writes by the same rules', async () => {
  const { owner } = database;
  const change = (number: number, values: object) => owner('companies').where({ number }).update(values);
  const taken = { code: '23505', constraint: 'companies_document_number_taken' };
  await change(2, { name: 'B', document_number: '860002964' });
  await expect(change(3, { document_type: 'nit', document_number: '8600029644' })).rejects.toMatchObject(taken);
  await change(3, { document_type: 'cnpj' });
  expect(await owner('companies').where({ number: 3 }).first()).toMatchObject({ document_key: '11222333000181' });
  await change(1, { document_number: null });
  await change(2, { document_number: '8600029644' });
  expect(await findDoubles(owner)).toEqual([]);
  const update = owner('users').where({ username: 'bob' }).update({ email: 'ADA@example.com' });
  await expect(update).rejects.toMatchObject({ constraint: 'users_email_taken' });
});
