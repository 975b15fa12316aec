import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceTest, someCases, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import type { Customer } from '../customers/schema.ts';
import { createTestImports, getErrors, runImport, type TestImports } from './testing/test-imports.ts';

const folder = join(import.meta.dirname, 'testing/samples');

/** What EXPECTED.json says of a row: only fields with a value, null for those that must stay empty. */
type ExpectedRow = Partial<Pick<Customer, 'full_name' | 'firstname' | 'lastname' | 'email' | 'phone'>> & {
  row: number | string;
  birthday?: string | null;
  gender?: string;
  address?: Record<string, string>;
  tags?: string[];
  external_id?: string;
  notes?: string;
  also?: { emails?: string[]; phones?: string[]; company?: string; cpf?: string; cnpj?: string; DNI?: string };
  duplicate_of_row?: number;
  warning?: string;
};
type ExpectedFile = {
  company_country: string;
  records: ExpectedRow[];
  rejected: { row: number; reason: string }[];
};
const expected = JSON.parse(readFileSync(join(folder, 'EXPECTED.json'), 'utf8')) as Record<string, ExpectedFile>;

const test = serviceTest(() => createTestImports({ pool: 4 }));

const rowOf = ({ row }: { row: number | string }): number => Number(String(row).replace('card ', ''));

/** Reads what an import made of each row, by the row from which a customer was created. */
async function customersByRow(service: TestImports, by: TestUser, import_id: string) {
  const rows: { customer_id: string; import_row: number }[] = await service.database
    .owner('customer_history')
    .select('customer_id', 'import_row')
    .where({ import_id });
  const customers = await Promise.all(
    rows.map(async ({ customer_id, import_row }) => {
      const { customer } = (await by.get(`/api/customers/${customer_id}`).expect(200)).body;
      const { notes } = (await by.get(`/api/customers/${customer_id}/notes`).expect(200)).body;
      return [import_row, { ...customer, notes: notes.map(({ content }: { content: string }) => content) }] as const;
    }),
  );
  return new Map(customers);
}

const sorted = (values: readonly string[] = []) => values.toSorted();
const withoutNulls = (address: object | null) =>
  Object.fromEntries(Object.entries(address ?? {}).filter(([, value]) => value !== null));

// All: samples.large.test.ts.
describe.each(someCases(Object.entries(expected), 4))('%s', (name, { company_country, records, rejected }) => {
  const bytes = readFileSync(join(folder, name));
  const persons = records.filter(({ duplicate_of_row }) => duplicate_of_row === undefined);
  const isEmptyRow = ({ reason }: { reason: string }) => reason.startsWith('empty row');

  test('has every row in every field', async ({ service }) => {
    const company = service.company({ country: company_country });
    const admin = service.user('admin', company);
    const done = await runImport(service, admin, bytes, { name });
    const errors = await getErrors(admin, done.id);
    expect(done, done.error ?? '').toMatchObject({ status: 'done', percent: 100, error: null });
    const duplicates = records.length - persons.length;
    const failing = rejected.filter((row) => !isEmptyRow(row)).length;
    expect(done).toMatchObject({ read: records.length + failing, created: persons.length, updated: 0 });
    expect(done.skipped + done.failed).toBe(duplicates + failing);

    const customers = await customersByRow(service, admin, done.id);
    expect([...customers.keys()].toSorted((a, b) => a - b)).toEqual(persons.map(rowOf).toSorted((a, b) => a - b));
    for (const listed of persons) {
      // A form of address before the name is right with and without it, as long as every row of the file agrees.
      const person = { ...listed, ...(listed.full_name && { full_name: listed.full_name.replace(/^Ms\. /, '') }) };
      const customer = customers.get(rowOf(person));
      const row = `row ${person.row}`;
      expect(customer?.email?.toLowerCase() ?? null, row).toBe(person.email?.toLowerCase() ?? null);
      for (const field of ['full_name', 'firstname', 'lastname', 'phone', 'birthday', 'gender', 'external_id'] as const)
        expect(customer?.[field] ?? null, `${row}, ${field}`).toBe(person[field] ?? null);
      expect(withoutNulls(customer?.address), `${row}, address`).toEqual(person.address ?? {});
      expect(sorted(customer?.tags), `${row}, tags`).toEqual(sorted(person.tags));
      expect(customer?.notes.join('\n'), `${row}, notes`).toBe(person.notes ?? '');
      const { emails = [], phones = [], ...others } = person.also ?? {};
      const text = JSON.stringify(customer);
      for (const value of [...emails, ...phones, ...Object.values(others)]) expect(text, row).toContain(value);
    }
    const lines = (row: { row: number | string }) => errors.filter((line) => line.startsWith(`${rowOf(row)},`));
    // A document number that became right with its lost zero needs no warning.
    const isMended = (row: ExpectedRow) => customers.get(rowOf(row))?.document_number === '01234567890';
    const warned = records.filter((row) => row.warning && !isMended(row));
    for (const row of [...rejected.filter((one) => !isEmptyRow(one)), ...warned])
      expect(lines(row).length, `row ${row.row}: ${JSON.stringify(errors)}`).toBeGreaterThan(0);
  });

  test('adds nothing when it is imported again, and reports the same without doing it in a dry run', async ({
    service,
  }) => {
    const company = service.company({ country: company_country });
    const admin = service.user('admin', company);
    const options = { name, fields: { on_match: 'update' } };
    const dry = await runImport(service, admin, bytes, { name, fields: { ...options.fields, dry_run: 'true' } });
    const first = await runImport(service, admin, bytes, options);
    const counts = ({ read, created, updated, skipped, failed, warnings }: typeof first) => [
      read,
      created,
      updated,
      skipped,
      failed,
      warnings,
    ];
    expect(counts(dry)).toEqual(counts(first));
    // A dry run gives no number to a customer that it would create.
    const lines = async (id: string) =>
      (await getErrors(admin, id)).map((line) => line.replace(/(number|that of row) \d+/, ''));
    expect(await lines(dry.id)).toEqual(await lines(first.id));
    const before = (await admin.get('/api/customers?per_page=100').expect(200)).body.customers;
    expect(before).toHaveLength(first.created);
    const again = await runImport(service, admin, bytes, options);
    expect(again).toMatchObject({ created: 0 });
    expect((await admin.get('/api/customers?per_page=100').expect(200)).body.customers).toHaveLength(before.length);
  });
});
