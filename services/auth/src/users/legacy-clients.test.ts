import { serviceTest } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

// Every call in the API documentation of the legacy user service (docs/compatibility.md), with ids and keys of this run.

const test = serviceTest(createTestAuth)
  .extend('registered', { scope: 'file' }, ({ service }) => service.register())
  .extend('admin', ({ registered }) => registered.client)
  .extend('company_id', ({ registered }) => registered.user.company_id ?? '');

const john = (company_id: string) => ({
  username: 'john_doe',
  email: 'john@example.com',
  password: 'securepassword',
  first_name: 'John',
  last_name: 'Doe',
  phone: '+1234567890',
  address: '123 Main St',
  number_document_identity: '123456789',
  document_type: 'passport',
  company_id,
  role: 'customer',
});

describe('users', () => {
  test('are created, listed, read, changed, signed in and deleted', async ({ service, admin, company_id }) => {
    const { body: user } = await admin.post('/api/v1/users', john(company_id)).expect(201);
    const { password, ...input } = john(company_id);
    expect(user).toMatchObject({ ...input, is_active: true, is_staff: false, is_superuser: false });
    const { body: list } = await admin.get('/api/v1/users?limit=20&offset=0').expect(200);
    expect(list).toMatchObject({ total: 2, limit: 20, offset: 0 });
    expect(list.users[0]).toEqual({
      id: user.id,
      unique_id: user.unique_id,
      username: 'john_doe',
      first_name: 'John',
      last_name: 'Doe',
      email: 'john@example.com',
      role: 'customer',
      is_active: true,
      company_id,
      version: 1,
    });
    expect((await admin.get(`/api/v1/users/${user.id}`).expect(200)).body).toEqual(user);
    await service.anonymous().post('/auth/login', { username: 'john_doe', password }).expect(200);
    const change = { first_name: 'Updated Name', phone: '+9876543210', active: true };
    const { body: changed } = await admin.put(`/api/v1/users/${user.id}`, change).expect(200);
    expect(changed).toMatchObject({ first_name: 'Updated Name', phone: '+9876543210', is_active: true });
    await admin.delete(`/api/v1/users/${user.id}`).expect(200);
  });

  test('have roles and document types', async ({ service, admin }) => {
    const { body } = await admin.get('/api/v1/users/roles').expect(200);
    expect(body.roles).toContainEqual({ name: 'Admin', code: 'admin', permissions: ['all'] });
    const types = (await service.anonymous().get('/api/v1/document-types').expect(200)).body as object[];
    expect(types[0]).toMatchObject({ code: 'cedula', active: true, created_at: expect.any(String) });
  });
});

test('companies are created, listed, read, changed, counted and deleted', async ({ superuser, company_id }) => {
  const input = {
    name: 'New Company',
    business_name: 'New Company LLC',
    document_type: 'NIT',
    document_number: '123456789',
  };
  const { body: company } = await superuser.post('/api/v1/companies', input).expect(201);
  expect(company).toMatchObject({ ...input, document_type: 'nit', status: 'active', days_credit: 0 });
  const { body: list } = await superuser.get('/api/v1/companies').expect(200);
  expect(list).toMatchObject({ companies: [company, { company_id }], total: 2, limit: 20, offset: 0 });
  expect((await superuser.get(`/api/v1/companies/${company.company_id}`).expect(200)).body).toEqual(company);
  const change = { name: 'Logistics Corp', company_key: 'LOGISTIC-001', days_credit: 30 };
  const { body: changed } = await superuser.put(`/api/v1/companies/${company.company_id}`, change).expect(200);
  expect(changed).toMatchObject(change);
  const { body: statistics } = await superuser.get('/api/v1/companies/analytics').expect(200);
  expect(statistics).toMatchObject({ total_companies: 2, active_companies: 2, inactive_companies: 0 });
  await superuser.delete('/api/v1/companies/LOGISTIC-001').expect(200);
});
