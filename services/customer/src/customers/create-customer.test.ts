import { randomUUID } from 'node:crypto';
import { unavailable } from '@clientela/errors';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import pg from 'pg';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

let isAuthUnavailable = false;

const test = serviceTest(() =>
  createTestCustomer({
    companies: (testCompanies) => async (key, call) => {
      if (isAuthUnavailable) throw unavailable('The auth service does not answer');
      return testCompanies(key, call);
    },
  }),
).extend('company', ({ service }) => service.company({ country: 'RO', currency: 'RON' }));

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana Pop' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events()).filter(({ data }) => data['customer_id'] === id);

/** Counts the round trips of this process to its databases. */
function countRoundTrips(): () => number {
  const sent = (['sync', 'query'] as const).map((message) => vi.spyOn(pg.Connection.prototype, message));
  onTestFinished(() => sent.forEach((spy) => spy.mockRestore()));
  return () => {
    const total = sent.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    sent.forEach((spy) => spy.mockClear());
    return total;
  };
}

describe('creating a customer', () => {
  test('takes one round trip with its history and event, two with tags, and changing one takes three', async ({
    admin,
  }) => {
    const tagged = { full_name: 'Ana Pop', tags: ['VIP', 'new'] };
    await createCustomer(admin); // prepares the statement, which the next one is sent with COMMIT
    const roundTrips = countRoundTrips();
    await createCustomer(admin);
    expect(roundTrips()).toBe(1);
    const { id } = await createCustomer(admin, tagged);
    expect(roundTrips()).toBe(2);
    await admin.patch(`${path}/${id}`, { metadata: { shoe_size: 40 } }).expect(200); // prepares its statements
    roundTrips();
    await admin.patch(`${path}/${id}`, { metadata: { shoe_size: 41 } }).expect(200);
    expect(roundTrips()).toBe(3);
  });

  test('that fails stores nothing, also when its statement succeeded', async ({ service, admin }) => {
    const email = 'ana.pop@example.com';
    const { id } = await createCustomer(admin, { full_name: 'Ana Pop', email });
    const tables = ['customers', 'customer_counters', 'customer_history', 'outbox_events', 'outbox_deliveries'];
    const countRows = () => Promise.all(tables.map((table) => service.database.owner(table).count()));
    const before = await countRows();
    const taken = await admin.post(path, { full_name: 'Ana Pop', email }).expect(409);
    expect(taken.body).toMatchObject({ error_code: 'CUSTOMER_EMAIL_TAKEN', existing: { id } });
    const repeated = await admin.post(path, { full_name: 'Ana Pop', tags: ['VIP', 'vip'] }).expect(409);
    expect(repeated.body).toMatchObject({ errors: [{ path: 'tags.1' }] });
    expect(await countRows()).toEqual(before);
  });

  test('returns the full record with a number and the company’s currency; the event omits its values', async ({
    service,
    company,
    admin,
  }) => {
    const user_id = randomUUID();
    const { body, headers } = await admin
      .post(path, {
        full_name: ' John Doe ',
        email: 'john.doe@example.com',
        phone: '0712 345 678',
        gender: 'male',
        user_id,
        business_id: company.id,
      })
      .expect(201);
    expect(body).toEqual({
      message: 'Customer created',
      customer: {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        number: expect.any(Number),
        business_id: company.id,
        user_id,
        external_id: null,
        full_name: 'John Doe',
        firstname: null,
        lastname: null,
        email: 'john.doe@example.com',
        phone: '+40712345678',
        gender: 'male',
        birthday: null,
        city_id: null,
        document_type: null,
        document_number: null,
        address: null,
        avatar_url: null,
        status: 'active',
        type: 'regular',
        is_active: true,
        preferences: { newsletter: false, notifications: true, language: 'en' },
        metadata: {},
        tags: [],
        total_orders: 0,
        total_appointments: 0,
        total_complaints: 0,
        open_complaints: 0,
        last_order_date: null,
        last_appointment_date: null,
        last_complaint_date: null,
        lifetime_value: '0.00',
        currency: 'RON',
        last_auth_at: null,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updated_at: expect.any(String),
        version: 1,
      },
    });
    expect(body.customer.number).toBeGreaterThanOrEqual(10_000_000);
    expect(headers['etag']).toBe('"1"');
    const published = await eventsOf(service, body.customer.id);
    expect(published).toMatchObject([
      {
        name: 'customer.created',
        company_id: company.id,
        actor_id: admin.user_id,
        sequence: 1,
        data: { number: body.customer.number },
      },
    ]);
    expect(JSON.stringify(published)).not.toMatch(/doe|712345678/i);
    const [row] = await service.database.owner('customers').where({ id: body.customer.id });
    expect(row).toMatchObject({ phone_typed: '0712 345 678' });
  });

  test('accepts every writable field', async ({ admin }) => {
    const input = {
      external_id: 'x-1',
      firstname: 'Виктор',
      lastname: 'Ω',
      email: 'Everything@Example.com',
      phone: '50110556645',
      gender: 'F',
      birthday: '2024-02-29',
      city_id: 0,
      document_type: 'CPF',
      document_number: '111.444.777-35',
      address: { line: 'Str. Lungă 1', country: 'RO' },
      preferences: { newsletter: true, language: 'pt-BR' },
      metadata: { shoe: 42, nested: { list: [1, 'a', null] } },
      last_auth_at: '2023-12-21T04:20:37.024+02:00',
      number: 77,
      status: 'suspended',
      type: 'vip',
    };
    const customer = await createCustomer(admin, input);
    expect(customer).toMatchObject({
      ...input,
      full_name: 'Виктор Ω',
      email: 'Everything@example.com',
      phone: '50110556645',
      gender: 'female',
      document_type: 'cpf',
      document_number: '11144477735',
      address: { line: 'Str. Lungă 1', city: null, state: null, zip_code: null, country: 'RO' },
      preferences: { newsletter: true, notifications: true, language: 'pt-BR' },
      last_auth_at: '2023-12-21T02:20:37.024Z',
      is_active: false,
    });
    expect((await admin.get(`${path}/${customer.id}`).expect(200)).body).toEqual({ customer });
  });

  test('requires a name, an e-mail or a phone, and nothing else', async ({ admin }) => {
    const rejected = await admin.post(path, { firstname: null, gender: 'other' }).expect(422);
    expect(rejected.body.errors).toEqual([{ path: 'full_name', message: expect.stringContaining('is required') }]);
    await admin.post(path).expect(422);
    for (const one of [
      { full_name: 'A' },
      { firstname: 'B' },
      { lastname: 'C' },
      { email: 'd@example.com' },
      { phone: '021 22 33 44' },
    ])
      await createCustomer(admin, one);
  });

  test('rejects another company, whether or not it exists', async ({ service, company, admin }) => {
    const { body: other } = await admin.post(path, { full_name: 'X', business_id: service.company().id }).expect(403);
    const { body: unknown } = await admin.post(path, { full_name: 'X', business_id: randomUUID() }).expect(403);
    expect({ ...other, timestamp: '', request_id: '' }).toEqual({ ...unknown, timestamp: '', request_id: '' });
    await createCustomer(admin, { full_name: 'X', business_id: company.id.toUpperCase() });
    const customer = await createCustomer(admin);
    await admin.patch(`${path}/${customer.id}`, { business_id: randomUUID() }).expect(403);
    await admin.patch(`${path}/${customer.id}`, { business_id: 'mine' }).expect(422);
  });
});

describe('the company’s country and currency', () => {
  test('come from auth for a new customer and a new phone; other changes work without auth', async ({ admin }) => {
    const customer = await createCustomer(admin, { full_name: 'Alone' });
    isAuthUnavailable = true;
    const rejected = await admin.post(path, { full_name: 'Not now' }).expect(503);
    expect(rejected.headers['retry-after']).toMatch(/^\d+$/);
    await admin.patch(`${path}/${customer.id}`, { phone: '0712999999' }).expect(503);
    await admin.patch(`${path}/${customer.id}`, { full_name: 'Still', phone: null }).expect(200);
    await admin.delete(`${path}/${customer.id}`).expect(200);
    isAuthUnavailable = false;
    expect((await admin.get(`${path}?search=not now`)).body.total).toBe(0);
  });

  test('do not change stored customers', async ({ service }) => {
    const moving = service.company({ country: 'ES', currency: 'EUR' });
    const owner = service.user('admin', moving);
    const { customer } = (await owner.post(path, { full_name: 'Moving', phone: '0712 345 678' }).expect(201)).body;
    expect(customer).toMatchObject({ phone: '0712345678', currency: 'EUR' });
    Object.assign(moving, { country: 'RO', currency: 'RON' });
    expect((await owner.put(`${path}/${customer.id}`, customer).expect(200)).body.customer).toEqual(customer);
    const { body } = await owner.patch(`${path}/${customer.id}`, { phone: '0712 345 679' }).expect(200);
    expect(body.customer).toMatchObject({ phone: '+40712345679', currency: 'EUR' });
  });
});
