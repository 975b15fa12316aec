import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;

beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());

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

test('whatever a field holds, the answer is no fault of the server', { timeout: 60_000 }, async () => {
  const { user, caller } = await auth.registered();
  const root = auth.user('superuser');
  const company = (await root.post('/api/v1/companies', { name: 'Target' }).expect(201)).body.id as string;
  const answers: { call: string; status: number }[] = [];
  const keep = (call: string, { status }: { status: number }) => answers.push({ call, status });
  for (const value of values) {
    const said = JSON.stringify(value).slice(0, 40);
    for (const field of userFields) {
      const body = { email: `${randomUUID()}@example.com`, password: 'short', [field]: value };
      keep(`create ${field} ${said}`, await caller.post('/api/v1/users', body));
      if (field !== 'password')
        keep(`change ${field} ${said}`, await caller.put(`/api/v1/users/${user.id}`, { [field]: value }));
    }
    for (const field of companyFields) {
      keep(`change company ${field} ${said}`, await root.put(`/api/v1/companies/${company}`, { [field]: value }));
      keep(`create company ${field} ${said}`, await root.post('/api/v1/companies', { name: 'N', [field]: value }));
    }
    for (const field of ['code', 'name', 'description', 'country_code', 'category', 'active']) {
      keep(`type ${field} ${said}`, await root.put('/api/v1/document-types/cpf', { [field]: value }));
    }
    const text = encodeURIComponent(typeof value === 'string' && value.isWellFormed() ? value : said);
    for (const query of ['search', 'role', 'is_active', 'limit', 'offset', 'company_id', `search=a&search`]) {
      keep(`list ${query} ${said}`, await root.get(`/api/v1/users?${query}=${text}`));
    }
    for (const path of ['users', 'companies'])
      keep(`get ${path} ${said}`, await root.get(`/api/v1/${path}/${text || 'x'}`));
    keep(`type ${said}`, await root.put(`/api/v1/document-types/${text || 'x'}`, { active: true }));
  }
  expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  expect(answers.length).toBeGreaterThan(900);
});

test('the kept counts of users are the counts of users', async () => {
  const { user, caller } = await auth.registered();
  const add = async (role: string) => {
    const body = { email: `${randomUUID()}@example.com`, password: 'correct horse battery', role };
    return (await caller.post('/api/v1/users', body).expect(201)).body.id as string;
  };
  const [first, second, third] = [await add('admin'), await add('viewer'), await add('customer')];
  await caller.put(`/api/v1/users/${first}`, { role: 'manager', active: false }).expect(200);
  await caller.delete(`/api/v1/users/${second}`).expect(200);
  await caller.delete(`/api/v1/users/${third}?hard_delete=true`).expect(200);
  const { owner } = auth.database;
  const kept = await owner('user_counts').select('company_id', 'role', 'is_active', 'users').where('users', '<>', 0);
  const counted = await owner('users')
    .select('company_id', 'role', 'is_active')
    .count({ users: '*' })
    .groupBy('company_id', 'role', 'is_active');
  const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).toSorted();
  expect(sorted(kept)).toEqual(sorted(counted));
  expect(kept.filter(({ company_id }) => company_id === user.business_id)).toHaveLength(3);
});
