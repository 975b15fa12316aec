import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCursors, type Binding } from '../index.ts';

const newSecret = () => randomBytes(32).toString('base64url');
const secret = newSecret();
const { encode, decode } = createCursors(secret);

const binding: Binding = {
  scope: { company_id: 'a' },
  filter: { status: 'active', search: undefined, tags: ['x', 'y'] },
  sort: '-created_at',
};
const rejected = expect.objectContaining({
  kind: 'invalid',
  errors: [{ path: 'cursor', message: expect.stringContaining('not a cursor of this list') }],
});
const tryDecode = (cursor: string, list: Binding = binding) => {
  try {
    return decode(cursor, list);
  } catch (error) {
    return error;
  }
};

test('a cursor decodes to its keyset in every process with the same secret', () => {
  for (const keyset of [['2026-11-21T01:23:45.678Z', 'id'], [null, 12.5, true, 'ñ “”'], []]) {
    const cursor = encode(keyset, binding);
    expect(cursor).toMatch(/^[A-Za-z0-9_.-]+$/); // URL-safe
    expect(createCursors(secret).decode(cursor, binding)).toEqual(keyset);
  }
});

test('the order of a binding’s fields does not matter', () => {
  const cursor = encode(['x'], binding);
  expect(
    decode(cursor, { sort: '-created_at', filter: { tags: ['x', 'y'], status: 'active' }, scope: { company_id: 'a' } }),
  ).toEqual(['x']);
});

test('rejects a cursor for another company, filter, order or secret', () => {
  const cursor = encode(['x'], binding);
  for (const other of [
    { ...binding, scope: { company_id: 'b' } },
    { ...binding, scope: { all: true } },
    { ...binding, filter: { status: 'inactive', tags: ['x', 'y'] } },
    { ...binding, filter: { status: 'active', tags: ['y', 'x'] } },
    { ...binding, sort: 'created_at' },
    {},
  ]) {
    expect(tryDecode(cursor, other)).toEqual(rejected);
  }
  expect(() => createCursors(newSecret()).decode(cursor, binding)).toThrow(/not a cursor/);
});

test('rejects a modified, truncated or forged cursor', () => {
  const cursor = encode(['x', 'y'], binding);
  const [payload = '', signature = ''] = cursor.split('.');
  const forged = Buffer.from(JSON.stringify(['z', 'y'])).toString('base64url');
  for (const invalid of [
    '',
    '.',
    'x',
    payload,
    `${forged}.${signature}`,
    `.${signature}`,
    `${payload}.`,
    `${cursor}.x`,
    cursor.slice(1),
    cursor.slice(0, -4),
    '%00',
    '{}',
  ]) {
    expect(tryDecode(invalid), invalid).toEqual(rejected);
  }
});
