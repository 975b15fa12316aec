import { expect, test } from 'vitest';
import { mergeChanges, toBody } from './merge.ts';

const original = { full_name: 'Ana', phone: '+34600000001', 'address.city': 'Madrid' };

test('sends what only I changed, takes what only others changed, and finds what both changed', () => {
  // Nobody else changed anything.
  expect(mergeChanges(original, original, { phone: '+1' })).toEqual({ send: { phone: '+1' }, clashes: [] });
  // Others changed other fields.
  const elsewhere = { ...original, full_name: 'Ana Prieto' };
  expect(mergeChanges(original, elsewhere, { phone: '+1' })).toEqual({ send: { phone: '+1' }, clashes: [] });
  // Both changed one to the same value.
  expect(mergeChanges(original, { ...original, phone: '+1' }, { phone: '+1' })).toEqual({ send: {}, clashes: [] });
  // Both changed one differently, and I another one.
  const both = mergeChanges(original, { ...original, phone: '+2' }, { phone: '+1', 'address.city': 'Lugo' });
  expect(both).toEqual({
    send: { 'address.city': 'Lugo' },
    clashes: [{ field: 'phone', original: '+34600000001', theirs: '+2', mine: '+1' }],
  });
  // They cleared what I changed.
  expect(mergeChanges(original, { ...original, phone: null }, { phone: '+1' }).clashes).toHaveLength(1);
});

test('nests paths for the request', () => {
  expect(toBody({ phone: null, 'address.city': 'Lugo', 'address.line': 'Rúa 1' })).toEqual({
    phone: null,
    address: { city: 'Lugo', line: 'Rúa 1' },
  });
});
