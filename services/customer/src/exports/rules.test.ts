import { someRuns } from '@clientela/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columns, isExportHeader, selectColumns } from './columns.ts';
import { neutralizeText, restoreText } from './rules.ts';

test.for(['=1+1', '+34600', '-1', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠x', "'x", "'=x"])(
  'neutralizes %j',
  (text) => {
    expect(neutralizeText(text)).toBe(`'${text}`);
  },
);

test('leaves other text alone', () => {
  for (const text of ['', 'a=1', ' =1', '1-2', 'O’Neill', '"x"', '{"a":1}']) expect(neutralizeText(text)).toBe(text);
});

test('reads back every text, whatever it begins with', () => {
  const start = fc.constantFrom('', "'", "''", '=', '+', '-', '@', '\t', '\r', '＝', "'=", "''+");
  // Not the unit `binary`, for which fast-check lists all characters.
  const unit = fc.nat({ max: 0x10_ffff }).map((character) => String.fromCodePoint(character));
  const property = fc.property(start, fc.string({ unit }), (before, rest) => {
    const text = before + rest;
    expect(restoreText(neutralizeText(text))).toBe(text);
    expect(neutralizeText(text)).not.toMatch(/^[=+\-@\t\r＝＋－＠]/);
  });
  fc.assert(property, { numRuns: someRuns(300, 60) });
});

test('keeps an apostrophe that no export has put there', () => {
  for (const cell of ["'x", "'", "'1"]) expect(restoreText(cell)).toBe(cell);
});

test('names the columns as the API names the fields, with the parts of objects', () => {
  const names = columns.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['id', 'address.zip_code', 'preferences.newsletter', 'tags', 'metadata']),
  );
  expect(names).not.toContain('address');
  expect(selectColumns(['preferences', 'email']).map(({ name }) => name)).toEqual([
    'preferences.newsletter',
    'preferences.notifications',
    'preferences.language',
    'email',
  ]);
  expect(selectColumns(['address', 'address.city', 'email', 'email'])).toHaveLength(6);
});

test.for<[string, string[], boolean]>([
  ['all columns', columns.map(({ name }) => name), true],
  ['some columns with the company', ['email', 'business_id'], true],
  ['a part of an object', ['full_name', 'address.line'], true],
  ['names that other systems use too', ['id', 'full_name', 'email', 'phone'], false],
  ['an unknown name', ['business_id', 'email', 'Company'], false],
  ['another spelling', ['Business_id', 'email'], false],
  ['a name twice', ['business_id', 'email', 'email'], false],
])('tells whether a header is that of an export: %s', ([, header, isOwn]) => {
  expect(isExportHeader(header)).toBe(isOwn);
});
