import type { TestService, TestUser } from '@clientela/testing';
import type { Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestCustomer } from '../../testing/test-customer.ts';

const path = '/api/customers';
const create = async (user: TestUser) => (await user.post(path, { full_name: 'A' }).expect(201)).body.customer;

type Result = { status: number; body: Record<string, unknown> };

const send = async (request: Test): Promise<Result> => {
  const { status, body } = await request;
  return { status, body: body.customer ?? body };
};
const operate = async (operation: object, user: TestUser): Promise<Result> => {
  const { body } = await user.post(`${path}/batch`, { operations: [operation] }).expect(200);
  const [{ status, customer, error }] = body.results;
  return { status, body: customer ?? error };
};

/** Every way to write fields of a customer; each returns the status and what was stored, or the problem. */
const writers = {
  POST: (values: object, user: TestUser) => send(user.post(path, values)),
  PATCH: async (values: object, user: TestUser) => send(user.patch(`${path}/${(await create(user)).id}`, values)),
  PUT: async (values: object, user: TestUser) => send(user.put(`${path}/${(await create(user)).id}`, values)),
  'batch create': (data: object, user: TestUser) => operate({ op: 'create', data }, user),
  'batch update': async (data: object, user: TestUser) =>
    operate({ op: 'update', id: (await create(user)).id, data }, user),
  'batch upsert': (values: object, user: TestUser) =>
    operate({ op: 'upsert', match_on: 'external_id', data: { external_id: crypto.randomUUID(), ...values } }, user),
};
type WriterName = keyof typeof writers;
const write = (writer: WriterName, values: object, user: TestUser): Promise<Result> => writers[writer](values, user);

/** Tests e-mails, phones and documents by some of the ways to write a customer. */
export function testIdentifiers(names: readonly WriterName[]): void {
  let service: TestService;
  beforeAll(async () => {
    service = await createTestCustomer();
  });
  afterAll(() => service.close());

  describe.each(names)('%s', (writer) => {
    const shop = (country = 'ES') => service.user('admin', service.company({ country }));

    test('takes the e-mail addresses of RFC 5321 and RFC 6531, and one domain in two spellings as one address', async () => {
      const user = shop();
      for (const [typed, stored = typed] of [
        ['sales&buy@example.com'],
        ['a/b~@example.com'],
        ['a!b@example.com'],
        ['info@xn--e1afmkfd.xn--p1ai'],
        ['info@räucher.example', 'info@xn--rucher-bua.example'],
        ['Ada@Example.COM', 'Ada@example.com'],
      ])
        expect((await write(writer, { email: typed }, user)).body).toMatchObject({ email: stored });
      for (const taken of ['info@пример.рф', 'info@XN--RUCHER-BUA.example', 'ADA@EXAMPLE.com']) {
        const { status, body } = await write(writer, { email: taken }, user);
        expect([status, body['error_code'], body['existing']]).toEqual([
          409,
          'CUSTOMER_EMAIL_TAKEN',
          expect.any(Object),
        ]);
      }
      for (const email of [`${'a'.repeat(65)}@example.com`, '"a b"@example.com', 'a@[192.0.2.1]', 'a@example..com'])
        expect((await write(writer, { email }, user)).body).toMatchObject({ status: 422, errors: [{ path: 'email' }] });
    });

    test('keeps the extension of a phone, takes the digits of any script, and compares both', async () => {
      const user = shop();
      for (const [typed, stored] of [
        ['+1 415 555 2671 x101', '+14155552671;ext=101'],
        ['+1 415 555 2671 x102', '+14155552671;ext=102'],
        ['+14155552671', '+14155552671'],
        ['600 11 22 33 доб. 7', '+34600112233;ext=7'],
        ['50110556645 #7', '50110556645;ext=7'],
        ['+٤٠٧١٢٣٤٥٦٧٨', '+40712345678'],
      ])
        expect((await write(writer, { phone: typed }, user)).body).toMatchObject({ phone: stored });
      for (const phone of [
        '(415) 555-2671 ext 101',
        '+14155552671;ext=102',
        '+50110556645 x7',
        '＋４０７１２３４５６７８',
      ]) {
        const { status, body } = await write(writer, { phone: phone.replace(/^\(/, '+1 (') }, user);
        expect([phone, status, body['error_code']]).toEqual([phone, 409, 'CUSTOMER_PHONE_TAKEN']);
      }
      for (const phone of ['1234 x5678', '60011 x12345678', '1'.repeat(41)])
        expect((await write(writer, { phone }, user)).body).toMatchObject({ status: 422, errors: [{ path: 'phone' }] });
    });

    test('compares document numbers without separators and check digit, across types', async () => {
      const user = shop('CO');
      const document = (document_type: string, document_number: string) => ({
        document_type,
        document_number,
        firstname: 'A',
      });
      for (const [type, typed, stored] of [
        ['cnpj', '11.222.333/0001-81', '11222333000181'],
        ['nit', '860.002.964-4', '8600029644'],
        ['passport', 'ab\u200b-12\u201334', 'AB1234'],
      ] as const)
        expect((await write(writer, document(type, typed), user)).body).toMatchObject({ document_number: stored });
      for (const [type, number] of [
        ['cnpj', '11222333000181'],
        ['tax_id', '11222333000181'],
        ['nit', '860002964'],
        ['rut', '860.002.964 \u2212 4'],
        ['cedula', '860002964'],
        ['passport', 'AB 12.34'],
      ] as const) {
        const { status, body } = await write(writer, document(type, number), user);
        expect([type, status, body['error_code'], body['existing']]).toEqual([
          type,
          409,
          'CUSTOMER_DOCUMENT_NUMBER_TAKEN',
          expect.any(Object),
        ]);
      }
      for (const [type, number] of [
        ['cpf', '111.111.111-11'],
        ['cnpj', '00.000.000/0000-00'],
        ['nit', '860.002.964-3'],
      ] as const)
        expect((await write(writer, document(type, number), user)).body).toMatchObject({
          status: 422,
          errors: [{ path: 'document_number' }],
        });
    });

    test('requires the check digit of a RUT in Chile only', async () => {
      const rut = { document_type: 'rut', document_number: '123456789', firstname: 'A' };
      expect((await write(writer, rut, shop('CO'))).body).toMatchObject({ document_number: '123456789' });
      expect((await write(writer, rut, shop('CL'))).body).toMatchObject({
        status: 422,
        errors: [{ path: 'document_number' }],
      });
      const complete = { ...rut, document_number: '12.345.678-5' };
      expect((await write(writer, complete, shop('CL'))).body).toMatchObject({ document_number: '123456785' });
    });
  });
}
