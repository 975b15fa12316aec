import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer).extend('company', ({ service }) =>
  service.company({ country: 'RO', currency: 'RON' }),
);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana Pop' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events()).filter(({ data }) => data['customer_id'] === id);

describe('changing a customer', () => {
  test('keeps omitted fields, clears with null, and publishes the changed fields', async ({ service, admin }) => {
    const customer = await createCustomer(admin, {
      full_name: 'Keep',
      email: 'keep@example.com',
      city_id: 7,
      metadata: { a: 1, b: 2 },
    });
    const { body, headers } = await admin
      .patch(`${path}/${customer.id}`, { city_id: null, metadata: { c: 3 }, birthday: '1990-05-05' })
      .expect(200);
    expect(body).toEqual({
      message: 'Customer updated',
      customer: {
        ...customer,
        city_id: null,
        metadata: { a: 1, b: 2, c: 3 },
        birthday: '1990-05-05',
        updated_at: expect.any(String),
        version: 2,
      },
    });
    expect(headers['etag']).toBe('"2"');
    const [, updated, ...more] = await eventsOf(service, customer.id);
    expect(updated).toMatchObject({
      name: 'customer.updated',
      sequence: 2,
      data: { fields_changed: expect.arrayContaining(['city_id', 'metadata', 'birthday']) },
    });
    expect(updated?.data['fields_changed']).toHaveLength(3);
    expect(more).toEqual([]);
  });

  test('accepts the whole record; unchanged, it changes nothing', async ({ service, admin }) => {
    const customer = await createCustomer(admin, {
      firstname: 'Whole',
      lastname: 'Record',
      phone: '(0712) 00 11 22',
      address: { line: 'A', zip_code: '01' },
      metadata: { z: [1] },
    });
    const same = await admin.put(`${path}/${customer.id}`, customer).expect(200);
    expect(same.body.customer).toEqual(customer);
    expect(same.headers['etag']).toBe('"1"');
    const { body } = await admin.put(`${path}/${customer.id}`, { ...customer, firstname: 'Other' }).expect(200);
    expect(body.customer).toMatchObject({ firstname: 'Other', full_name: 'Other Record', phone: '+40712001122' });
    expect((await eventsOf(service, customer.id)).map(({ name }) => name)).toEqual([
      'customer.created',
      'customer.updated',
    ]);
    const [row] = await service.database.owner('customers').where({ id: customer.id });
    expect(row).toMatchObject({ phone_typed: '(0712) 00 11 22' });
  });

  test('rejects read-only fields together with all other errors', async ({ admin }) => {
    const customer = await createCustomer(admin, { email: 'readonly@example.com', user_id: randomUUID() });
    const wrong = {
      ...customer,
      id: randomUUID(),
      status: 'inactive',
      type: 'vip',
      is_active: false,
      avatar_url: '/a',
      created_at: '1999-01-01T00:00:00.000Z',
      tags: ['vip'],
      user_id: randomUUID(),
      email: null,
    };
    const { body } = await admin.put(`${path}/${customer.id}`, wrong).expect(422);
    expect(body.errors.map((error: { path: string }) => error.path).toSorted()).toEqual(
      ['avatar_url', 'created_at', 'full_name', 'id', 'is_active', 'status', 'tags', 'type', 'user_id'].toSorted(),
    );
    expect((await admin.get(`${path}/${customer.id}`)).body.customer).toEqual(customer);
  });

  test('sets user_id once', async ({ admin }) => {
    const customer = await createCustomer(admin);
    const user_id = randomUUID();
    await admin.patch(`${path}/${customer.id}`, { user_id: user_id.toUpperCase() }).expect(200);
    await admin.patch(`${path}/${customer.id}`, { user_id }).expect(200);
    for (const other of [randomUUID(), null]) {
      const { body } = await admin.patch(`${path}/${customer.id}`, { user_id: other }).expect(422);
      expect(body.errors).toEqual([{ path: 'user_id', message: 'is read-only once it is set' }]);
    }
  });

  test('rebuilds the full name only if it was built', async ({ admin }) => {
    const change = async (id: string, body: object) =>
      (await admin.patch(`${path}/${id}`, body).expect(200)).body.customer.full_name;
    const built = await createCustomer(admin, { firstname: 'Ana', lastname: 'Silva' });
    expect(built.full_name).toBe('Ana Silva');
    expect(await change(built.id, { lastname: 'Costa' })).toBe('Ana Costa');
    expect(await change(built.id, { full_name: 'Dr. Costa' })).toBe('Dr. Costa');
    expect(await change(built.id, { firstname: 'Eva' })).toBe('Dr. Costa');
    expect(await change(built.id, { full_name: null })).toBe('Eva Costa');
    expect(await change(built.id, { firstname: null })).toBe('Costa');
    const later = await createCustomer(admin, { email: 'later@example.com' });
    expect(later.full_name).toBe(null);
    expect(await change(later.id, { firstname: 'Now' })).toBe('Now');
    const long = await createCustomer(admin, { firstname: 'f'.repeat(255), lastname: 'l'.repeat(255) });
    expect(long.full_name).toBe('f'.repeat(255));
  });

  test('merges keys of address and preferences', async ({ admin }) => {
    const customer = await createCustomer(admin, {
      full_name: 'Keys',
      address: { line: 'L', city: 'C' },
      preferences: { newsletter: true },
    });
    const at = `${path}/${customer.id}`;
    const { body } = await admin
      .patch(at, { address: { city: null, state: 'S' }, preferences: { language: 'ro' } })
      .expect(200);
    expect(body.customer).toMatchObject({
      address: { line: 'L', city: null, state: 'S', zip_code: null, country: null },
      preferences: { newsletter: true, notifications: true, language: 'ro' },
    });
    expect((await admin.patch(at, { address: null }).expect(200)).body.customer.address).toBe(null);
    expect((await admin.patch(at, { address: {} }).expect(200)).headers['etag']).toBe('"3"');
  });

  test('validates the resulting record', async ({ admin }) => {
    const customer = await createCustomer(admin, { email: 'last@example.com' });
    const at = `${path}/${customer.id}`;
    expect((await admin.patch(at, { email: null }).expect(422)).body.errors).toMatchObject([{ path: 'full_name' }]);
    await admin.patch(at, { email: null, phone: '0712345000' }).expect(200);
    expect((await admin.patch(at, { document_number: '900123456' }).expect(422)).body.errors).toMatchObject([
      { path: 'document_type' },
    ]);
    await admin.patch(at, { document_type: 'NIT', document_number: '900.123.456' }).expect(200);
    expect((await admin.patch(at, { document_type: 'cpf' }).expect(422)).body.errors).toEqual([
      { path: 'document_number', message: 'is not a valid CPF' },
    ]);
    expect((await admin.patch(at, { document_type: null }).expect(422)).body.errors).toMatchObject([
      { path: 'document_type' },
    ]);
    expect(
      (await admin.patch(at, { document_number: null, document_type: 'cpf' }).expect(200)).body.customer,
    ).toMatchObject({ document_type: 'cpf', document_number: null });
  });

  test('checks If-Match, and never answers a read with 304 because counters raise no version', async ({ admin }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}`;
    const { headers } = await admin.get(at).expect(200);
    expect(headers['etag']).toBe('"1"');
    await admin.get(at).set('If-None-Match', '"1"').expect(200);
    await admin.patch(at, { city_id: 1 }).set('If-Match', '"1"').expect(200);
    for (const stale of [
      admin.patch(at, { city_id: 2 }),
      admin.put(at, { city_id: 2 }),
      admin.delete(at),
      admin.delete(`${at}?hard_delete=true`),
      admin.patch(`${at}/activate`),
    ]) {
      expect((await stale.set('If-Match', '"1"').expect(412)).body.error_code).toBe('PRECONDITION_FAILED');
    }
    expect((await admin.get(at)).body.customer).toMatchObject({ city_id: 1, is_active: true });
    await admin.delete(at).set('If-Match', 'W/"2"').expect(200);
    await admin.patch(`${at}/activate`).set('If-Match', '"3"').expect(200);
  });
});

describe('metadata', () => {
  test('is merged by key at every depth; null removes a key, also on creation (RFC 7396)', async ({ admin }) => {
    const { id, metadata } = await createCustomer(admin, {
      full_name: 'Merged',
      metadata: { a: 1, gone: null, nested: { x: 1, y: [1, null], z: null } },
    });
    expect(metadata).toEqual({ a: 1, nested: { x: 1, y: [1, null] } });
    for (const [method, patch, merged] of [
      ['patch', { b: { c: null, d: 2 } }, { a: 1, b: { d: 2 }, nested: { x: 1, y: [1, null] } }],
      ['put', { a: null, nested: { x: { deep: true }, y: null } }, { b: { d: 2 }, nested: { x: { deep: true } } }],
      ['patch', { nested: [2], absent: null }, { b: { d: 2 }, nested: [2] }],
      ['patch', {}, { b: { d: 2 }, nested: [2] }],
    ] as const) {
      const { body } = await admin[method](`${path}/${id}`, { metadata: patch }).expect(200);
      expect(body.customer.metadata).toEqual(merged);
    }
  });

  test('may be 64 KiB and 32 deep, also after merging', async ({ admin }) => {
    const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as object;
    const { id } = await createCustomer(admin, { full_name: 'Large', metadata: { first: 'x'.repeat(40_000) } });
    const at = `${path}/${id}`;
    const { body } = await admin.patch(at, { metadata: { second: 'x'.repeat(40_000) } }).expect(422);
    expect(body.errors).toEqual([{ path: 'metadata', message: 'must not be larger than 64 KiB' }]);
    await admin.patch(at, { metadata: { first: null, second: 'x'.repeat(40_000) } }).expect(200);
    await admin.patch(at, { metadata: nested(32) }).expect(200);
    for (const depth of [33, 39]) {
      const deep = await admin.patch(at, { metadata: nested(depth) }).expect(422);
      expect(deep.body.errors.map((error: { path: string }) => error.path)).toEqual(['metadata']);
    }
  });
});
