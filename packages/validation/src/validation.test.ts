import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Birthday,
  Currency,
  DocumentNumber,
  documentNumberError,
  Email,
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
import { normalizePhone, Phone } from './phones.ts';

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
    [Email, ' Ada@Example.com ', 'Ada@Example.com'],
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

describe('phones', () => {
  test.each([
    ['0712345678', 'RO', '+40712345678'],
    ['+34 600 11 22 33', 'RO', '+34600112233'],
    ['600112233', 'ES', '+34600112233'],
    ['+1234567890', 'CO', '+1234567890'],
    ['50110556645', 'ES', '50110556645'],
    ['65979638297', 'ES', '65979638297'],
    ['600 11', 'XX', '60011'],
  ])('normalizes %s in %s to %s', (typed, country, expected) => {
    expect(parse(Phone, typed)).toBe(typed);
    expect(normalizePhone(typed, country)).toBe(expected);
  });
  test.each(['1234', 'abcdefgh', '1'.repeat(16), '12 34 (ext)'])('rejects %s', (typed) =>
    expect(parse(Phone, typed)).toEqual(rejected),
  );
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
  ])('validates %s %s: %s', (type, number, valid) =>
    expect(documentNumberError(type, number) === undefined).toBe(valid),
  );
});
