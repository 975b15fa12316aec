import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser, type Company } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { sampleImage } from './avatars/testing/sample-images.ts';
import { createTestCustomer } from './testing/test-customer.ts';

// Requests of existing clients, unchanged: each succeeds, with or without a trailing slash.

const test = serviceTest(() =>
  createTestCustomer({
    avatarStorage: { put: async () => {}, get: async () => undefined, remove: async () => {} },
  }),
).extend('company', ({ service }) => service.company({ country: 'RO', currency: 'RON' }));

const path = '/api/customers';

describe('a shop client', () => {
  /** Creates the customer of the client's documentation, with ids of this run. */
  const john = async (caller: TestUser, { id }: Company) => {
    const body = {
      full_name: 'John Doe',
      email: 'john.doe@example.com',
      phone: '0712345678',
      gender: 'male',
      user_id: randomUUID(),
      business_id: id,
    };
    const response = await caller.post(`${path}/`, body).expect(201);
    expect(response.body).toMatchObject({
      message: 'Customer created',
      customer: { ...body, phone: expect.anything() },
    });
    return response.body.customer;
  };

  test('creates, reads, lists, changes and deletes a customer', async ({ company, admin }) => {
    const customer = await john(admin, company);
    expect(customer.phone).toBe('+40712345678');
    expect((await admin.get(`${path}/${customer.id}`).expect(200)).body).toEqual({ customer });
    const { body } = await admin.get(`${path}/`).expect(200);
    expect(body).toMatchObject({ customers: [{ id: customer.id }], total: 1, page: 1, pages: 1, per_page: 20 });
    const change = { full_name: 'John F. Doe', gender: 'other' };
    const changed = await admin.patch(`${path}/${customer.id}`, change).expect(200);
    expect(changed.body.customer).toMatchObject(change);
    const stats = await admin.get(`${path}/${customer.id}/stats`).expect(200);
    expect(stats.body).toMatchObject({ total_orders: 0, total_appointments: 0, lifetime_value: '0.00' });
    const file = await sampleImage('jpeg');
    const pictured = await admin.post(`${path}/${customer.id}/avatar`).attach('file', file, 'john.jpg').expect(200);
    expect(pictured.body.customer.avatar_url).toMatch(/^\/avatars\//);
    await admin.delete(`${path}/${customer.id}`).expect(200);
  });

  test.for(['ES', 'US', 'BR', 'PT', 'CO', 'RU'])(
    'accepts a phone of another country in a company of %s',
    async (country, { service }) => {
      const elsewhere = service.company({ country });
      const customer = await john(service.user('manager', elsewhere), elsewhere);
      expect(customer.phone).toMatch(/^\+?\d+$/);
      const { body } = await service.user('manager', elsewhere).get(`${path}?search=0712345678`).expect(200);
      expect(body.customers).toMatchObject([{ id: customer.id }]);
    },
  );

  test('adds and removes tags by each route', async ({ admin }) => {
    const { id } = (await admin.post(`${path}/`, { full_name: 'Tagged' }).expect(201)).body.customer;
    const vip = await admin.post(`${path}/${id}/tags`, { label: 'VIP', color: '#FFD700' }).expect(201);
    expect(vip.body.tag).toMatchObject({ customer_id: id, label: 'VIP', color: '#FFD700', created_by: admin.user_id });
    const input = { customer_id: id, label: 'Blacklist', color: '#000000', priority: 1 };
    const other = await admin.post(`${path}/tags/`, input).expect(201);
    const several = await admin.post(`${path}/${id}/tags`, { labels: ['new', 'web'] }).expect(201);
    expect(several.body.tags).toHaveLength(2);
    const list = await admin.get(`${path}/tags/customer/${id}`).expect(200);
    expect(list.body.tags.map(({ label }: { label: string }) => label)).toEqual(['Blacklist', 'new', 'VIP', 'web']);
    await admin.delete(`${path}/tags/${other.body.tag.id}`).expect(200);
    await admin.delete(`${path}/${id}/tags/${vip.body.tag.id}`).expect(200);
    expect((await admin.get(`${path}/tags/customer/${id}`)).body.total).toBe(2);
  });

  test('adds, reads and removes notes', async ({ admin }) => {
    const { id } = (await admin.post(`${path}/`, { full_name: 'Noted' }).expect(201)).body.customer;
    const content = 'Clienta întreabă când își primește comanda.';
    const { note } = (await admin.post(`${path}/${id}/notes`, { content }).expect(201)).body;
    expect(note).toMatchObject({ customer_id: id, content, created_by: admin.user_id });
    expect((await admin.get(`${path}/${id}/notes`).expect(200)).body.notes).toEqual([note]);
    await admin.delete(`${path}/${id}/notes/${note.id}`).expect(200);
  });
});

describe('a self-service and back-office client', () => {
  test('reads its own profile and statistics', async ({ service, company }) => {
    const person = service.user('customer', company);
    const profile = { user_id: person.user_id, business_id: company.id, email: 'r@example.com', full_name: 'R. Man' };
    const made = await service.callingService('auth').post(`${path}/internal/create`, profile).expect(201);
    const { id } = made.body.customer;
    const moved = { increment: { total_orders: 1, lifetime_value: '10.50' } };
    const counting = service.callingService('interaction', company).patch(`${path}/internal/${id}/statistics`, moved);
    await counting.expect(200);
    const found = await service.callingService('interaction', company).get(`${path}/internal/user/${person.user_id}`);
    expect(found.body.customer).toMatchObject({ id, total_orders: 1, lifetime_value: '10.50' });
    expect((await person.get(`${path}/me`).expect(200)).body.customer).toMatchObject({ id, full_name: 'R. Man' });
    expect((await person.get(`${path}/me/statistics`).expect(200)).body).toMatchObject({ total_orders: 1 });
  });

  test('finds and changes customers, their status, type, notes, orders and complaints', async ({ admin }) => {
    const { id } = (await admin.post(path, { full_name: 'Managed Customer' }).expect(201)).body.customer;
    const at = `${path}/${id}`;
    expect((await admin.get(`${path}?search=managed&status=active&type=regular`).expect(200)).body.total).toBe(1);
    await admin.put(at, { phone: '0712000001' }).expect(200);
    await admin.patch(`${at}/status`, { status: 'suspended', reason: 'Chargebacks' }).expect(200);
    await admin.patch(`${at}/type`, { type: 'premium' }).expect(200);
    await admin.post(`${at}/notes`, { content: 'Spoke with the customer' }).expect(201);
    expect((await admin.get(`${at}/orders`).expect(200)).body).toMatchObject({ orders: [] });
    expect((await admin.get(`${at}/complaints`).expect(200)).body).toMatchObject({ complaints: [] });
    await admin.delete(at).expect(200);
  });
});
