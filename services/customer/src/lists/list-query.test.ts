import { knex } from 'knex';
import { expect, test } from 'vitest';
import { buildListQuery } from './list-query.ts';
import { CustomerQuery } from './schema.ts';

const db = knex({ client: 'pg' });

test.for<[string, string, boolean]>([
  ['last_order_from=2021-01-01', 'total_orders', false],
  ['last_order_to=2021-01-01', 'lifetime_value', false],
  ['last_order_from=2021-01-01', '-last_order_date', true],
  ['last_order_from=2021-01-01', 'created_at', true],
  ['min_lifetime_value=5', 'total_orders', false],
  ['min_lifetime_value=5', 'last_order_date', true],
  ['min_lifetime_value=5', '-lifetime_value', true],
  ['created_from=2021-01-01', 'total_orders', true],
  ['last_order_from=2021-01-01&tag=new', 'total_orders', true], // its row is read for the join
  ['last_order_from=2021-01-01', 'full_name', false],
])('rows of %s have the sort key %s without a further read: %s', ([filters, sort, isFound]) => {
  const listing = CustomerQuery.parse({ ...Object.fromEntries(new URLSearchParams(filters)), sort });
  const { sortKeys } = buildListQuery(db, { company_id: 'one' }, listing);
  expect(sortKeys[0]?.isFound).toBe(isFound);
});
