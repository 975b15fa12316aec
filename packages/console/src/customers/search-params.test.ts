import { expect, test } from 'vitest';
import { customersSearch, formatSort, parseSort, toQuery } from './search-params.ts';

test('reads what the address says, and leaves out what the API would refuse', () => {
  const good = { q: 'ana', status: 'active', created_from: '2026-01-31', sort: '-lifetime_value,full_name', all: true };
  expect(customersSearch(good)).toEqual(good);
  const bad = {
    status: 'Active',
    type: 7,
    created_from: 'today',
    min_lifetime_value: '1e9',
    sort: '-email',
    all: 'yes',
    x: 1,
  };
  expect(customersSearch(bad)).toEqual({});
  expect(customersSearch({ q: 12345678, min_lifetime_value: 100 })).toEqual({
    q: '12345678',
    min_lifetime_value: '100',
  });
});

test('asks the API for the search, the filters and the order', () => {
  expect(toQuery({ q: 'ana', all: true, tag: 'VIP', sort: '-created_at' })).toEqual({
    search: 'ana',
    active_only: false,
    tag: 'VIP',
    sort: '-created_at',
  });
  expect(formatSort(parseSort('-lifetime_value,full_name'))).toBe('-lifetime_value,full_name');
});
