import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as plainTest } from 'vitest';
import { analyzeFile, type FileAnalysis } from '../analyze-file.ts';
import { readRecords } from '../read-records.ts';
import type { SourceRecord } from '../source-record.ts';

type Read = (
  content: string | Buffer,
  mapping?: Record<string, string | null>,
) => Promise<{ analysis: FileAnalysis; records: SourceRecord[] }>;

const test = plainTest.extend<{ read: Read }>({
  read: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'json-lines-'));
    await use(async (content, mapping) => {
      const path = join(folder, 'customers.jsonl');
      await writeFile(path, content);
      const analysis = await analyzeFile(path, mapping ? { mapping } : {});
      return { analysis, records: await Array.fromAsync(readRecords(path, analysis, { country: 'US' })) };
    });
    await rm(folder, { recursive: true });
  },
});

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** A customer as the export writes it. */
const exported = {
  id: '0190a6b4-7a3c-7def-8abc-0123456789ab',
  number: 17,
  business_id: '0190a6b4-7a3c-7def-8abc-0123456789ac',
  user_id: null,
  external_id: 'A-1',
  full_name: 'Mara Quill',
  firstname: 'Mara',
  lastname: 'Quill',
  email: 'mara@example.com',
  phone: '+14155550132;ext=5',
  gender: 'female',
  birthday: '1985-06-12',
  city_id: 7,
  document_type: 'cpf',
  document_number: '52998224725',
  address: { line: '=1+1', city: 'Oakland', state: null, zip_code: '01020', country: null },
  avatar_url: '/avatars/x',
  status: 'inactive',
  type: 'vip',
  is_active: false,
  preferences: { newsletter: true, notifications: false, language: 'pt-BR' },
  metadata: { emails: ['m@example.org'], nested: { a: [1, null] } },
  tags: ['Coffee, tea', 'b'],
  total_orders: 3,
  total_appointments: 0,
  total_complaints: 0,
  open_complaints: 0,
  last_order_date: '2026-01-01T00:00:00.000Z',
  last_appointment_date: null,
  last_complaint_date: null,
  lifetime_value: '12.50',
  currency: 'EUR',
  last_auth_at: '2026-01-01T00:00:00.000Z',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  version: 4,
};

test('reads a line of an export back unchanged, without its read-only fields, which are listed', async ({ read }) => {
  const { analysis, records } = await read(lines(exported));
  expect(records).toEqual([
    {
      row: 1,
      fields: {
        number: 17,
        external_id: 'A-1',
        full_name: 'Mara Quill',
        firstname: 'Mara',
        lastname: 'Quill',
        email: 'mara@example.com',
        phone: '+14155550132;ext=5',
        gender: 'female',
        birthday: '1985-06-12',
        city_id: 7,
        document_type: 'cpf',
        document_number: '52998224725',
        address: { line: '=1+1', city: 'Oakland', zip_code: '01020' },
        status: 'inactive',
        type: 'vip',
        preferences: exported.preferences,
        metadata: exported.metadata,
        tags: exported.tags,
        last_auth_at: exported.last_auth_at,
      },
      notes: [],
      remarks: [],
    },
  ]);
  expect(analysis).toMatchObject({ format: 'jsonl', encoding: 'utf-8', separator: null, rows: 1, warnings: [] });
  expect(analysis.left_behind.toSorted()).toEqual([
    'avatar_url',
    'business_id',
    'created_at',
    'currency',
    'id',
    'is_active',
    'last_order_date',
    'lifetime_value',
    'open_complaints',
    'total_appointments',
    'total_complaints',
    'total_orders',
    'updated_at',
    'version',
  ]);
});

test('rejects what JSON.parse would change silently, and what is no object, each with its line', async ({ read }) => {
  const { records, analysis } = await read(
    [
      '{"email":"a@example.com","email":"b@example.com"}',
      '{"email":"a@example.com","city_id":9007199254740993}',
      '{"email":"a@example.com","__proto__":{"x":1}}',
      `{"email":"a@example.com","metadata":{"a":${'['.repeat(41)}${']'.repeat(41)}}}`,
      '{"email":"a@example.com"',
      '',
      '  ',
      '["a@example.com"]',
      'email,phone',
      '{"external_id":"7"}',
      '{"email":"last@example.com"}',
    ].join('\r\n'),
  );
  expect(records.map(({ row, failure }) => [row, failure?.column, failure?.reason])).toEqual([
    [1, 'email', 'must not be repeated in one object'],
    [2, 'city_id', expect.stringContaining('larger integer') as string],
    [3, '__proto__', 'is not an allowed name'],
    [4, expect.stringContaining('metadata') as string, 'must not nest deeper than 40 levels'],
    [5, null, 'is not valid JSON'],
    [8, null, 'must be a JSON object'],
    [9, null, 'is not valid JSON'],
    [10, null, 'has no name, e-mail or phone by which a customer could be known'],
    [11, undefined, undefined],
  ]);
  expect(analysis.rows).toBe(9);
});

test('reads a byte order mark, other encodings and a last line without an end; bounds the length of a line', async ({
  read,
}) => {
  const marked = await read(`\ufeff${lines({ email: 'a@example.com' })}{"email":"b@example.com"}`);
  expect(marked.records.map(({ fields }) => fields)).toEqual([{ email: 'a@example.com' }, { email: 'b@example.com' }]);
  const unicode = Buffer.from(`\ufeff${lines({ full_name: 'Пётр' })}`, 'utf16le');
  expect((await read(unicode)).records[0]?.fields).toEqual({ full_name: 'Пётр' });
  const mixed = Buffer.concat([
    Buffer.from(lines(...Array.from({ length: 5 }, () => ({ full_name: 'Zoë Ménard' })))),
    Buffer.from('{"full_name":"Zo\xeb"}\n', 'latin1'),
  ]);
  expect((await read(mixed)).records.at(-1)?.failure?.reason).toBe('is not valid UTF-8');
  const long = await read(`${lines({ full_name: 'x'.repeat(1_100_000) })}${lines({ full_name: 'next' })}`);
  expect(long.records.map(({ row, failure, fields }) => [row, failure?.reason ?? fields['full_name']])).toEqual([
    [1, 'is larger than 1 MiB'],
    [2, 'next'],
  ]);
});

test('converts names of other programs like the columns of a table; what no field takes keeps its type in metadata', async ({
  read,
}) => {
  const { records, analysis } = await read(
    lines({
      first_name: 'Teo',
      last_name: 'Villar',
      email: 'teo@example.com',
      phone: 17755550154,
      external_id: 151,
      tags: 'retail, ag-exempt',
      note: 'Cattle ranch.',
      notes: ['one', { content: 'two' }],
      address: '1 Main St\nFloor 2',
      score: 4.5,
      flags: [true, { a: null }],
      empty: null,
      metadata: { own: 1 },
    }),
    { score: 'metadata' },
  );
  expect(records[0]).toEqual({
    row: 1,
    fields: {
      firstname: 'Teo',
      lastname: 'Villar',
      email: 'teo@example.com',
      phone: '17755550154',
      external_id: '151',
      tags: ['retail', 'ag-exempt'],
      address: { line: '1 Main St, Floor 2' },
      metadata: { score: 4.5, flags: [true, { a: null }], own: 1 },
    },
    notes: ['Cattle ranch.', 'one', 'two'],
    remarks: [],
  });
  expect(analysis.mapping).toMatchObject({ first_name: 'firstname', score: 'metadata', email: 'email' });
});

test('follows the mapping of the caller, for fields of the API too', async ({ read }) => {
  const { records, analysis } = await read(
    lines({ id: 7, full_name: 'Ann', email: 'ann@example.com', secret: 'x', geboren: '3.4.1981' }),
    { id: 'external_id', email: 'metadata', secret: null, geboren: 'birthday' },
  );
  expect(records[0]?.fields).toEqual({
    external_id: '7',
    full_name: 'Ann',
    birthday: '1981-04-03',
    metadata: { email: 'ann@example.com' },
  });
  expect(analysis.left_behind).toEqual(['secret']);
});

test('reads a JSON array as a whole file, however it is laid out', async ({ read }) => {
  const customers = [{ email: 'a@example.com', metadata: { text: '],[{"\\"' } }, { email: 'b@example.com' }];
  for (const content of [
    JSON.stringify(customers),
    JSON.stringify(customers, null, 2),
    `\ufeff\r\n ${JSON.stringify(customers, null, '\t')}\n`,
  ]) {
    const { analysis, records } = await read(content);
    expect(analysis).toMatchObject({ format: 'json', rows: 2 });
    expect(records.map(({ row, fields }) => [row, fields])).toEqual([
      [1, customers[0]],
      [2, customers[1]],
    ]);
  }
  const broken = await read(
    '[{"email":"a@example.com"},\n5,\n{"email":"b@example.com","email":"c@example.com"},\n{"email":"d@example.com"',
  );
  expect(broken.records.map(({ row, failure }) => [row, failure?.reason])).toEqual([
    [1, undefined],
    [2, 'must be a JSON object'],
    [3, 'must not be repeated in one object'],
    [4, 'is not valid JSON'],
  ]);
  expect((await read('[]')).records).toEqual([]);
});
