import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object) =>
  (await admin.post(path, body).expect(201)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events())
    .filter(({ data }) => data['customer_id'] === id)
    .map(({ name, sequence, data }) => ({ name, sequence, data }));

describe('a deleted customer', () => {
  test('can be read by id, is in no list, rejects changes, and is restored by activate', async ({ service, admin }) => {
    const customer = await createCustomer(admin, { full_name: 'Coming Back', metadata: { kept: true } });
    const at = `${path}/${customer.id}`;
    expect((await admin.delete(at).expect(200)).body).toEqual({ message: 'Customer deactivated' });
    const deleted = (await admin.get(at).expect(200)).body.customer;
    expect(deleted).toEqual({ ...customer, is_active: false, updated_at: expect.any(String), version: 2 });

    const found = async (query: string) => (await admin.get(`${path}?search=Coming${query}`).expect(200)).body.total;
    for (const query of ['', '&active_only=true', '&status=active', '&status=inactive'])
      expect(await found(query)).toBe(0);
    expect(await found('&active_only=false')).toBe(1);
    expect(await found('&active_only=false&status=active')).toBe(1);

    for (const change of [admin.patch(at, { city_id: 1 }), admin.put(at, deleted)])
      expect((await change.expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    expect((await admin.delete(at).expect(200)).body).toEqual({ message: 'Customer deactivated' });
    expect((await admin.get(at)).headers['etag']).toBe('"2"');

    const back = await admin.patch(`${at}/activate`).expect(200);
    expect(back.body).toEqual({
      message: 'Customer activated',
      customer: { ...customer, updated_at: expect.any(String), version: 3 },
    });
    await admin.patch(`${at}/activate`).expect(200);
    const named = { customer_id: customer.id, number: customer.number };
    expect(await eventsOf(service, customer.id)).toEqual([
      { name: 'customer.created', sequence: 1, data: named },
      { name: 'customer.deleted', sequence: 2, data: { ...named, hard: false } },
      { name: 'customer.status.changed', sequence: 3, data: { ...named, from: 'deleted', to: 'active' } },
    ]);
  });

  test('frees its unique values, and cannot be activated while another customer has one', async ({ admin }) => {
    const values = {
      email: { email: 'Free@Example.com' },
      phone: { phone: '612 345 678' },
      user_id: { user_id: randomUUID() },
      external_id: { external_id: 'free-1' },
      document_number: { document_type: 'nit', document_number: '900123456' },
    };
    for (const [field, value] of Object.entries(values)) {
      const first = await createCustomer(admin, { full_name: 'First', ...value });
      const again = field === 'email' ? { email: 'fREE@example.COM' } : value;
      const rejected = (await admin.post(path, { full_name: 'Second', ...again }).expect(409)).body;
      expect(rejected).toMatchObject({
        error_code: `CUSTOMER_${field.toUpperCase()}_TAKEN`,
        errors: [{ path: field }],
        existing: { id: first.id, number: first.number },
      });
      await admin.delete(`${path}/${first.id}`).expect(200);
      const second = await createCustomer(admin, { full_name: 'Second', ...again });
      const back = (await admin.patch(`${path}/${first.id}/activate`).expect(409)).body;
      expect(back).toMatchObject({
        error_code: rejected.error_code,
        existing: { id: second.id, number: second.number },
      });
      expect((await admin.get(`${path}/${first.id}`)).body.customer.is_active).toBe(false);
      await admin.delete(`${path}/${second.id}?hard_delete=true`).expect(200);
      await admin.patch(`${path}/${first.id}/activate`).expect(200);
      const third = await createCustomer(admin, { full_name: 'Third' });
      expect((await admin.patch(`${path}/${third.id}`, again).expect(409)).body.existing).toEqual({
        id: first.id,
        number: first.number,
      });
    }
  });

  test('keeps its number reserved', async ({ service, admin }) => {
    const customer = await createCustomer(admin, { full_name: 'Numbered', number: 4711 });
    await admin.delete(`${path}/${customer.id}`).expect(200);
    const { body } = await admin.post(path, { full_name: 'Other', number: 4711 }).expect(409);
    expect(body).toMatchObject({ error_code: 'CUSTOMER_NUMBER_TAKEN', existing: { id: customer.id, number: 4711 } });
    const stranger = service.user('admin', service.company());
    await stranger.post(path, { full_name: 'Elsewhere', number: 4711 }).expect(201);
  });

  test('document numbers are unique whatever their type, and per company', async ({ service, admin }) => {
    const same = { email: 'same@example.com', phone: '699999999', document_number: 'AB-12' };
    await createCustomer(admin, { ...same, document_type: 'passport' });
    const otherType = { full_name: 'Other type', document_type: 'cedula', document_number: 'AB.12' };
    const { error_code } = (await admin.post(path, otherType).expect(409)).body;
    expect(error_code).toBe('CUSTOMER_DOCUMENT_NUMBER_TAKEN');
    const elsewhere = service.user('admin', service.company());
    const { body } = await elsewhere.post(path, { ...same, document_type: 'passport' }).expect(201);
    expect(body.customer).toMatchObject({ email: same.email, phone: '+34699999999', document_number: 'AB12' });
  });
});

describe('a removed customer', () => {
  test('is a 404; a deleted customer can be removed too', async ({ service, admin }) => {
    for (const before of [false, true]) {
      const customer = await createCustomer(admin, { full_name: 'Gone', email: 'gone@example.com' });
      const at = `${path}/${customer.id}`;
      if (before) await admin.delete(at).expect(200);
      expect((await admin.delete(`${at}?hard_delete=true`).expect(200)).body).toEqual({ message: 'Customer removed' });
      for (const call of [
        admin.get(at),
        admin.put(at, {}),
        admin.patch(at, {}),
        admin.delete(at),
        admin.delete(`${at}?hard_delete=true`),
        admin.patch(`${at}/activate`),
      ]) {
        expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      }
      expect((await admin.get(`${path}?search=gone@&active_only=false`)).body.total).toBe(0);
      const last = (await eventsOf(service, customer.id)).at(-1);
      expect(last).toMatchObject({ name: 'customer.deleted', sequence: before ? 3 : 2, data: { hard: true } });
      expect(await service.database.owner('customer_counters').where({ customer_id: customer.id })).toEqual([]);
    }
  });

  test('can be removed by an admin only', async ({ service, company, admin }) => {
    const customer = await createCustomer(admin, { full_name: 'Stays' });
    const manager = service.user('manager', company);
    await manager.delete(`${path}/${customer.id}?hard_delete=true`).expect(403);
    expect((await admin.get(`${path}/${customer.id}`)).body.customer).toEqual(customer);
    await manager.delete(`${path}/${customer.id}?hard_delete=false`).expect(200);
    await admin.delete(`${path}/${customer.id}?hard_delete=yes`).expect(422);
  });
});

describe('activate', () => {
  test('sets the status active and publishes the previous one', async ({ service, company, admin }) => {
    const customer = await createCustomer(admin, { full_name: 'Held', status: 'suspended' });
    expect(customer.is_active).toBe(false);
    const { body } = await service.user('manager', company).patch(`${path}/${customer.id}/activate`).expect(200);
    expect(body.customer).toMatchObject({ status: 'active', is_active: true });
    expect((await eventsOf(service, customer.id)).at(-1)).toMatchObject({
      name: 'customer.status.changed',
      sequence: 2,
      data: { from: 'suspended', to: 'active' },
    });
    await admin.patch(`${path}/${customer.id}/activate`, { status: 'active' }).expect(422);
  });
});

describe('the internal lookup', () => {
  test('finds by id and number, also deleted customers, within the company and for allowed services only', async ({
    service,
    company,
    admin,
  }) => {
    const customer = await createCustomer(admin, { full_name: 'Asked' });
    const favorites = service.callingService('favorites', company);
    const found = { id: customer.id, number: customer.number, deleted: false };
    expect((await favorites.get(`/internal/customers/${customer.id}`).expect(200)).body).toEqual(found);
    expect(
      (await service.callingService('interaction', company).get(`/internal/customers/${customer.number}`).expect(200))
        .body,
    ).toEqual(found);
    await admin.delete(`${path}/${customer.id}`).expect(200);
    expect((await favorites.get(`/internal/customers/${customer.id}`).expect(200)).body).toEqual({
      ...found,
      deleted: true,
    });
    await service
      .callingService('favorites', service.company())
      .get(`/internal/customers/${customer.number}`)
      .expect(404);
    await favorites.get('/internal/customers/999999999999999').expect(404);
    await favorites.get('/internal/customers/1e3').expect(400);
    await service.callingService('product', company).get(`/internal/customers/${customer.id}`).expect(403);
    await admin.get(`/internal/customers/${customer.id}`).expect(403);
    await admin.delete(`${path}/${customer.id}?hard_delete=true`).expect(200);
    await favorites.get(`/internal/customers/${customer.id}`).expect(404);
  });
});
