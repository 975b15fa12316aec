import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { testIdentifiers } from './testing/identifier-tests.ts';

testIdentifiers(['POST', 'PATCH', 'batch upsert']); // identifiers.large.test.ts has the others

const test = serviceTest(createTestCustomer).extend('admin', ({ service }) => service.user('admin', service.company()));

const path = '/api/customers';
const create = async (admin: TestUser, body: object, user = admin) =>
  (await user.post(path, body).expect(201)).body.customer;
const searched = async (admin: TestUser, search: string, user = admin) => {
  const { body } = await user.get(`${path}?search=${encodeURIComponent(search)}`).expect(200);
  return body.customers.map(({ id }: { id: string }) => id);
};

describe('a customer', () => {
  test('stays unchanged when its values are sent back, in any spelling and by any of today’s rules', async ({
    service,
    admin,
  }) => {
    const { id } = await create(admin, { full_name: 'Ada', email: 'ada@räucher.example', phone: '+1 415 555 2671 x9' });
    const stored = { document_type: 'cpf', document_number: '11111111111', phone: '+14155552671;ext=9' };
    await service.database.owner('customers').where({ id }).update(stored);
    const { body, headers } = await admin.get(`${path}/${id}`).expect(200);
    const sent = [
      body.customer,
      { email: 'ada@RÄUCHER.example' },
      { phone: '+1 (415) 555-2671 ext. 9' },
      { document_type: 'CPF', document_number: '111.111.111-11' },
    ];
    for (const values of sent)
      expect((await admin.put(`${path}/${id}`, values).expect(200)).headers['etag']).toBe(headers['etag']);
    expect((await admin.patch(`${path}/${id}`, { city_id: 7 }).expect(200)).body.customer.city_id).toBe(7);
    await admin.patch(`${path}/${id}`, { document_number: '22222222222' }).expect(422);
    await admin.patch(`${path}/${id}`, { document_type: 'cnpj' }).expect(422);
  });

  test('loses the slash of its number when its type becomes CNPJ', async ({ admin }) => {
    const { id } = await create(admin, {
      full_name: 'Loja',
      document_type: 'tax_id',
      document_number: '22.333.444/0001-81',
    });
    const { body } = await admin.patch(`${path}/${id}`, { document_type: 'cnpj' }).expect(200);
    expect(body.customer.document_number).toBe('22333444000181');
  });

  test('is found by both spellings of its domain', async ({ admin }) => {
    const { id } = await create(admin, { full_name: 'Info', email: 'kontakt@bücher.example' });
    for (const search of [
      'kontakt@bücher.example',
      'kontakt@xn--bcher-kva.example',
      'bücher',
      'BUCHER.example',
      'xn--bcher',
    ])
      expect([search, await searched(admin, search)]).toEqual([search, [id]]);
  });

  test('is found by its phone with and without the extension', async ({ service, admin }) => {
    const user = service.user('admin', service.company());
    const { id } = await create(admin, { full_name: 'Desk', phone: '+1 415 555 2672 x101' }, user);
    const other = await create(admin, { full_name: 'Desk', phone: '+1 415 555 2672 x202' }, user);
    for (const search of ['+1 415 555 2672 x101', '415-555-2672 ext. 101', '4155552672#101', '14155552672;ext=101'])
      expect([search, await searched(admin, search, user)]).toEqual([search, [id]]);
    for (const search of ['+1 415 555 2672', '(415) 555-2672', '٤١٥٥٥٥٢٦٧٢'])
      expect([search, (await searched(admin, search, user)).toSorted()]).toEqual([search, [id, other.id].toSorted()]);
  });
});
