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
const refused = expect.objectContaining({
  kind: 'invalid',
  errors: [{ path: 'cursor', message: expect.stringContaining('not a cursor of this list') }],
});
const decoding = (cursor: string, list: Binding = binding) => {
  try {
    return decode(cursor, list);
  } catch (error) {
    return error;
  }
};

test('a cursor goes on where its list ended, in every program that has the secret', () => {
  for (const keyset of [['2026-11-21T01:23:45.678Z', 'id'], [null, 12.5, true, 'ñ “”'], []]) {
    const cursor = encode(keyset, binding);
    expect(cursor).toMatch(/^[A-Za-z0-9_.-]+$/); // needs no escaping in a query
    expect(createCursors(secret).decode(cursor, binding)).toEqual(keyset);
  }
});

test('how its list is described does not matter, only what it is', () => {
  const cursor = encode(['x'], binding);
  expect(
    decode(cursor, { sort: '-created_at', filter: { tags: ['x', 'y'], status: 'active' }, scope: { company_id: 'a' } }),
  ).toEqual(['x']);
});

test('it opens no other list: another company, filter, order or secret is refused', () => {
  const cursor = encode(['x'], binding);
  for (const other of [
    { ...binding, scope: { company_id: 'b' } },
    { ...binding, scope: { all: true } },
    { ...binding, filter: { status: 'inactive', tags: ['x', 'y'] } },
    { ...binding, filter: { status: 'active', tags: ['y', 'x'] } },
    { ...binding, sort: 'created_at' },
    {},
  ]) {
    expect(decoding(cursor, other)).toEqual(refused);
  }
  expect(() => createCursors(newSecret()).decode(cursor, binding)).toThrow(/not a cursor/);
});

test('what was changed, cut or made up is refused, whatever it holds', () => {
  const cursor = encode(['x', 'y'], binding);
  const [said = '', signature = ''] = cursor.split('.');
  const forged = Buffer.from(JSON.stringify(['z', 'y'])).toString('base64url');
  for (const wrong of [
    '',
    '.',
    'x',
    said,
    `${forged}.${signature}`,
    `.${signature}`,
    `${said}.`,
    `${cursor}.x`,
    cursor.slice(1),
    cursor.slice(0, -4),
    '%00',
    '{}',
  ]) {
    expect(decoding(wrong), wrong).toEqual(refused);
  }
});
