import { expect, test } from 'vitest';
import { changesOf, threeWay, type Values } from './three-way.ts';

const original: Values = { name: 'Tea', price: '1.00', sku: 'T-1' };

test('a field that only others changed is taken, one that only I changed is kept and sent', () => {
  const merged = threeWay(original, { ...original, name: 'Green tea' }, { ...original, price: '2.00' });
  expect(merged).toEqual({
    values: { name: 'Green tea', price: '2.00', sku: 'T-1' },
    send: { name: 'Green tea' },
    taken: ['price'],
    clashes: [],
  });
  // Nobody else changed anything, and only the changed field is named.
  expect(threeWay(original, { sku: 'T-2' }, original)).toMatchObject({ send: { sku: 'T-2' }, taken: [], clashes: [] });
});

test('a field that both changed is a clash, in which what was typed stays; the rest is sent', () => {
  const merged = threeWay(original, { name: 'Mine', sku: 'T-2' }, { ...original, name: 'Theirs' });
  expect(merged).toEqual({
    values: { ...original, name: 'Mine', sku: 'T-2' },
    send: { sku: 'T-2' },
    taken: [],
    clashes: [{ field: 'name', original: 'Tea', theirs: 'Theirs', mine: 'Mine' }],
  });
  // They cleared what I changed.
  expect(threeWay(original, { sku: 'T-2' }, { ...original, sku: null }).clashes).toHaveLength(1);
});

test('the same change by both is no clash, and is not sent again', () => {
  const same = { ...original, sku: null };
  expect(threeWay(original, same, same)).toEqual({ values: same, send: {}, taken: [], clashes: [] });
});

test('only changed fields are sent', () => {
  expect(changesOf(original, { ...original, sku: '' })).toEqual({ sku: '' });
});
