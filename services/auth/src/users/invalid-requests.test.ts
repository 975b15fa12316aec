import { randomUUID } from 'node:crypto';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { sendHostileValues } from '../testing/hostile-requests.ts';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

// Each value in every field: invalid-requests.large.test.ts.
test('hostile values, each in a twelfth of all fields, never cause a server error', async ({ service }) => {
  const { failed, sent } = await sendHostileValues(service, (value, field) => value % 12 === field % 12);
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(75);
});

test('the stored user counts equal the counted users', async ({ service }) => {
  const { user, client } = await service.register();
  const add = async (role: string) => {
    const body = { email: `${randomUUID()}@example.com`, password: 'correct horse battery', role };
    return (await client.post('/api/v1/users', body).expect(201)).body.id as string;
  };
  const [first, second, third] = [await add('admin'), await add('viewer'), await add('customer')];
  await client.put(`/api/v1/users/${first}`, { role: 'manager', active: false }).expect(200);
  await client.delete(`/api/v1/users/${second}`).expect(200);
  await client.delete(`/api/v1/users/${third}?hard_delete=true`).expect(200);
  const { owner } = service.database;
  const storedCounts = await owner('user_counts')
    .select('company_id', 'role', 'is_active', 'users')
    .where('users', '<>', 0);
  const actualCounts = await owner('users')
    .select('company_id', 'role', 'is_active')
    .count({ users: '*' })
    .groupBy('company_id', 'role', 'is_active');
  const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).toSorted();
  expect(sorted(storedCounts)).toEqual(sorted(actualCounts));
  expect(storedCounts.filter(({ company_id }) => company_id === user.business_id)).toHaveLength(3);
});
