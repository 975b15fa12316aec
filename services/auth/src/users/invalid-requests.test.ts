import { serviceTest } from '@clientela/testing';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

const deep = JSON.parse('[[[['.repeat(200) + ']]]]'.repeat(200)) as unknown;
const values: unknown[] = [
  null,
  '',
  '\u0000',
  '\ud800',
  "'; drop table users; --",
  '%_\\',
  'x'.repeat(2000),
  -1,
  1.5,
  1e308,
  true,
  [],
  {},
  { $ne: null },
  '__proto__',
  deep,
];
const userFields = [
  'username',
  'email',
  'password',
  'name',
  'first_name',
  'last_name',
  'phone',
  'address',
  'number_document_identity',
  'document_type',
  'company_id',
  'business_id',
  'role',
  'active',
  'is_active',
  'id',
  'unique_id',
  'last_login',
];
const companyFields = [
  'name',
  'business_name',
  'document_type',
  'document_number',
  'country',
  'currency',
  'status',
  'active',
  'days_credit',
  'company_key',
  'open_registration',
  'total_users',
  'id',
  'company_id',
];

test('hostile values in any field never cause a server error', { timeout: 60_000 }, async ({ service }) => {
  const { user, client } = await service.register();
  const root = service.user('superuser');
  const company = (await root.post('/api/v1/companies', { name: 'Target' }).expect(201)).body.id as string;
  const responses: { call: string; status: number }[] = [];
  const record = (call: string, { status }: { status: number }) => responses.push({ call, status });
  for (const value of values) {
    const label = JSON.stringify(value).slice(0, 40);
    for (const field of userFields) {
      const body = { email: `${randomUUID()}@example.com`, password: 'short', [field]: value };
      record(`create ${field} ${label}`, await client.post('/api/v1/users', body));
      if (field !== 'password')
        record(`change ${field} ${label}`, await client.put(`/api/v1/users/${user.id}`, { [field]: value }));
    }
    for (const field of companyFields) {
      record(`change company ${field} ${label}`, await root.put(`/api/v1/companies/${company}`, { [field]: value }));
      record(`create company ${field} ${label}`, await root.post('/api/v1/companies', { name: 'N', [field]: value }));
    }
    for (const field of ['code', 'name', 'description', 'country_code', 'category', 'active']) {
      record(`type ${field} ${label}`, await root.put('/api/v1/document-types/cpf', { [field]: value }));
    }
    const text = encodeURIComponent(typeof value === 'string' && value.isWellFormed() ? value : label);
    for (const query of ['search', 'role', 'is_active', 'limit', 'offset', 'company_id', `search=a&search`]) {
      record(`list ${query} ${label}`, await root.get(`/api/v1/users?${query}=${text}`));
    }
    for (const path of ['users', 'companies'])
      record(`get ${path} ${label}`, await root.get(`/api/v1/${path}/${text || 'x'}`));
    record(`type ${label}`, await root.put(`/api/v1/document-types/${text || 'x'}`, { active: true }));
  }
  expect(responses.filter(({ status }) => status >= 500)).toEqual([]);
  expect(responses.length).toBeGreaterThan(900);
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
