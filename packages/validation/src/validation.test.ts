import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Birthday,
  Currency,
  DocumentNumber,
  comparedDocument,
  documentNumberError,
  Email,
  LoginEmail,
  normalizeDocumentNumber,
  resolveDocumentNumber,
  unicodeEmail,
  Instant,
  integer,
  jsonObject,
  multilineText,
  money,
  queryPage,
  queryBoolean,
  querySort,
  text,
  Uuid,
} from './index.ts';
import { Country } from './countries.ts';
import { callingCode, normalizePhone, Phone, phoneDigits, phoneSearchDigits } from './phones.ts';

const parse = (schema: z.ZodType, value: unknown) => {
  const { success, data, error } = schema.safeParse(value);
  return success ? data : { rejected: error.issues.length };
};
const rejected = { rejected: 1 };

describe('text normalizes or rejects', () => {
  test.each([
    ['  two words ', 'two words'],
    ['e\u0301', 'é'],
    ['😀😀😀', '😀😀😀'],
    ['', rejected],
    ['   ', rejected],
    ['abcdefghijk', rejected],
    ['a\u0000b', rejected],
    ['a\nb', rejected],
    ['a\u0085b', rejected],
    ['a\ud800b', rejected],
    [5, rejected],
    [['a'], rejected],
    [null, rejected],
  ])('%j', (value, expected) => expect(parse(text(10), value)).toEqual(expected));

  test('keeps line breaks in multiline text and rejects other control characters', () => {
    expect(parse(multilineText(20), 'a\r\n\tb')).toBe('a\r\n\tb');
    expect(parse(multilineText(20), 'a\u001bb')).toEqual(rejected);
  });
});

describe('field types', () => {
  test.each([
    [Uuid, '0190A6B4-7A3C-7DEF-8ABC-0123456789AB', '0190a6b4-7a3c-7def-8abc-0123456789ab'],
    [Uuid, '0190a6b4-7a3c-7def-8abc-0123456789a', rejected],
    [Email, ' Ada@Example.com ', 'Ada@example.com'],
    [Email, `${'a'.repeat(250)}@b.co`, rejected],
    [Email, 'nobody', rejected],
    [Instant, '2026-01-01T00:00:00+02:00', '2025-12-31T22:00:00.000Z'],
    [Instant, '2026-01-01', rejected],
    [Instant, '0000-01-01T00:00:00Z', rejected],
    [Instant, '9999-12-31T23:59:59-10:00', rejected],
    [Birthday, '2024-02-29', '2024-02-29'],
    [Birthday, '2026-02-29', rejected],
    [Birthday, '2999-01-01', rejected],
    [Currency, 'eur', 'EUR'],
    [Currency, 'EURO', rejected],
    [queryPage, '3', 3],
    [queryPage, undefined, 1],
    [queryPage, '-1', rejected],
    [queryPage, '1e3', rejected],
    [queryPage, '1000001', rejected],
    [queryPage, ['1', '2'], rejected],
    [queryBoolean, 'False', false],
    [queryBoolean, 'yes', rejected],
    [
      querySort(['name', 'at']),
      '-at,name',
      [
        { column: 'at', descending: true },
        { column: 'name', descending: false },
      ],
    ],
    [querySort(['name', 'at']), 'at,-at', rejected],
    [querySort(['name']), 'password', rejected],
    [DocumentNumber, '12.345.678-k', '12345678K'],
    [DocumentNumber, '---', rejected],
  ])('field type %#: %s', (schema, value, expected) => expect(parse(schema, value)).toEqual(expected));

  test.each([
    ['1234.5', '1234.50'],
    [1234.5, '1234.50'],
    ['007', '7.00'],
    ['-0.00', '0.00'],
    ['9999999999999.99', '9999999999999.99'],
    ['10000000000000', rejected],
    [0.1 + 0.2, rejected],
    ['1.234', rejected],
    ['1e3', rejected],
    [1e21, rejected],
    ['-1', rejected],
    ['1,50', rejected],
    [NaN, rejected],
    ['', rejected],
    [null, rejected],
  ])('parses the amount %j', (value, expected) => expect(parse(money(0), value)).toEqual(expected));

  test('bounds an integer; an invalid one does not skip the refinements of the object', () => {
    const bounded = integer(-2, 2);
    expect([-2, 0, 2].map((value) => parse(bounded, value))).toEqual([-2, 0, 2]);
    for (const value of [-3, 3, 1.5, '1', null, 1e300]) expect(parse(bounded, value)).toEqual(rejected);
    const refined = z
      .strictObject({ whole: bounded })
      .superRefine((_value, context) => context.addIssue({ code: 'custom', path: ['rule'], message: 'broken' }), {
        when: () => true,
      });
    expect(parse(refined, { whole: 1.5 })).toEqual({ rejected: 2 });
  });

  test('limits the size, depth and characters of a JSON object', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as object;
    expect(parse(jsonObject(1024), { a: [1, 'b', null] })).toEqual({ a: [1, 'b', null] });
    for (const value of [[], 'a', { a: 'x'.repeat(1024) }, { 'a\0': 1 }, { a: ['\ud800'] }, deep]) {
      expect(parse(jsonObject(1024), value)).toEqual(rejected);
    }
  });
});

describe('e-mail addresses', () => {
  test.each([
    ['sales&buy@example.com', 'sales&buy@example.com'],
    ['a/b~@example.com', 'a/b~@example.com'],
    ['a!b@example.com', 'a!b@example.com'],
    ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
    ['info@xn--e1afmkfd.xn--p1ai', 'info@xn--e1afmkfd.xn--p1ai'],
    ['info@пример.рф', 'info@xn--e1afmkfd.xn--p1ai'],
    ['info@RÄUCHER.example', 'info@xn--rucher-bua.example'],
    ['почта@example.com', 'почта@example.com'],
    ['a@例え。テスト', 'a@xn--r8jz45g.xn--zckzah'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
    [`${'a'.repeat(65)}@example.com`, rejected],
    [`${'é'.repeat(33)}@example.com`, rejected], // 66 octets
    [`a@${`${'ä'.repeat(46)}.`.repeat(5)}de`, rejected], // 254 as A-labels
    ['a..b@example.com', rejected],
    ['.a@example.com', rejected],
    ['a.@example.com', rejected],
    ['a@b@example.com', rejected],
    ['a b@example.com', rejected],
    ['a\u200bb@example.com', rejected],
    ['"a b"@example.com', rejected],
    ['a@[192.0.2.1]', rejected],
    ['a@192.0.2.1', rejected],
    ['a@0x7f.1', rejected],
    ['a@example', rejected],
    ['a@example.com.', rejected],
    ['a@example..com', rejected],
    ['a@-example.com', rejected],
    ['a@exa_mple.com', rejected],
    ['a@example.com/x', rejected],
    ['a@example.com:80', rejected],
    ['a@x%2ecom', rejected],
    [`a@${'x'.repeat(64)}.com`, rejected],
    ['@example.com', rejected],
  ])('normalizes or rejects %s', (typed, expected) => {
    expect(parse(Email, typed)).toEqual(expected);
    if (typeof expected === 'string') expect(parse(Email, expected)).toBe(expected);
  });

  test('that sign in are normalized alike, and rejected by nobody but the password check', () => {
    expect(parse(LoginEmail, 'Ada@RÄUCHER.example')).toBe('Ada@xn--rucher-bua.example');
    for (const address of [`${'a'.repeat(65)}@example.com`, 'nobody']) expect(parse(LoginEmail, address)).toBe(address);
  });

  test('are shown to a search with their domain in Unicode', () => {
    expect(unicodeEmail('info@xn--rucher-bua.example')).toBe('info@räucher.example');
    expect(unicodeEmail('nobody')).toBe('nobody');
  });
});

describe('countries', () => {
  test.each(['ES', 'GB', 'XK', 'CL'])('accepts %s in any case', (code) =>
    expect(parse(Country, code.toLowerCase())).toBe(code),
  );
  // Reserved codes, codes without a numbering plan, and no codes.
  test.each(['UK', 'EU', 'SU', 'AC', 'TA', 'AQ', 'ZZ', 'E', 'ESP', ''])('rejects %j', (code) =>
    expect(Country.safeParse(code).success).toBe(false),
  );
  test('have a calling code', () => {
    expect(['ES', 'XK', 'US', 'UK', ''].map(callingCode)).toEqual(['34', '383', '1', undefined, undefined]);
  });
});

describe('phones', () => {
  test.each([
    ['0712345678', 'RO', '+40712345678'],
    ['+34 600 11 22 33', 'RO', '+34600112233'],
    ['600112233', 'ES', '+34600112233'],
    ['+1234567890', 'CO', '+1234567890'],
    ['50110556645', 'ES', '50110556645'],
    ['65979638297', 'ES', '65979638297'],
    ['600 11', 'XX', '60011'],
    ['+٤٠٧١٢٣٤٥٦٧٨', 'ES', '+40712345678'],
    ['＋４０７１２３４５６７８', 'ES', '+40712345678'],
    ['०७१२३४५६७८', 'RO', '+40712345678'],
    ['+1 415 555 2671 x101', 'ES', '+14155552671;ext=101'],
    ['+1 415 555 2671 ext. 101', 'ES', '+14155552671;ext=101'],
    ['+1 415 555 2671 #101', 'ES', '+14155552671;ext=101'],
    ['+1 415 555 2671,,101', 'ES', '+14155552671;ext=101'],
    ['+14155552671;ext=101', 'ES', '+14155552671;ext=101'],
    ['+1 (415) 555-2671 extension 1234567', 'ES', '+14155552671;ext=1234567'],
    ['8 (495) 123-45-67 доб. 12', 'RU', '+74951234567;ext=12'],
    ['٠٧١٢٣٤٥٦٧٨ x٠١', 'RO', '+40712345678;ext=01'],
    ['50110556645 x7', 'ES', '50110556645;ext=7'],
    ['+50110556645 доб.7', 'ES', '+50110556645;ext=7'],
    ['#60011', 'XX', '60011'],
  ])('normalizes %s in %s to %s', (typed, country, expected) => {
    expect(parse(Phone, typed)).toBe(typed);
    expect(normalizePhone(typed, country)).toBe(expected);
  });
  test('are their own normalized form, and are searched by it', () => {
    for (const phone of ['+14155552671;ext=101', '50110556645;ext=7', '+40712345678', '60011'])
      expect(normalizePhone(phone, 'ES')).toBe(phone);
    expect(phoneDigits('+40712345678;ext=5')).toEqual(['40712345678;ext=5', '0712345678;ext=5']);
    const searches = ['0712 345 678', '0712 345 678 x5', '00 40 712 345 678;ext=5', '٠٧١٢٣٤٥٦٧٨', 'x5', 'A 12 x5'];
    expect(searches.map(phoneSearchDigits)).toEqual([
      '0712345678',
      '0712345678;ext=5',
      '40712345678;ext=5',
      '0712345678',
      undefined,
      undefined,
    ]);
  });
  test.each([
    '1234',
    'abcdefgh',
    '1'.repeat(16),
    '12 34 (ext)',
    '1234 x5678',
    '60011 x12345678',
    `${'1'.repeat(16)} x1`,
    `60011${' '.repeat(16)}x1`.padStart(41, '0'),
  ])('rejects %s', (typed) => expect(parse(Phone, typed)).toEqual(rejected));
});

describe('documents', () => {
  test.each([
    ['nit', '123456789', true],
    ['nit', '2131234321', true],
    ['nit', '2131234322', false],
    ['rut', '123456789', true],
    ['cpf', '39053344705', true],
    ['cpf', '39053344706', false],
    ['cnpj', '16727230000197', true],
    ['cnpj', '123456789', false],
    ['passport', 'anything', true],
    ['constructor', 'anything', true],
    ['cpf', '11111111111', false],
    ['cnpj', '00000000000000', false],
    ['cnpj', '00.000.000/0000-00', false],
    ['cnpj', '11.222.333/0001-81', true],
    ['nit', '8600029644', true],
    ['rut', '123456785', true, 'CL'],
    ['rut', '12345670K', true, 'CL'],
    ['rut', '123456789', false, 'CL'],
    ['rut', '8600029644', false, 'CL'],
    ['rut', '123456789', true, 'CO'],
    ['rut', '8600029644', true, 'CO'],
    ['rut', '8600029643', false, 'CO'],
  ])('validates %s %s: %s', (type, number, valid, country?: string) =>
    expect(documentNumberError(type, number, country) === undefined).toBe(valid),
  );

  test.each([
    ['cnpj', '11.222.333/0001-81', '11222333000181', '11222333000181'],
    ['passport', '12/34', '12/34', '12/34'],
    ['nit', '860.002.964-4', '8600029644', '860002964'],
    ['nit', '860\u2013002\u2212964', '860002964', '860002964'],
    ['rut', '860002964\u20104', '8600029644', '860002964'],
    ['rut', '12.345.678-5', '123456785', '123456785'],
    ['passport', '\u200bab\u00ad 12\ufeff', 'AB12', 'AB12'],
    ['tax_id', '8600029644', '8600029644', '8600029644'],
  ])('stores and compares %s %s', (type, typed, stored, compared) => {
    expect(normalizeDocumentNumber(typed, type)).toBe(stored);
    expect(comparedDocument(typed, type)).toBe(compared);
  });

  test('keep their stored spelling while they are the same', () => {
    const stored = { type: 'cnpj', number: '11222333/000181' };
    expect(resolveDocumentNumber(stored, stored)).toBe(stored.number);
    expect(resolveDocumentNumber(stored, { ...stored, number: '11222333000181' })).toBe(stored.number);
    expect(resolveDocumentNumber({ ...stored, type: null }, stored)).toBe('11222333000181');
    expect(resolveDocumentNumber(stored, { type: 'cnpj', number: null })).toBeNull();
  });
});
