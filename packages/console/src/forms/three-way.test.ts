import { expect, test } from 'vitest';
import { changesOf, threeWay } from './three-way.ts';

const original = { name: 'Tea', price: '1.00', sku: 'T-1' };

test('a field that only others changed is taken, one that only I changed is kept', () => {
  const merged = threeWay(original, { ...original, name: 'Green tea' }, { ...original, price: '2.00' });
  expect(merged).toEqual({ values: { name: 'Green tea', price: '2.00', sku: 'T-1' }, taken: ['price'], conflicts: [] });
});

test('a field that both changed is a conflict, in which what was typed stays', () => {
  const merged = threeWay(original, { ...original, name: 'Mine' }, { ...original, name: 'Theirs' });
  expect(merged).toEqual({ values: { ...original, name: 'Mine' }, taken: [], conflicts: ['name'] });
});

test('the same change by both is no conflict', () => {
  const same = { ...original, sku: '' };
  expect(threeWay(original, same, same)).toEqual({ values: same, taken: [], conflicts: [] });
});

test('only changed fields are sent', () => {
  expect(changesOf(original, { ...original, sku: '' })).toEqual({ sku: '' });
});
