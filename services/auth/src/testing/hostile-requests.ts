import { randomUUID } from 'node:crypto';
import type { createTestAuth } from './test-auth.ts';

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

type TestAuth = Awaited<ReturnType<typeof createTestAuth>>;

/**
 * Sends hostile values in the fields of auth's routes.
 * @param isSent whether a value is sent in a field, by their positions
 * @returns the responses that are server errors, and the number of all
 */
export async function sendHostileValues(
  service: TestAuth,
  isSent: (value: number, field: number) => boolean,
): Promise<{ failed: { call: string; status: number }[]; sent: number }> {
  const { user, client } = await service.register();
  const root = service.user('superuser');
  const company = (await root.post('/api/v1/companies', { name: 'Target' }).expect(201)).body.id as string;
  const responses: { call: string; status: number }[] = [];
  const record = (call: string, { status }: { status: number }) => responses.push({ call, status });
  for (const [at, value] of values.entries()) {
    const label = JSON.stringify(value).slice(0, 40);
    const some = <T>(fields: readonly T[]) => fields.filter((_field, position) => isSent(at, position));
    for (const field of some(userFields)) {
      const body = { email: `${randomUUID()}@example.com`, password: 'short', [field]: value };
      record(`create ${field} ${label}`, await client.post('/api/v1/users', body));
      if (field !== 'password')
        record(`change ${field} ${label}`, await client.put(`/api/v1/users/${user.id}`, { [field]: value }));
    }
    for (const field of some(companyFields)) {
      record(`change company ${field} ${label}`, await root.put(`/api/v1/companies/${company}`, { [field]: value }));
      record(`create company ${field} ${label}`, await root.post('/api/v1/companies', { name: 'N', [field]: value }));
    }
    for (const field of some(['code', 'name', 'description', 'country_code', 'category', 'active']))
      record(`type ${field} ${label}`, await root.put('/api/v1/document-types/cpf', { [field]: value }));
    const text = encodeURIComponent(typeof value === 'string' && value.isWellFormed() ? value : label);
    for (const query of some(['search', 'role', 'is_active', 'limit', 'offset', 'company_id', `search=a&search`]))
      record(`list ${query} ${label}`, await root.get(`/api/v1/users?${query}=${text}`));
    for (const path of ['users', 'companies'])
      record(`get ${path} ${label}`, await root.get(`/api/v1/${path}/${text || 'x'}`));
    record(`type ${label}`, await root.put(`/api/v1/document-types/${text || 'x'}`, { active: true }));
  }
  return { failed: responses.filter(({ status }) => status >= 500), sent: responses.length };
}
