import { someRuns } from '@clientela/testing';
import { visibleCharacter } from '@clientela/validation';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SourceRecord } from '../source-record.ts';
import { buildRecord } from './build-record.ts';
import { isEmptyWord } from './text.ts';
import type { Person } from './person.ts';

const options = { country: 'ES', date_order: 'dmy' } as const;

/** Texts of all kinds: any code unit, and fragments of what such cells hold. */
const fragments = fc.constantFrom(
  '+34 612 34 57 01',
  '8 999 000-30-03',
  'a@example.com',
  ' ::: ',
  ', ',
  ';',
  '/',
  '|',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\ud800',

  '\ufffd',
  '\u202a',
  '\u00a0',
  "'",
  '"',
  '=',
  '3,46E+10',
  '07/03/88',
  '--03-14',
  '30.02.1990',
  'M',
  'ж',
  'yes',
  '* x',

  'e\u0301',
  '\u200b',
  'доб. 12',
  'ext',
  '<',
  '>',
  '1604-01-01',
  '12 de junio de 1985',
  '😀',
  'x'.repeat(300),
  '0'.repeat(30),
);
const text = fc.oneof(
  // Not the unit `binary`, for which fast-check lists all characters.
  fc.string({ unit: fc.nat({ max: 0x10_ffff }).map((unit) => String.fromCodePoint(unit)), maxLength: 40 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 20 }),
  fc.array(fragments, { maxLength: 6 }).map((parts) => parts.join('')),
);
const cell = (column: string) => text.map((value) => ({ column, value }));
const kind = fc.constantFrom('mobile', 'work', 'fax', 'pager', undefined);

const person: fc.Arbitrary<Person> = fc.record({
  row: fc.constant(2),
  external_id: cell('external_id'),
  full_name: cell('full_name'),
  firstname: cell('firstname'),
  middle_name: cell('middle_name'),
  lastname: cell('lastname'),
  organisation: cell('organisation'),
  emails: fc.array(cell('email'), { maxLength: 2 }),
  phones: fc.array(fc.record({ column: fc.constant('phone'), value: text, kind }), { maxLength: 2 }),
  addresses: fc.array(
    fc.record({ lines: fc.array(cell('line'), { maxLength: 2 }), city: cell('city'), zip_code: cell('zip') }),
    { maxLength: 2 },
  ),
  birthday: cell('birthday'),
  gender: cell('gender'),
  tags: fc.array(cell('tags'), { maxLength: 2 }),
  notes: fc.array(cell('notes'), { maxLength: 2 }),
  documents: fc.array(
    fc.record({
      column: fc.constant('document'),
      value: text,
      type: fc.constantFrom('cpf', 'cpf_cnpj', 'nit', 'passport'),
    }),
    { maxLength: 2 },
  ),
  newsletter: cell('newsletter'),
  unsubscribed: cell('unsubscribed'),
  language: cell('language'),
  plain: fc.record({
    number: cell('number'),
    city_id: cell('city_id'),
    status: cell('status'),
    last_auth_at: cell('last_auth_at'),
  }),
  others: fc.array(
    fc.record({ column: fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'emails', 'x')), value: text }),
    { maxLength: 3 },
  ),
});

/** Every text of a record that is stored. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [key].concat(textsOf(part)));
}

test('random texts never throw, and never become broken text', () => {
  const property = fc.property(person, (person) => {
    const { fields, notes, remarks } = buildRecord(person, options);
    for (const stored of textsOf({ fields, notes })) {
      expect(stored.isWellFormed()).toBe(true);
      expect(stored).not.toMatch(/[\0\ufffd]/);
    }
    for (const note of notes) expect([...note].length).toBeLessThanOrEqual(500);
    for (const { reason } of remarks) expect(reason).toMatch(/^[\x20-\x7e]{3,120}$/);
  });
  fc.assert(property, { numRuns: someRuns(500, 100) });
});

/** Whether a value is empty, or stands for an empty one. */
const isEmptyValue = (value: string) => !visibleCharacter.test(value) || isEmptyWord(value);

const isKept = ({ fields, notes, remarks }: SourceRecord) =>
  Object.keys(fields).length > 0 || notes.length > 0 || remarks.length > 0;

test('no value vanishes without a remark', () => {
  const single = [
    'external_id',
    'full_name',
    'firstname',
    'middle_name',
    'lastname',
    'organisation',
    'newsletter',
    'language',
  ] as const;
  const lists = ['emails', 'phones', 'notes', 'others'] as const;
  const alone = fc.oneof(
    fc
      .record({ field: fc.constantFrom(...single), value: text })
      .map(({ field, value }) => ({ [field]: { column: field, value } })),
    fc
      .record({ field: fc.constantFrom(...lists), value: text })
      .map(({ field, value }) => ({ [field]: [{ column: field, value }] })),
    text.map((value) => ({ addresses: [{ lines: [{ column: 'line', value }] }] })),
    text.map((value) => ({ documents: [{ column: 'document', type: 'passport', value }] })),
  ) as fc.Arbitrary<Omit<Person, 'row'>>;
  const property = fc.property(alone, (parts) => {
    const [given] = Object.values(parts) as [{ value: string } | [{ value?: string; lines?: [{ value: string }] }]];
    const part = Array.isArray(given) ? given[0] : given;
    const value = ('lines' in part ? part.lines?.[0].value : part.value) ?? '';
    const onlySeparators = /^[\s\p{Default_Ignorable_Code_Point},;|/'"=:.–—-]*$/u.test(value);
    if (!isEmptyValue(value) && !onlySeparators) expect(isKept(buildRecord({ row: 2, ...parts }, options))).toBe(true);
  });
  fc.assert(property, { numRuns: someRuns(2000, 400) });
});

test('the digits of phones and the addresses of e-mails are in the record, or the cell has a remark', () => {
  const digits = fc.integer({ min: 600_000_000, max: 799_999_999 }).map(String);
  const separator = fc.constantFrom(' ::: ', ', ', '; ', ' / ', '\n', '|');
  const phones = fc.property(
    fc.uniqueArray(digits, { minLength: 1, maxLength: 4 }),
    separator,
    (numbers, separator) => {
      const { fields, remarks } = buildRecord(
        { row: 2, phones: [{ column: 'p', value: numbers.join(separator) }] },
        options,
      );
      const stored = textsOf(fields).join(' ');
      expect(remarks).toEqual([]);
      for (const number of numbers) expect(stored).toContain(number);
    },
  );
  fc.assert(phones, { numRuns: someRuns(200, 50) });
  const emails = fc.property(
    fc.uniqueArray(
      fc.emailAddress().filter((address) => !/[|`'~]/.test(address)),
      { minLength: 1, maxLength: 4, selector: (email) => email.toLowerCase() },
    ),
    (addresses) => {
      const { fields, remarks } = buildRecord(
        { row: 2, emails: [{ column: 'e', value: addresses.join('; ') }] },
        options,
      );
      const stored = textsOf(fields).join(' ').toLowerCase();
      if (remarks.length === 0) for (const address of addresses) expect(stored).toContain(address.toLowerCase());
    },
  );
  fc.assert(emails, { numRuns: someRuns(200, 50) });
});
