import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldErrors, parseWith } from './field-errors.ts';

const errorsOf = (schema: z.ZodType, value: unknown) => {
  const { error } = parseWith(schema, value);
  return fieldErrors(error?.issues ?? []).map(({ path, message }) => `${path}: ${message}`);
};

const Person = z.strictObject({
  id: z.unknown().optional().meta({ readOnly: true }),
  firstname: z.string(),
  emails: z.array(z.email('must be an e-mail address')).min(1).max(2),
  direction: z.preprocess((value) => value, z.enum(['in', 'out'])),
  level: z.int().min(0).max(9),
  size: z.union([z.string(), z.number()], 'must be a size'),
  kind: z.literal('order'),
  description: z.string().max(3),
  is_active: z.boolean(),
  address: z.strictObject({ city: z.string() }).optional(),
});
const valid = {
  firstname: 'Ada',
  emails: ['a@b.co'],
  direction: 'in',
  level: 1,
  size: 2,
  kind: 'order',
  description: 'x',
  is_active: true,
};

describe('errors of a body', () => {
  test('call every missing field required, whatever its type and its own message', () => {
    expect(errorsOf(Person, {})).toEqual(Object.keys(valid).map((field) => `${field}: is required`));
  });

  test('are predicates of the field', () => {
    const invalid = {
      firstname: null,
      emails: [],
      direction: 'up',
      level: 10,
      size: [],
      kind: 'refund',
      description: 'long',
      is_active: 'yes',
    };
    expect(errorsOf(Person, invalid)).toEqual([
      'firstname: must be a string',
      'emails: must have at least 1 item',
      'direction: must be one of in, out',
      'level: must be at most 9',
      'size: must be a size',
      'kind: must be order',
      'description: must have at most 3 characters',
      'is_active: must be true or false',
    ]);
    expect(errorsOf(Person, { ...valid, emails: ['x'], level: 1.5, address: [] })).toEqual([
      'emails.0: must be an e-mail address',
      'level: must be a whole number',
      'address: must be an object',
    ]);
    expect(errorsOf(Person, 'text')).toEqual([': must be an object']);
  });

  test.each([
    ['first_name', '; did you mean firstname?'],
    ['emali', '; did you mean emails?'],
    ['desc', '; did you mean description?'],
    ['level_of_detail', '; did you mean level?'],
    ['is_activ', '; did you mean is_active?'],
    ['ids', ''],
    ['unrelated', ''],
    ['__proto', ''],
  ])('suggest a known name for %s%s', (name, suggestion) => {
    expect(errorsOf(Person, { ...valid, [name]: 1 })).toEqual([`${name}: is not a known field${suggestion}`]);
  });

  test('bound the work for a body of unknown fields', () => {
    const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`firstnam${index}`, 1]));
    const errors = errorsOf(Person, { ...valid, ...unknown });
    expect(errors).toHaveLength(100);
  });

  test('name unknown fields of nested objects, and cut long names', () => {
    const value = { ...valid, address: { city: 'Cluj', ciy: 1 }, ['x'.repeat(5000)]: 1 };
    expect(errorsOf(Person, value)).toEqual([
      'address.ciy: is not a known field; did you mean city?',
      `${'x'.repeat(99)}…: is not a known field`,
    ]);
  });
});
