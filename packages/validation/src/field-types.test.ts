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

const read = (schema: z.ZodType, value: unknown) => {
  const { success, data, error } = schema.safeParse(value);
  return success ? data : { refused: error.issues.length };
};
const refused = { refused: 1 };

describe('text', () => {
  test.each([
    ['  two words ', 'two words'],
    ['e\u0301', 'é'],
    ['😀😀😀', '😀😀😀'],
    ['', refused],
    ['   ', refused],
    ['abcdefghijk', refused],
    ['a\u0000b', refused],
    ['a\nb', refused],
    ['a\u0085b', refused],
    ['a\ud800b', refused],
    [5, refused],
    [['a'], refused],
    [null, refused],
  ])('%j', (value, expected) => expect(read(text(10), value)).toEqual(expected));

  test('of several lines keeps them, and refuses other controls', () => {
    expect(read(multilineText(20), 'a\r\n\tb')).toBe('a\r\n\tb');
    expect(read(multilineText(20), 'a\u001bb')).toEqual(refused);
  });
});

describe('values', () => {
  test.each([
    [Uuid, '0190A6B4-7A3C-7DEF-8ABC-0123456789AB', '0190a6b4-7a3c-7def-8abc-0123456789ab'],
    [Uuid, '0190a6b4-7a3c-7def-8abc-0123456789a', refused],
    [Email, ' Ada@Example.com ', 'Ada@Example.com'],
    [Email, `${'a'.repeat(250)}@b.co`, refused],
    [Email, 'nobody', refused],
    [Instant, '2026-01-01T00:00:00+02:00', '2025-12-31T22:00:00.000Z'],
    [Instant, '2026-01-01', refused],
    [Instant, '0000-01-01T00:00:00Z', refused],
    [Instant, '9999-12-31T23:59:59-10:00', refused],
    [Birthday, '2024-02-29', '2024-02-29'],
    [Birthday, '2026-02-29', refused],
    [Birthday, '2999-01-01', refused],
    [Currency, 'eur', 'EUR'],
    [Currency, 'EURO', refused],
    [queryPage, '3', 3],
    [queryPage, undefined, 1],
    [queryPage, '-1', refused],
    [queryPage, '1e3', refused],
    [queryPage, '1000001', refused],
    [queryPage, ['1', '2'], refused],
    [queryBoolean, 'False', false],
    [queryBoolean, 'yes', refused],
    [
      querySort(['name', 'at']),
      '-at,name',
      [
        { column: 'at', descending: true },
        { column: 'name', descending: false },
      ],
    ],
    [querySort(['name', 'at']), 'at,-at', refused],
    [querySort(['name']), 'password', refused],
    [DocumentNumber, '12.345.678-k', '12345678K'],
    [DocumentNumber, '---', refused],
  ])('%# %s', (schema, value, expected) => expect(read(schema, value)).toEqual(expected));

  test.each([
    ['1234.5', '1234.50'],
    [1234.5, '1234.50'],
    ['007', '7.00'],
    ['-0.00', '0.00'],
    ['9999999999999.99', '9999999999999.99'],
    ['10000000000000', refused],
    [0.1 + 0.2, refused],
    ['1.234', refused],
    ['1e3', refused],
    [1e21, refused],
    ['-1', refused],
    ['1,50', refused],
    [NaN, refused],
    ['', refused],
    [null, refused],
  ])('money %j', (value, expected) => expect(read(money(0), value)).toEqual(expected));

  test('a whole number has bounds, and a wrong one leaves the rules over the object to be judged', () => {
    const whole = integer(-2, 2);
    expect([-2, 0, 2].map((value) => read(whole, value))).toEqual([-2, 0, 2]);
    for (const value of [-3, 3, 1.5, '1', null, 1e300]) expect(read(whole, value)).toEqual(refused);
    const ruled = z
      .strictObject({ whole })
      .superRefine((_value, context) => context.addIssue({ code: 'custom', path: ['rule'], message: 'broken' }), {
        when: () => true,
      });
    expect(read(ruled, { whole: 1.5 })).toEqual({ refused: 2 });
  });

  test('a JSON object has a size, a depth and clean strings', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as object;
    expect(read(jsonObject(1024), { a: [1, 'b', null] })).toEqual({ a: [1, 'b', null] });
    for (const value of [[], 'a', { a: 'x'.repeat(1024) }, { 'a\0': 1 }, { a: ['\ud800'] }, deep]) {
      expect(read(jsonObject(1024), value)).toEqual(refused);
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
  ])('%s in %s is %s', (typed, country, expected) => {
    expect(read(Phone, typed)).toBe(typed);
    expect(normalizePhone(typed, country)).toBe(expected);
  });
  test.each(['1234', 'abcdefgh', '1'.repeat(16), '12 34 (ext)'])('%s is none', (typed) =>
    expect(read(Phone, typed)).toEqual(refused),
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
  ])('%s %s: %s', (type, number, valid) => expect(documentNumberError(type, number) === undefined).toBe(valid));
});
