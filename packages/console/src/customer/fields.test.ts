import { expect, test } from 'vitest';
import { toBody } from './fields.ts';

test('nests paths for the request', () => {
  expect(toBody({ phone: null, 'address.city': 'Lugo', 'address.line': 'Rúa 1' })).toEqual({
    phone: null,
    address: { city: 'Lugo', line: 'Rúa 1' },
  });
});
