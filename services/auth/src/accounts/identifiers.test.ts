import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { Config } from '../config.ts';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth).extend('admin', async ({ service }) => (await service.register()).client);

const password = 'correct horse battery';
const users = '/api/v1/users';
const companies = '/api/v1/companies';
const login = (service: TestAuth, email: string) => service.anonymous().post('/auth/login', { email, password });

describe('the e-mail of a user', () => {
  test('is stored with its domain in ASCII, unique in any spelling, and signs in in any spelling', async ({
    service,
    admin,
  }) => {
    const { user } = await service.register({ email: 'Info&me@räucher.example', password });
    expect(user.email).toBe('Info&me@xn--rucher-bua.example');
    for (const email of ['info&me@RÄUCHER.example', 'info&me@xn--rucher-bua.EXAMPLE']) {
      const registration = { email, password, name: 'B' };
      expect((await service.anonymous().post('/auth/register', registration).expect(409)).body.error_code).toBe(
        'USER_EMAIL_TAKEN',
      );
      await admin.post(users, { email, password }).expect(409);
      expect((await login(service, email).expect(200)).body.user.id).toBe(user.id);
    }
    const { body: other } = await admin.post(users, { email: 'почта@example.com', password }).expect(201);
    expect(other.email).toBe('почта@example.com');
    await admin.put(`${users}/${other.id}`, { email: 'info&me@räucher.example' }).expect(409);
    const { body: moved } = await admin.put(`${users}/${other.id}`, { email: 'b@räucher.example' }).expect(200);
    expect(moved.email).toBe('b@xn--rucher-bua.example');
    for (const search of ['b@räucher.example', 'b@xn--rucher-bua.example'])
      expect((await admin.get(`${users}?search=${encodeURIComponent(search)}`).expect(200)).body.users).toMatchObject([
        { id: other.id },
      ]);
  });

  test('has at most 64 octets before the @; an older account signs in nevertheless', async ({ service, admin }) => {
    const long = `${'a'.repeat(65)}@example.com`;
    for (const email of [long, '"a b"@example.com', 'a@[192.0.2.1]']) {
      for (const request of [
        service.anonymous().post('/auth/register', { email, password, name: 'B' }),
        admin.post(users, { email, password }),
        admin.put(`${users}/${admin.user_id}`, { email }),
      ])
        expect((await request.expect(422)).body.errors).toMatchObject([{ path: 'email' }]);
    }
    const { user } = await service.register({ password });
    await service.database.owner('users').where({ id: user.id }).update({ email: long });
    expect((await login(service, long).expect(200)).body.user.email).toBe(long);
  });
});

test('a user’s phone keeps its extension, and is found with and without it', async ({ admin }) => {
  const body = { email: `${randomUUID()}@example.com`, password, phone: '+1 415 555 2671 x101' };
  const { body: user } = await admin.post(users, body).expect(201);
  expect(user.phone).toBe('+14155552671;ext=101');
  for (const search of ['(415) 555-2671', '415 555 2671 ext 101', '٤١٥٥٥٥٢٦٧١'])
    expect((await admin.get(`${users}?search=${encodeURIComponent(search)}`).expect(200)).body.users).toMatchObject([
      { id: user.id },
    ]);
  const { body: changed } = await admin.put(`${users}/${user.id}`, { phone: '+٤٠٧١٢٣٤٥٦٧٨ доб. 5' }).expect(200);
  expect(changed.phone).toBe('+40712345678;ext=5');
});

test('a user’s document is normalized, not unique, and judged only when it changes', async ({ service, admin }) => {
  const newUser = (document_type: string, number_document_identity: string) =>
    admin.post(users, { email: `${randomUUID()}@example.com`, password, document_type, number_document_identity });
  const { body: user } = await newUser('cnpj', '11.222.333/0001-81').expect(201);
  expect(user.number_document_identity).toBe('11222333000181');
  expect((await newUser('cnpj', '11222333000181').expect(201)).body.number_document_identity).toBe('11222333000181');
  expect((await newUser('nit', '860\u2013002\u200b964-4').expect(201)).body.number_document_identity).toBe(
    '8600029644',
  );
  await newUser('cpf', '111.111.111-11').expect(422);
  await newUser('nit', '860.002.964-3').expect(422);
  const stored = { document_type: 'cpf', number_document_identity: '11111111111' };
  await service.database.owner('users').where({ id: user.id }).update(stored);
  const { body: changed } = await admin.put(`${users}/${user.id}`, { ...stored, address: 'Street 1' }).expect(200);
  expect(changed).toMatchObject({ ...stored, address: 'Street 1' });
  await admin.put(`${users}/${user.id}`, { number_document_identity: '22222222222' }).expect(422);
});

describe('the document of a company', () => {
  const create = (superuser: TestUser, document_type: string, document_number: string, country = 'CO') =>
    superuser.post(companies, { name: 'A', document_type, document_number, country });

  test('is compared without separators and check digit, across types', async ({ superuser }) => {
    const { body: loja } = await create(superuser, 'cnpj', '11.222.333/0001-81').expect(201);
    expect(loja.document_number).toBe('11222333000181');
    const { body: tienda } = await create(superuser, 'nit', '860.002.964-4').expect(201);
    expect(tienda.document_number).toBe('8600029644');
    for (const [type, number, existing] of [
      ['cnpj', '11222333000181', loja],
      ['nit', '860002964', tienda],
      ['rut', '860.002.964\u20134', tienda],
      ['tax_id', '860002964', tienda],
    ] as const) {
      const { body } = await create(superuser, type, number).expect(409);
      expect(body).toMatchObject({ error_code: 'COMPANY_DOCUMENT_NUMBER_TAKEN', existing: { id: existing.id } });
    }
    const { body: third } = await create(superuser, 'nit', '900373511').expect(201);
    const taken = await superuser.put(`${companies}/${third.id}`, { document_number: '860002964' }).expect(409);
    expect(taken.body.existing).toMatchObject({ id: tienda.id });
    await superuser.put(`${companies}/${third.id}`, { document_number: '900373511' }).expect(200);
  });

  test('must be valid when it changes, a RUT by the company’s country', async ({ service, superuser }) => {
    for (const [type, number, country] of [
      ['cpf', '111.111.111-11', 'BR'],
      ['nit', '860.002.964-3', 'CO'],
      ['rut', '123456789', 'CL'],
    ])
      expect((await create(superuser, type!, number!, country).expect(422)).body.errors).toMatchObject([
        { path: 'document_number' },
      ]);
    await create(superuser, 'rut', '12.345.678-5', 'CL').expect(201);
    const { body } = await create(superuser, 'rut', '123456789', 'CO').expect(201);
    const stored = { document_type: 'cnpj', document_number: '33444555/000181' };
    await service.database.owner('companies').where({ id: body.id }).update(stored);
    const { headers } = await superuser.get(`${companies}/${body.id}`).expect(200);
    for (const sent of [stored, { ...stored, document_number: '33.444.555/0001-81' }])
      expect((await superuser.put(`${companies}/${body.id}`, sent).expect(200)).headers['etag']).toBe(headers['etag']);
  });
});

describe('a country', () => {
  const invalid = ['UK', 'EU', 'SU', 'AC', 'AQ', 'ZZ', 'E', 'ESP'];

  test('of a company is an ISO 3166-1 code with a numbering plan; a stored one may be sent back', async ({
    service,
    superuser,
  }) => {
    const company = (await superuser.post(companies, { name: 'A', country: 'xk' }).expect(201)).body;
    expect(company.country).toBe('XK');
    for (const country of invalid) {
      for (const request of [
        superuser.post(companies, { name: 'A', country }),
        superuser.put(`${companies}/${company.id}`, { country }),
      ])
        expect((await request.expect(422)).body.errors).toMatchObject([{ path: 'country' }]);
    }
    await service.database.owner('companies').where({ id: company.id }).update({ country: 'UK' });
    const { body } = await superuser.put(`${companies}/${company.id}`, { country: 'UK', name: 'B' }).expect(200);
    expect(body).toMatchObject({ country: 'UK', name: 'B' });
    await superuser.put(`${companies}/${company.id}`, { country: 'GB' }).expect(200);
    await superuser.put(`${companies}/${company.id}`, { country: 'UK' }).expect(422);
  });

  test('of a document type is one as well', async ({ service, superuser }) => {
    const types = '/api/v1/document-types';
    await superuser.post(types, { code: 'dni', name: 'DNI', country_code: 'es' }).expect(201);
    for (const country_code of invalid) {
      await superuser.post(types, { code: 'other', name: 'Other', country_code }).expect(422);
      const { body } = await superuser.put(`${types}/dni`, { country_code }).expect(422);
      expect(body.errors).toMatchObject([{ path: 'country_code' }]);
    }
    await service.database.owner('document_types').where({ code: 'dni' }).update({ country_code: 'SU' });
    const { body } = await superuser.put(`${types}/dni`, { country_code: 'SU', name: 'Document' }).expect(200);
    expect(body).toMatchObject({ country_code: 'SU', name: 'Document' });
    expect((await superuser.put(`${types}/dni`, { country_code: null }).expect(200)).body.country_code).toBeNull();
  });

  test('of the settings is one as well', () => {
    const { DEFAULT_COUNTRY } = Config.shape;
    expect(DEFAULT_COUNTRY.parse('co')).toBe('CO');
    expect(invalid.filter((code) => DEFAULT_COUNTRY.safeParse(code).success)).toEqual([]);
  });
});
