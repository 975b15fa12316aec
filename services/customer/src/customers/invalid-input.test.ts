import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import type { Test } from 'supertest';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const errorPaths = async (call: Test, status = 422): Promise<string[]> => {
  const { body } = await call;
  expect(body).toMatchObject({ status });
  return body.errors.map(({ path }: { path: string }) => path).toSorted();
};
const sendText = (caller: TestUser, method: 'post' | 'put' | 'patch', at: string, text: string) =>
  caller[method](at).set('Content-Type', 'application/json').send(text);

const invalidValues: [string, ...unknown[]][] = [
  ['user_id', 'me', 1, '', `${randomUUID()}0`],
  ['external_id', '', ' ', 'x'.repeat(101), 5, ['x']],
  ['full_name', '', 'x'.repeat(256), 'x'.repeat(10_000), 'a\u0000b', 'a\nb', 'a\ud800', 7, {}, ['Ana']],
  ['firstname', '\u007f', true],
  ['lastname', '\udc00', []],
  ['email', 'no', 'a@b', '@example.com', 'a b@example.com', `${'x'.repeat(250)}@example.com`, 5, 'a@example.com\u0000'],
  ['phone', '1234', 'abcde', '1'.repeat(21), '1234567890123456', 612345678, 'x'.repeat(10_000)],
  ['gender', 'x', '', 1, ['male']],
  [
    'birthday',
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '01/02/1990',
    '2999-01-01',
    '2024-02-29T00:00:00Z',
    '0000-01-01',
    19900101,
  ],
  ['city_id', '5', -1, 1.5, 2_147_483_648, 1e300],
  ['document_type', '', 'a b', '1', 5],
  ['document_number', '', ' .-', 'x'.repeat(101), 5],
  ['address', 'street', [], 5],
  ['preferences', null, [], 'none'],
  ['metadata', null, [], 'text', { text: 'a\u0000b' }, { '\ud800': 1 }, { big: 'x'.repeat(65_536) }],
  [
    'last_auth_at',
    '2023-02-29T00:00:00Z',
    '2024-01-01',
    '2024-01-01T00:00:00',
    'now',
    1_700_000_000,
    '2024-01-01T25:00:00Z',
  ],
];

describe('invalid input', () => {
  test.for(invalidValues)(
    'an invalid %s is rejected by name on create and change',
    async ([field, ...values], { admin }) => {
      const customer = await createCustomer(admin);
      for (const value of values) {
        const input = { document_type: 'passport', full_name: 'Ana', [field]: value };
        expect([value, await errorPaths(admin.post(path, input))]).toEqual([value, [field]]);
        expect(await errorPaths(admin.patch(`${path}/${customer.id}`, { [field]: value }))).toEqual([field]);
        expect(
          await errorPaths(
            admin.put(`${path}/${customer.id}`, { ...customer, document_type: 'passport', [field]: value }),
          ),
        ).toEqual([field]);
      }
      expect((await admin.get(`${path}/${customer.id}`)).body.customer).toEqual(customer);
    },
  );

  test('is reported field by field, including nested, unknown and combined fields', async ({ admin }) => {
    const input = {
      email: 'no',
      address: { line: 5, planet: 'Mars', zip_code: 10_115 },
      preferences: { newsletter: 'yes', language: '!' },
      document_number: '123',
      document_type: 'cpf',
      birthday: 'x',
      number: 10_000_000,
      status: 'deleted',
      type: 'gold',
      tags: 'vip',
      is_active: true,
      created_at: 'x',
      password: 'x',
    };
    expect(await errorPaths(admin.post(path, input))).toEqual(
      [
        'address.line',
        'address.planet',
        'address.zip_code',
        'birthday',
        'document_number',
        'email',
        'is_active',
        'number',
        'password',
        'preferences.language',
        'preferences.newsletter',
        'status',
        'tags',
        'created_at',
        'type',
      ].toSorted(),
    );
    for (const city_id of ['x', 1.5, -1])
      expect(await errorPaths(admin.post(path, { city_id }))).toEqual(['city_id', 'full_name']);
    expect(await errorPaths(admin.post(path, { full_name: 'A', document_number: '123', gender: 5 }))).toEqual([
      'document_type',
      'gender',
    ]);
    for (const number of [0, -1, 1.5, '5', 1e21, null])
      expect(await errorPaths(admin.post(path, { full_name: 'A', number }))).toEqual(['number']);
    const { id } = await createCustomer(admin);
    expect(
      await errorPaths(admin.patch(`${path}/${id}`, { document_type: 'cnpj', document_number: '1', colour: 'red' })),
    ).toEqual(['colour', 'document_number']);
  });

  test('that is not an object or not JSON is a 4xx', async ({ admin }) => {
    const { id } = await createCustomer(admin);
    const shapes: [string, number][] = [
      ['[]', 422],
      ['null', 422],
      ['5', 422],
      ['"text"', 422],
      ['{', 400],
      ['{"full_name":"a"', 400],
      ['{"a":\u0000}', 400],
    ];
    for (const [text, status] of shapes) {
      for (const call of [
        sendText(admin, 'post', path, text),
        sendText(admin, 'put', `${path}/${id}`, text),
        sendText(admin, 'patch', `${path}/${id}`, text),
      ]) {
        expect([text, (await call).status]).toEqual([text, status]);
      }
    }
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const text = `{"full_name":"Ana","${name}":{"role":"admin"}}`;
      for (const call of [sendText(admin, 'post', path, text), sendText(admin, 'patch', `${path}/${id}`, text)])
        expect(await errorPaths(call)).toEqual([name]);
    }
    await admin.post(path, { full_name: 'A', metadata: { big: 'x'.repeat(1_100_000) } }).expect(413);
    await admin.post(path).set('Content-Type', 'text/plain').send('full_name=Ana').expect(415);
  });

  test('in the path is a 400, in the query a 422 naming each parameter', async ({ admin }) => {
    for (const id of ['1', 'x', '%00', `${randomUUID()}%20`, "'%20or%201=1"]) {
      for (const call of [
        admin.get(`${path}/${id}`),
        admin.patch(`${path}/${id}`, {}),
        admin.delete(`${path}/${id}`),
        admin.patch(`${path}/${id}/activate`),
      ])
        await call.expect(400);
    }
    const query =
      'page=-1&per_page=101&sort=password&active_only=maybe&search=x&status=deleted&type=gold&external_id=&created_from=2024-02-30&created_to=soon&nothing=1';
    expect(await errorPaths(admin.get(`${path}?${query}`))).toEqual(
      query
        .split('&')
        .map((pair) => pair.split('=')[0] ?? '')
        .toSorted(),
    );
    for (const one of [
      'page=0',
      'page=1000001',
      'page=1e3',
      'page=1&page=2',
      'per_page=0',
      'sort=',
      'sort=full_name,full_name',
      'sort=-',
      'sort=metadata',
      'search=%00%00',
      `search=${'x'.repeat(101)}`,
      'search=a&search=b',
      'created_from=',
      'status[]=active',
    ]) {
      expect([one, await errorPaths(admin.get(`${path}?${one}`))]).toEqual([one, [one.split('=')[0]]]);
    }
    await admin.get(`${path}?search=%ED%A0%80%ED%A0%80`).expect(200);
    await admin.delete(`${path}/${randomUUID()}?hard=true`).expect(422);
  });
});
