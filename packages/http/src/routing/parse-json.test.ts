import { AppError } from '@clientela/errors';
import { describe, expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;

/** The value, or the errors of a rejected text. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof AppError) return error.errors.length > 0 ? error.errors : error.kind;
    throw error;
  }
}
const range = 'must be from -9007199254740991 to 9007199254740991; send a larger integer as a string';
const tooDeep = 'must not nest deeper than 40 levels';

describe('parseJson', () => {
  test.each([
    '{"a":[1,-2.5e3,true,false,null,"x"],"b":{"a":{"a":1}},"":[[],{}]}',
    String.raw`{"quote\"s":"\\","\\":"{[,:\"","\u00e9":"\ud83d\ude00"}`,
    ' [ 9007199254740991 , -9007199254740991 , 1e308, 12345678901234567890.5, 1e20 ] ',
    '{"a":"__proto__","b":"9007199254740993","constructor":1,"toString":2}',
    '[{"a":1},{"a":2},{"b":{"a":1},"a":3}]',
    '"text"',
    '12',
    nested('[', ']', 40),
    nested('{"a":', '}', 40),
  ])('returns what JSON.parse returns for %.80s', (text) => expect(parseJson(text)).toEqual(JSON.parse(text)));

  test.each([
    ['{"metadata":{"id":9007199254740993}}', [{ path: 'metadata.id', message: range }]],
    ['[1,[2,-9007199254740992]]', [{ path: '1.1', message: range }]],
    ['{"a":1e400,"b":-1E999}', ['a', 'b'].map((path) => ({ path, message: 'is too large a number' }))],
    [`[${'9'.repeat(400)}]`, [{ path: '0', message: range }]],
    ['{"m":{"__proto__":{"a":1},"b":2}}', [{ path: 'm.__proto__', message: 'is not an allowed name' }]],
    [String.raw`{"\u005f_proto__":1}`, [{ path: '__proto__', message: 'is not an allowed name' }]],
    ['{"a":{"b":1,"c":[1,{"b":2}],"b":3}}', [{ path: 'a.b', message: 'must not be repeated in one object' }]],
    [String.raw`{"a":1,"b":2,"\u0061":3}`, [{ path: 'a', message: 'must not be repeated in one object' }]],
    [`[${nested('{"a":', '}', 40)}]`, [{ path: `0${'.a'.repeat(39)}`, message: tooDeep }]],
  ])('rejects %.80s', (text, errors) => expect(parsed(text)).toEqual(errors));

  test.each([
    '',
    '{',
    '{"a":1}}',
    '{"a":01}',
    String.raw`{"\x":1}`,
    '{"a":1,}',
    '"a',
    '-',
    '1.2.3',
    '{"a":1e400',
    '[}',
  ])('rejects the malformed %s', (text) => expect(parsed(text)).toBe('malformed'));

  test('rejects a body of 8 MiB of open brackets at the first that is too deep', () => {
    expect(parsed('['.repeat(8 * 1024 * 1024))).toEqual([{ path: `0${'.0'.repeat(39)}`, message: tooDeep }]);
  });

  test('reports at most 100 faults, with names of at most 100 characters', () => {
    const errors = parsed(`[${Array.from({ length: 500 }, () => `{"${'n'.repeat(5000)}":1e400}`).join()}]`);
    expect(errors).toHaveLength(100);
    expect((errors as { path: string }[])[99]?.path).toBe(`99.${'n'.repeat(99)}…`);
  });
});
