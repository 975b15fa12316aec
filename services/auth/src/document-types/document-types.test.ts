import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

const path = '/api/v1/document-types';
const paths = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path).toSorted();

test('anyone lists the document types, which include the common ones from the start', async ({ service }) => {
  const { body } = await service.anonymous().get(path).expect(200);
  expect(body.map(({ code }: { code: string }) => code)).toEqual([
    'cedula',
    'cnpj',
    'cpf',
    'drivers_license',
    'nit',
    'passport',
    'rut',
    'tax_id',
  ]);
  expect(body[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: 'Cédula de ciudadanía',
    code: 'cedula',
    description: expect.any(String),
    country_code: 'CO',
    category: 'identity',
    active: true,
    created_at: expect.any(String),
    version: 1,
  });
});

test('only superusers create and change document types', async ({ service }) => {
  const root = service.user('superuser');
  const input = { name: 'DNI', code: 'DNI', description: 'Documento', country_code: 'es', category: 'identity' };
  const { body } = await root.post(path, input).expect(201);
  expect(body).toEqual({
    ...input,
    code: 'dni',
    country_code: 'ES',
    active: true,
    id: expect.any(String),
    created_at: expect.any(String),
    version: 1,
  });
  const again = await root.post(path, { name: 'Other', code: 'Dni' }).expect(409);
  expect(again.body).toMatchObject({ error_code: 'DOCUMENT_TYPE_CODE_TAKEN', existing: { id: body.id } });

  const changed = await root.put(`${path}/DNI`, { ...body, active: false, description: null }).expect(200);
  expect(changed.body).toEqual({ ...body, active: false, description: null, version: 2 });
  expect(changed.headers['etag']).toBe('"2"');
  await root.put(`${path}/dni`, { active: true }).set('If-Match', '"1"').expect(412);
  expect(paths((await root.put(`${path}/dni`, { code: 'other', nothing: 1 }).expect(422)).body)).toEqual(['nothing']);
  expect(paths((await root.put(`${path}/dni`, { code: 'other' }).expect(422)).body)).toEqual(['code']);
  expect((await root.put(`${path}/unknown`, { active: true }).expect(404)).body.error_code).toBe(
    'DOCUMENT_TYPE_NOT_FOUND',
  );
  await root.put(`${path}/a-b`, { active: true }).expect(400);
  expect(paths((await root.post(path, { code: '1x', country_code: 'EUR' }).expect(422)).body)).toEqual([
    'code',
    'country_code',
    'name',
  ]);

  const { client } = await service.register();
  await client.post(path, { ...input, code: 'x1' }).expect(403);
  await client.put(`${path}/dni`, { active: true }).expect(403);
  await service.anonymous().post(path, input).expect(401);
  expect((await service.anonymous().get(path)).body).toContainEqual(changed.body);
});
