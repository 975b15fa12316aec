import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';
import type { Company } from './schema.ts';

const test = serviceTest(createTestAuth).extend('root', { scope: 'file' }, ({ service }) => service.user('superuser'));

const path = '/api/v1/companies';
const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const newNumber = () => randomUUID();
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();
const withoutVolatile = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
const createCompany = async (root: TestUser, body: object = {}) =>
  (await root.post(path, { name: 'New Company', ...body }).expect(201)).body as Company;
const adminOf = (service: TestAuth, company: Company) => service.user('admin', company);
const eventsOf = async (service: TestAuth, company: { id: string }) =>
  (await service.events())
    .filter(({ data }) => data['company_id'] === company.id)
    .map(({ name, sequence, data }) => ({ name, sequence, data }));

describe('a new company', () => {
  test('is returned with its keys and the default country and currency', async ({ root }) => {
    const document_number = newNumber();
    const input = { name: 'New Company', business_name: 'New Company LLC', document_type: 'Tax_ID', document_number };
    const { body, headers } = await root.post(path, input).expect(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      company_id: expect.stringMatching(/^COMP-\d{3,}$/),
      company_key: body.company_id,
      name: 'New Company',
      business_name: 'New Company LLC',
      document_type: 'tax_id',
      document_number: document_number.replaceAll('-', '').toUpperCase(),
      country: 'ES',
      currency: 'EUR',
      status: 'active',
      active: true,
      days_credit: 0,
      open_registration: false,
      require_mfa: false,
      total_users: 0,
      total_active_users: 0,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      version: 1,
    });
    expect(headers['etag']).toBe('"1"');
    const optional = {
      company_key: 'logistic-001',
      days_credit: 30,
      country: 'co',
      currency: 'cop',
      open_registration: true,
    };
    expect(await createCompany(root, optional)).toMatchObject({
      ...optional,
      company_key: 'LOGISTIC-001',
      country: 'CO',
      currency: 'COP',
    });
  });

  test('can be created by a superuser only', async ({ service, root }) => {
    const company = await createCompany(root);
    for (const role of ['admin', 'manager', 'viewer', 'customer'] as const) {
      await service.user(role, company).post(path, { name: 'X' }).expect(403);
    }
    await service.anonymous().post(path, { name: 'X' }).expect(401);
  });

  test('has a unique document number and company key', async ({ service, root }) => {
    const document_number = newNumber();
    const company_key = `K-${randomUUID().slice(0, 8).toUpperCase()}`;
    const company = await createCompany(root, { document_type: 'tax_id', document_number, company_key });
    const taken = { document_number: 'COMPANY_DOCUMENT_NUMBER_TAKEN', company_key: 'COMPANY_COMPANY_KEY_TAKEN' };
    for (const [field, error_code] of Object.entries(taken)) {
      const value = { document_number, company_key: company_key.toLowerCase() }[field];
      const { body } = await root.post(path, { name: 'X', [field]: value }).expect(409);
      expect(body).toMatchObject({ error_code, existing: { id: company.id, number: company.company_id } });
    }
    const { body } = await adminOf(service, await createCompany(root))
      .put(`${path}/${(await createCompany(root)).id}`, {})
      .expect(403);
    expect(body.error_code).toBe('FORBIDDEN');
    const own = await createCompany(root);
    const refused = await adminOf(service, own).put(`${path}/${own.id}`, { document_number }).expect(409);
    expect(refused.body).not.toHaveProperty('existing');
  });

  test('with invalid fields returns a 422 that names each', async ({ root }) => {
    const invalid = {
      name: '',
      company_key: 'a b',
      days_credit: -1,
      country: 'Spain',
      currency: 'XX',
      status: 'active',
      id: randomUUID(),
    };
    expect(paths((await root.post(path, invalid).expect(422)).body)).toEqual([
      'company_key',
      'country',
      'currency',
      'days_credit',
      'id',
      'name',
      'status',
    ]);
    for (const company_key of ['COMP-777', 'comp-x', randomUUID(), 'X', 'X'.repeat(51)]) {
      expect(paths((await root.post(path, { name: 'X', company_key }).expect(422)).body)).toEqual(['company_key']);
    }
    for (const [document_type, document_number] of [
      ['nit', '8600029645'],
      ['rut', '12345678X'],
      ['cpf', '11144477736'],
      ['cnpj', '1'],
    ]) {
      const { body } = await root.post(path, { name: 'X', document_type, document_number }).expect(422);
      expect(paths(body)).toEqual(['document_number']);
    }
    await createCompany(root, { document_type: 'NIT', document_number: '860.002.964-4' });
  });
});

describe('reading a company', () => {
  test('finds a company by id, COMP key and company_key, with its user counts', async ({ service, root }) => {
    const { user, client } = await service.register();
    const key = `S-${randomUUID().slice(0, 8).toUpperCase()}`;
    await root.put(`${path}/${user.company_id}`, { company_key: key }).expect(200);
    const created = await client.post('/api/v1/users', { email: newEmail(), password }).expect(201);
    await client.delete(`/api/v1/users/${created.body.id}`).expect(200);
    for (const superuser of [client, root, service.user('viewer', { id: user.business_id ?? '' })]) {
      for (const reference of [
        user.business_id,
        user.company_id,
        user.company_id?.toLowerCase(),
        key,
        key.toLowerCase(),
      ]) {
        const { body } = await superuser.get(`${path}/${reference}`).expect(200);
        expect(body).toMatchObject({ id: user.business_id, company_key: key, total_users: 2, total_active_users: 1 });
      }
    }
    await client.get(`${path}/${user.business_id}`).set('If-None-Match', '"2"').expect(200);
    await service
      .user('customer', { id: user.business_id ?? '' })
      .get(`${path}/${user.business_id}`)
      .expect(403);
  });

  test('another company returns the same 403 whether or not it exists; a superuser gets a 404', async ({
    service,
    root,
  }) => {
    const own = adminOf(service, await createCompany(root));
    const other = await createCompany(root);
    const body = { name: 'Mine now' };
    for (const verb of ['get', 'put'] as const) {
      const call = (key: string) => own[verb](`${path}/${key}`, verb === 'put' ? body : undefined);
      const existing = withoutVolatile(await call(other.id).expect(403));
      for (const key of [randomUUID(), other.company_id, 'COMP-999999', 'NO-KEY']) {
        expect(withoutVolatile(await call(key).expect(403))).toEqual(existing);
      }
    }
    await own.delete(`${path}/${other.id}`).expect(403);
    await own.get(`${path}/a%20b`).expect(400);
    expect((await root.get(`${path}/${randomUUID()}`).expect(404)).body.error_code).toBe('COMPANY_NOT_FOUND');
    expect((await root.get(`${path}/${other.id}`)).body).toEqual(other);
  });

  test('lists the own company; superusers list all companies, newest first', async ({ service, root }) => {
    const first = await createCompany(root);
    const second = await createCompany(root);
    const { body } = await root.get(`${path}?limit=2`).expect(200);
    expect(body).toEqual({ companies: [second, first], total: expect.any(Number), limit: 2, offset: 0 });
    expect((await root.get(`${path}?limit=1&offset=1`)).body.companies).toEqual([first]);
    expect((await adminOf(service, first).get(path).expect(200)).body).toEqual({
      companies: [first],
      total: 1,
      limit: 20,
      offset: 0,
    });
    await service.user('customer', first).get(path).expect(403);
    await root.get(`${path}?limit=101`).expect(422);
  });
});

describe('changing a company', () => {
  test('an admin changes the own company, except the fields of superusers', async ({ service, root }) => {
    const company = await createCompany(root, { company_key: `A-${randomUUID().slice(0, 8).toUpperCase()}` });
    const admin = adminOf(service, company);
    const document_number = newNumber();
    const changes = {
      name: 'Renamed',
      business_name: null,
      document_type: 'passport',
      document_number,
      country: 'br',
      currency: 'brl',
      open_registration: true,
    };
    const { body, headers } = await admin.put(`${path}/${company.company_id}`, changes).expect(200);
    expect(body).toMatchObject({ ...changes, document_number: expect.any(String), country: 'BR', currency: 'BRL' });
    expect(headers['etag']).toBe('"2"');
    expect(await eventsOf(service, company)).toEqual([
      { name: 'company.updated', sequence: 2, data: { company_id: company.id, fields_changed: expect.any(Array) } },
    ]);
    await admin.put(`${path}/${company.id}`, body).expect(200);
    await root.put(`${path}/${company.id}`, body).expect(200);
    for (const [field, value] of Object.entries({ status: 'inactive', days_credit: 9, company_key: 'MINE' })) {
      expect(paths((await admin.put(`${path}/${company.id}`, { name: 'X', [field]: value }).expect(403)).body)).toEqual(
        [field],
      );
    }
    const readOnly = { id: randomUUID(), company_id: 'COMP-1', active: false, created_at: 'x' };
    expect(paths((await root.put(`${path}/${company.id}`, readOnly).expect(422)).body)).toEqual(
      Object.keys(readOnly).toSorted(),
    );
    for (const role of ['manager', 'viewer', 'customer'] as const) {
      await service.user(role, company).put(`${path}/${company.id}`, { name: 'X' }).expect(403);
    }
    await admin.put(`${path}/${company.id}`, { name: 'X' }).set('If-Match', '"1"').expect(412);
    expect((await admin.get(`${path}/${company.id}`)).body).toEqual(body);
    expect(await eventsOf(service, company)).toHaveLength(1);
    const actions = await service.database.owner('audit_logs').where({ resource_id: company.id }).pluck('action');
    expect(actions.toSorted()).toEqual(['company.created', 'company.updated']);
  });

  test('a company accepts its own COMP key as company_key', async ({ root }) => {
    const company = await createCompany(root);
    expect((await root.put(`${path}/${company.id}`, company).expect(200)).body).toEqual(company);
    await root.put(`${path}/${company.id}`, { company_key: `B-${company.id.slice(-8)}` }).expect(200);
    await root.put(`${path}/${company.id}`, { company_key: company.company_id }).expect(200);
    expect(paths((await root.put(`${path}/${company.id}`, { company_key: 'COMP-999' }).expect(422)).body)).toEqual([
      'company_key',
    ]);
  });

  test('suspending or closing a company revokes its users’ access; reactivating restores it', async ({
    service,
    root,
  }) => {
    const { user, email, password: secret } = await service.register();
    const signIn = () => service.anonymous().post('/auth/login', { email, password: secret });
    const live = () => service.database.owner('sessions').where({ user_id: user.id }).whereNull('ended_at');
    const since = async () =>
      (await service.database.owner('companies').where({ id: user.business_id }).first()).status_changed_at as string;
    const companyPath = `${path}/${user.business_id}`;
    await signIn().expect(200);
    const before = await since();
    const { body } = await root.put(companyPath, { status: 'suspended', name: 'Both' }).expect(200);
    expect(body).toMatchObject({ status: 'suspended', active: false, name: 'Both' });
    expect(await live()).toEqual([]);
    await signIn().expect(401);
    expect((await since()) > before).toBe(true);
    await root.put(companyPath, { status: 'active' }).expect(200);
    expect(await live()).toEqual([]);
    await signIn().expect(200);
    expect((await root.delete(companyPath).expect(200)).body).toEqual({ message: 'Company deactivated' });
    await root.delete(companyPath).expect(200);
    expect(await live()).toEqual([]);
    await signIn().expect(401);
    expect(await eventsOf(service, { id: user.business_id ?? '' })).toEqual([
      { name: 'company.updated', sequence: 2, data: { company_id: user.business_id, fields_changed: ['name'] } },
      {
        name: 'company.status.changed',
        sequence: 3,
        data: { company_id: user.business_id, from: 'active', to: 'suspended' },
      },
      {
        name: 'company.status.changed',
        sequence: 4,
        data: { company_id: user.business_id, from: 'suspended', to: 'active' },
      },
      {
        name: 'company.status.changed',
        sequence: 5,
        data: { company_id: user.business_id, from: 'active', to: 'inactive' },
      },
    ]);
  });
});

test('a company with open registration accepts new users as customers', async ({ service, root }) => {
  const company = await createCompany(root, { open_registration: true, country: 'BR' });
  for (const company_id of [company.id, company.company_id.toLowerCase()]) {
    const input = { email: newEmail(), password, name: 'Jo Joins', phone: '(11) 96123-4567', company_id };
    const { body } = await service.anonymous().post('/auth/register', input).expect(201);
    expect(body.user).toMatchObject({
      role: 'customer',
      business_id: company.id,
      phone: '+5511961234567',
      is_staff: false,
    });
    expect((await service.events('user.registered')).at(-1)).toMatchObject({
      company_id: company.id,
      actor_id: body.user.id,
    });
  }
  const registrationProblem = async () =>
    withoutVolatile(
      await service
        .anonymous()
        .post('/auth/register', { email: newEmail(), password, company_id: company.id })
        .expect(403),
    );
  await root.put(`${path}/${company.id}`, { status: 'suspended' }).expect(200);
  const suspended = await registrationProblem();
  await root.put(`${path}/${company.id}`, { status: 'active', open_registration: false }).expect(200);
  expect(await registrationProblem()).toEqual(suspended);
  expect(suspended).toMatchObject({ error_code: 'REGISTRATION_CLOSED' });
});

test('twenty companies registered concurrently get distinct keys', async () => {
  const pooled = await createTestAuth({ pool: 10 });
  try {
    const superuser = pooled.user('superuser');
    const create = async (
      body: object,
    ): Promise<{ status: number; body: { company_id: string; company_key: string } }> => {
      const response = await superuser.post(path, body);
      return response.status === 503 ? create(body) : response; // a busy machine had no connection in time
    };
    const responses = await Promise.all(Array.from({ length: 20 }, () => create({ name: 'At once' })));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 201));
    const keys = new Set(responses.flatMap(({ body }) => [body.company_id, body.company_key]));
    expect([...keys].toSorted()).toEqual(
      Array.from({ length: 20 }, (_, n) => `COMP-${String(n + 1).padStart(3, '0')}`),
    );
    const sameNumber = await Promise.all(
      Array.from({ length: 5 }, () => create({ name: 'X', document_number: 'SAME-1' })),
    );
    expect(sameNumber.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409]);
  } finally {
    await pooled.close();
  }
});
