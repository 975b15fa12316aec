import { someCases, someRuns } from '@clientela/testing';
import { visibleCharacter } from '@clientela/validation';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { columns as exportColumns } from '../../exports/columns.ts';
import { findRoles } from './roles.ts';
import { readBytes } from '../testing/table-files.ts';

const fieldsOf = async (...args: Parameters<typeof readBytes>) =>
  (await readBytes(...args)).records.map(({ fields }) => fields);

describe('encodings', () => {
  const russian = 'Имя;Телефон\nПётр;+7 999 000-12-35\n';
  const spanish = 'Nombre;Correo electrónico\nNúria Solé;nuria@sole.example\n';
  const romanian = 'Nume;Prenume;Localitate\nŞtefănescu;Ioana;Iaşi\n';
  test.each<[string, string, string]>([
    ['utf-8', russian, 'utf-8'],
    ['utf-16le', russian, 'utf-16le'],
    ['utf-16be', spanish, 'utf-16be'],
    ['windows-1251', russian, 'windows-1251'],
    ['windows-1252', spanish, 'windows-1252'],
    ['windows-1250', romanian, 'windows-1250'],
  ])('detects %s, with a byte order mark and without', async (encoding, text, detected) => {
    const expected = await fieldsOf(text);
    const plain = await readBytes(iconv.encode(text, encoding));
    expect(plain.analysis.encoding).toBe(detected);
    expect(plain.records.map(({ fields }) => fields)).toEqual(expected);
    if (encoding.startsWith('utf'))
      expect(await fieldsOf(iconv.encode(text, encoding, { addBOM: true }))).toEqual(expected);
  });

  test('a choice of the caller wins', async () => {
    const bytes = iconv.encode(spanish, 'windows-1252');
    expect((await readBytes(bytes, { encoding: 'CP-1251' })).analysis.encoding).toBe('windows-1251');
  });

  test('a row of other bytes in a file of UTF-8 is a failure; its neighbours are not', async () => {
    const rows = Array.from({ length: 20 }, (_, index) => `Zoë ${index},z${index}@example.com\n`);
    const bytes = Buffer.concat([
      Buffer.from(`Name,Email\n${rows.join('')}`),
      iconv.encode('Jürgen,j@example.com\n', 'windows-1252'),
      Buffer.from('Ana,ana@example.com\n'),
    ]);
    const { analysis, records } = await readBytes(bytes);
    expect(analysis.encoding).toBe('utf-8');
    expect(records.filter(({ failure }) => failure).map(({ row }) => row)).toEqual([22]);
    expect(records.at(-1)?.fields).toEqual({ full_name: 'Ana', email: 'ana@example.com' });
  });
});

describe('separators, header and rows', () => {
  test.each([
    ['comma', 'Name,Email\nAda,a@example.com'],
    ['semicolon', 'Name;Email\nAda;a@example.com'],
    ['tab', 'Name\tEmail\nAda\ta@example.com'],
    ['a separator line', 'sep=|\r\nName|Email\r\nAda|a@example.com'],
    ['carriage returns alone', 'Name,Email\rAda,a@example.com\r'],
    ['doubled carriage returns', 'Name,Email\r\r\nAda,a@example.com\r\r\n'],
    ['blanks before quotes', 'Name, "Email"\nAda, "a@example.com"'],
    ['short and long rows', 'Name,Email,City,Note\nAda,a@example.com,,,,\n'],
  ])('reads a file with %s', async (_, text) => {
    const { records } = await readBytes(text);
    expect(records).toMatchObject([{ row: 2, fields: { full_name: 'Ada', email: 'a@example.com' } }]);
  });

  test('counts rows as a spreadsheet: titles, empty rows and records of several lines are one each', async () => {
    const text = 'Customers;;\n;;\nName;Note;Email\n"Ada";"first\r\nsecond";a@example.com\n;;\n\nBo;;b@example.com\n';
    const { analysis, records } = await readBytes(text);
    expect(analysis).toMatchObject({ separator: ';', header_row: 3, rows: 2 });
    expect(records.map(({ row }) => row)).toEqual([4, 7]);
    expect(records[0]?.notes).toEqual(['first\nsecond']);
  });

  test('a name twice is two columns; one without a name has the letter of the spreadsheet', async () => {
    const { analysis, records } = await readBytes('Name,Size,Size,,Email\nAda,1,2,3,a@example.com\n');
    expect(analysis.mapping).toMatchObject({ Size: 'metadata', 'Size (2)': 'metadata', 'Column D': 'metadata' });
    expect(records[0]?.fields).toMatchObject({ metadata: { Size: '1', 'Size (2)': '2', 'Column D': '3' } });
  });

  test('the mapping of the caller wins, in any spelling; null leaves a column behind', async () => {
    const { analysis, records } = await readBytes('Quien;Name;Secret\nAda;x;y\n', {
      mapping: { QUIEN: 'full_name', name: 'metadata.nick', Secret: null },
    });
    expect(records[0]?.fields).toEqual({ full_name: 'Ada', metadata: { nick: 'x' } });
    expect(analysis.left_behind).toEqual(['Secret']);
  });
});

describe('hostile files', () => {
  test('an unclosed quote spoils its own row only', async () => {
    const text =
      'Name,Email\n"Ada,a@example.com\nBo,b@example.com\nCy,"c@example.com"\n"Di,d@example.com\nEd,e@example.com\n';
    const { records } = await readBytes(text);
    expect(records.map(({ row, failure, fields }) => [row, failure ? 'failure' : fields['email']])).toEqual([
      [2, 'failure'],
      [3, 'b@example.com'],
      [4, 'c@example.com'],
      [5, 'failure'],
      [6, 'e@example.com'],
    ]);
  });

  test('quotes within a cell are text', async () => {
    expect(
      await fieldsOf('Name;Email\nBar "El 5";a@example.com\n"5" pipe";b@example.com\n"""Q"" x\ny";c@example.com\n'),
    ).toMatchObject([{ full_name: 'Bar "El 5"' }, { full_name: '"5" pipe"' }, { full_name: '"Q" x y' }]);
  });

  test('a row beyond 2 MiB is a failure, quoted, unquoted or never closed, and the rows behind it are read', async () => {
    const large = 'x'.repeat(2.1 * 1024 * 1024);
    for (const cell of someCases([`"${large}\n`, large, `"${large}"`], 1)) {
      const { records } = await readBytes(`Name,Email\n${cell},a@example.com\nBo,b@example.com\n`);
      expect(records[0]).toMatchObject({ row: 2, failure: { column: null } });
      expect(records.at(-1)?.fields).toEqual({ full_name: 'Bo', email: 'b@example.com' });
    }
  });

  test('unclosed quotes do not make the work grow with their square', async () => {
    const line = 'x",""" \n';
    const { records } = await readBytes(`Name,Email\n"${line.repeat(40_000)}`);
    expect(records.length).toBeGreaterThan(0);
  });

  test.each<[string, Buffer | string, RegExp]>([
    ['a workbook', Buffer.from('PK\u0003\u0004rest'), /Excel workbook/],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]), /image/],
    ['a PDF', '%PDF-1.7', /PDF/],
    ['a program', Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 7) % 256)), /binary/],
    ['a web page', '<!DOCTYPE html><table>', /web page/],
    ['nothing', '', /empty/],
    ['blanks', ' \n\n ', /no rows/],
    [
      '100,000 columns',
      Array.from({ length: 100_000 }, (_, index) => `Name ${index}`).join(','),
      /more than 1000 columns/,
    ],
    ['no known column', 'Alpha,Beta\n1,2\n', /No column/],
  ])('says clearly that %s is no table', async (_, bytes, message) => {
    await expect(readBytes(bytes)).rejects.toMatchObject({
      error_code: 'IMPORT_FILE_UNREADABLE',
      message: expect.stringMatching(message),
    });
  });

  test('no value of a table is lost silently', async () => {
    const headers = [
      'Name',
      'First name',
      'Email',
      'Phone',
      'Address',
      'City',
      'Tags',
      'Notes',
      'Birthday',
      'Gender',
      'Size',
      'Size',
      'Company',
      'Created',
      '',
    ];
    const cell = fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
      fc.constantFrom(
        'a@example.com',
        '+1 415 555 0132',
        '3,4E+10',
        '1985-06-12',
        '31/12/1980',
        'F',
        'x, y',
        '"',
        '=1+1',
        "'0012",
        '*0',
        '* group',
        '\u0000',
      ),
    );
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: headers.length }), { minLength: 1, maxLength: 5 });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const text = [headers, ...rows].map((row) => row.map(quote).join(',')).join('\r\n');
        const { analysis, records } = await readBytes(text);
        const byRow = new Map(records.map((record) => [record.row, record]));
        for (const [index, row] of rows.entries()) {
          const record = byRow.get(index + 2);
          const filled = row
            .map((value, at) => ({ value: value.trim(), name: columnName(headers, at) }))
            .filter(({ value }) => visibleCharacter.test(value));
          for (const { value, name } of filled) {
            const isNamed =
              record?.failure !== undefined ||
              record?.remarks.some(({ column }) => column === name) ||
              analysis.left_behind.includes(name);
            const kept = JSON.stringify([record?.fields, record?.notes]);
            if (!isNamed) expect(isKept(kept, value), `${name}: ${JSON.stringify(value)} in ${kept}`).toBe(true);
          }
        }
      }),
      { numRuns: someRuns(80, 30) }, // all: tables.large.test.ts
    );
  });
});

const columnName = (headers: readonly string[], at: number): string => {
  const name = headers[at] === '' ? `Column ${String.fromCodePoint(65 + at)}` : (headers[at] ?? '');
  return headers.indexOf(headers[at] ?? '') === at ? name : `${name} (2)`;
};
/** Whether the letters and digits of a value are somewhere in what is kept; values that say nothing are empty. */
const isKept = (kept: string, value: string): boolean => {
  const letters = (text: string) =>
    text
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]/gu, '');
  const meanings: Record<string, string> = { f: 'female', '31/12/1980': '19801231' };
  const all = letters(kept);
  return [value, meanings[value.toLowerCase()] ?? value].some((text) => all.includes(letters(text)));
};

describe('exports of this service', () => {
  test('are read as they were written, without the apostrophe before formulas', async () => {
    const names = exportColumns.map(({ name }) => name);
    const values: Record<string, string> = {
      full_name: "'=Ada",
      email: 'ada@example.com',
      phone: "'+14155550132",
      number: '17',
      'address.line': "'-1 Street",
      'preferences.newsletter': 'false',
      tags: '["a, b"]',
      metadata: '{"n":{"x":[1]}}',
      status: 'suspended',
      created_at: '2026-01-01T00:00:00.000Z',
    };
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const { analysis, records } = await readBytes(
      `${names.join(',')}\n${names.map((name) => quote(values[name] ?? '')).join(',')}\n`,
    );
    expect(records[0]).toEqual({
      row: 2,
      fields: {
        full_name: '=Ada',
        email: 'ada@example.com',
        phone: '+14155550132',
        number: 17,
        address: { line: '-1 Street' },
        preferences: { newsletter: false },
        tags: ['a, b'],
        metadata: { n: { x: [1] } },
        status: 'suspended',
      },
      notes: [],
      remarks: [],
    });
    expect(analysis.left_behind).toEqual(['created_at']);
  });

  test('an apostrophe elsewhere is a part of the value', async () => {
    expect(await fieldsOf("Name,Email\n'=Ada,a@example.com\n")).toEqual([
      { full_name: "'=Ada", email: 'a@example.com' },
    ]);
  });
});

test('a name that is longer than any known one has no role', () => {
  expect(findRoles([`Email${' '.repeat(10)}(work)`])).toEqual(['email']);
  expect(findRoles([`Email${' '.repeat(100_000)}(work)`])).toEqual([undefined]);
});
