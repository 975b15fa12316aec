import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(() => createTestCustomer({ pool: 10 }))
  .extend('company', ({ service }) => service.company({ currency: 'BRL' }))
  .extend('interaction', ({ service, company }) => service.callingService('interaction', company));

const createCustomer = async (admin: TestUser, values: object = {}) =>
  (await admin.post('/api/customers', { full_name: 'Ana', ...values }).expect(201)).body.customer;
const statistics = (id: string) => `/api/customers/internal/${id}/statistics`;
const report = (interaction: TestUser, id: string, body: object) => interaction.patch(statistics(id), body);
/** Repeats the request after a 503, which a busy machine may return before any change. */
const reportUntilServed = async (interaction: TestUser, id: string, body: object) => {
  let response = await report(interaction, id, body);
  while (response.status === 503) response = await report(interaction, id, body);
  return response;
};
const withoutAge = ({ customer_since: _since, ...counters }: Record<string, unknown>) => counters;
const statsOf = async (viewer: TestUser, id: string) =>
  withoutAge((await viewer.get(`/api/customers/${id}/stats`).expect(200)).body);

const nothing = {
  total_orders: 0,
  total_appointments: 0,
  total_complaints: 0,
  open_complaints: 0,
  first_order_date: null,
  last_order_date: null,
  first_appointment_date: null,
  last_appointment_date: null,
  last_complaint_date: null,
  returned_orders: 0,
  cancelled_appointments: 0,
  lifetime_value: '0.00',
  currency: 'BRL',
  by_currency: {},
};
const everything = {
  total_orders: 10,
  total_appointments: 8,
  total_complaints: 6,
  open_complaints: 4,
  first_order_date: '2020-01-02T03:04:05.006Z',
  last_order_date: '2026-01-02T03:04:05.006Z',
  first_appointment_date: '2021-01-02T03:04:05.006Z',
  last_appointment_date: '2025-01-02T03:04:05.006Z',
  last_complaint_date: '2024-01-02T03:04:05.000Z',
  returned_orders: 3,
  cancelled_appointments: 2,
  lifetime_value: '1234.50',
  by_currency: { USD: '12.00', EUR: '0.10' },
};

describe('the statistics of a customer', () => {
  test('are zero at first, in the company’s currency', async ({ admin, viewer }) => {
    expect(await statsOf(viewer, (await createCustomer(admin)).id)).toEqual(nothing);
  });

  test('have the last complaint and the start of the relation, also at /statistics and for the person itself', async ({
    service,
    company,
    admin,
    viewer,
    interaction,
  }) => {
    const person = service.user('customer', company);
    const { id, created_at } = await createCustomer(admin, { user_id: person.user_id });
    await report(interaction, id, { last_complaint_date: everything.last_complaint_date }).expect(200);
    const expected = { ...nothing, last_complaint_date: everything.last_complaint_date, customer_since: created_at };
    for (const path of [`/api/customers/${id}/stats`, `/api/customers/${id}/statistics`]) {
      expect((await viewer.get(path).expect(200)).body).toEqual(expected);
      await service.user('customer', company).get(path).expect(404);
    }
    expect((await person.get('/api/customers/me/statistics').expect(200)).body).toEqual(expected);
  });

  test('require customers:read; role customer reads its own', async ({ service, company, admin, viewer }) => {
    const person = service.user('customer', company);
    const own = await createCustomer(admin, { user_id: person.user_id });
    const other = await createCustomer(admin);
    expect(withoutAge((await person.get(`/api/customers/${own.id}/stats`).expect(200)).body)).toEqual(nothing);
    await person.get(`/api/customers/${other.id}/stats`).expect(404);
    await service.user('admin', service.company()).get(`/api/customers/${own.id}/stats`).expect(404);
    await viewer.get(`/api/customers/${randomUUID()}/stats`).expect(404);
    await service.anonymous().get(`/api/customers/${own.id}/stats`).expect(401);
  });
});

describe('reported statistics', () => {
  test('replace absolute values, also in the record', async ({ admin, viewer, interaction }) => {
    const customer = await createCustomer(admin);
    const { body } = await report(interaction, customer.id, {
      ...everything,
      lifetime_value: 1234.5,
      by_currency: { usd: 12, EUR: '0.1' },
      last_complaint_date: '2024-01-02T05:04:05+02:00',
    }).expect(200);
    expect(body).toEqual({
      customer: {
        ...customer,
        total_orders: 10,
        total_appointments: 8,
        total_complaints: 6,
        open_complaints: 4,
        last_order_date: everything.last_order_date,
        last_appointment_date: everything.last_appointment_date,
        last_complaint_date: '2024-01-02T03:04:05.000Z',
        lifetime_value: '1234.50',
      },
    });
    expect(await statsOf(viewer, customer.id)).toEqual({ ...everything, currency: 'BRL' });
    await report(interaction, customer.id, {
      total_orders: 11,
      first_order_date: null,
      by_currency: { GBP: '1' },
    }).expect(200);
    expect(await statsOf(viewer, customer.id)).toEqual({
      ...everything,
      currency: 'BRL',
      total_orders: 11,
      first_order_date: null,
      by_currency: { GBP: '1.00' },
    });
  });

  test('add increments; first dates only move back, last dates forward', async ({ admin, viewer, interaction }) => {
    const { id } = await createCustomer(admin);
    await report(interaction, id, everything).expect(200);
    const beforeFirst = '2019-05-05T00:00:00.000Z';
    const between = '2023-05-05T00:00:00.000Z';
    const afterLast = '2026-05-05T00:00:00.000Z';
    await report(interaction, id, {
      increment: {
        total_orders: 2,
        total_appointments: -1,
        total_complaints: 1,
        open_complaints: -4,
        returned_orders: 1,
        cancelled_appointments: 1,
        lifetime_value: '-0.51',
        by_currency: { USD: '-2.5', GBP: 7 },
        first_order_date: between,
        last_order_date: between,
        first_appointment_date: beforeFirst,
        last_appointment_date: afterLast,
        last_complaint_date: between,
      },
    }).expect(200);
    expect(await statsOf(viewer, id)).toEqual({
      ...everything,
      currency: 'BRL',
      total_orders: 12,
      total_appointments: 7,
      total_complaints: 7,
      open_complaints: 0,
      returned_orders: 4,
      cancelled_appointments: 3,
      lifetime_value: '1233.99',
      by_currency: { USD: '9.50', EUR: '0.10', GBP: '7.00' },
      first_appointment_date: beforeFirst,
      last_appointment_date: afterLast,
    });
    expect((await admin.get(`/api/customers/${id}`)).body.customer.last_complaint_date).toBe(
      everything.last_complaint_date,
    );
  });

  test('set first dates, and combine values with increments of other fields', async ({
    admin,
    viewer,
    interaction,
  }) => {
    const { id } = await createCustomer(admin);
    const at = '2023-05-05T00:00:00.000Z';
    await report(interaction, id, {
      total_complaints: 5,
      increment: { total_orders: 1, first_order_date: at, last_order_date: at, last_complaint_date: at },
    }).expect(200);
    expect(await statsOf(viewer, id)).toEqual({
      ...nothing,
      total_complaints: 5,
      total_orders: 1,
      first_order_date: at,
      last_order_date: at,
      last_complaint_date: at,
    });
  });

  test('add up a hundred concurrent increments', async ({ admin, viewer, interaction }) => {
    const { id } = await createCustomer(admin);
    const responses = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        reportUntilServed(interaction, id, {
          increment: {
            total_orders: 1,
            lifetime_value: '0.01',
            by_currency: { [index % 2 ? 'USD' : 'EUR']: '1.10' },
            last_order_date: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
          },
        }),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array(100).fill(200));
    expect(await statsOf(viewer, id)).toEqual({
      ...nothing,
      total_orders: 100,
      lifetime_value: '1.00',
      by_currency: { USD: '55.00', EUR: '55.00' },
      last_order_date: new Date(Date.UTC(2026, 0, 100)).toISOString(),
    });
  });

  test('raise no version and publish nothing, but set counters_updated_at', async ({ service, admin, interaction }) => {
    const { id } = await createCustomer(admin);
    const counters = () => service.database.owner('customer_counters').where({ customer_id: id }).first();
    const read = await admin.get(`/api/customers/${id}`);
    const before = await counters();
    const published = (await service.events()).length;
    for (const body of [{}, { increment: {} }]) await report(interaction, id, body).expect(200);
    expect(await counters()).toEqual(before);

    await report(interaction, id, { increment: { total_orders: 1 } }).expect(200);
    expect((await counters()).counters_updated_at > before.counters_updated_at).toBe(true);
    const after = await admin.get(`/api/customers/${id}`);
    expect(after.headers['etag']).toBe(read.headers['etag']);
    expect(after.body.customer).toEqual({ ...read.body.customer, total_orders: 1 });
    expect(await service.events()).toHaveLength(published);
  });

  test('apply to a deleted customer; an unknown or another company’s customer is a 404', async ({
    service,
    admin,
    viewer,
    interaction,
  }) => {
    const { id } = await createCustomer(admin);
    await admin.delete(`/api/customers/${id}`).expect(200);
    const { customer } = (await report(interaction, id, { total_orders: 1 }).expect(200)).body;
    expect(customer).toMatchObject({ id, is_active: false, total_orders: 1 });
    const stranger = service.callingService('interaction', service.company());
    for (const body of [{ total_orders: 7 }, {}]) {
      expect((await report(interaction, randomUUID(), body).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
      await stranger.patch(statistics(id), body).expect(404);
    }
    expect((await statsOf(viewer, id)).total_orders).toBe(1);
  });
});

describe('rejected statistics', () => {
  test('a value that would become negative or too large is a 409 without any change', async ({
    admin,
    viewer,
    interaction,
  }) => {
    const { id } = await createCustomer(admin);
    await report(interaction, id, everything).expect(200);
    for (const increment of [
      { total_orders: -11 },
      { total_appointments: -9 },
      { total_complaints: -7 },
      { open_complaints: -5 },
      { returned_orders: -4 },
      { cancelled_appointments: -3 },
    ]) {
      const { body } = await report(interaction, id, {
        increment: { first_order_date: '2001-01-01T00:00:00Z', ...increment },
      }).expect(409);
      expect(body).toMatchObject({
        error_code: 'CUSTOMER_STATISTICS_OUT_OF_RANGE',
        errors: [{ path: Object.keys(increment)[0] }],
      });
    }
    for (const increment of [
      { total_orders: 2_147_483_647 },
      { lifetime_value: '9999999999999.99' },
      { by_currency: { USD: '9999999999999.99' } },
    ])
      expect((await report(interaction, id, { increment }).expect(409)).body.error_code).toBe(
        'CUSTOMER_STATISTICS_OUT_OF_RANGE',
      );
    expect(await statsOf(viewer, id)).toEqual({ ...everything, currency: 'BRL' });
  });

  test('amounts may become negative, because a refund can be for an unreported order', async ({
    admin,
    viewer,
    interaction,
  }) => {
    const { id } = await createCustomer(admin);
    await report(interaction, id, { increment: { lifetime_value: '-0.50', by_currency: { USD: '-1' } } }).expect(200);
    expect(await statsOf(viewer, id)).toMatchObject({ lifetime_value: '-0.50', by_currency: { USD: '-1.00' } });
  });

  test('repeated and unknown fields and invalid values are a 422 naming each', async ({
    admin,
    viewer,
    interaction,
  }) => {
    const { id } = await createCustomer(admin);
    const invalidBodies: [object, string[]][] = [
      [{ total_orders: 1, increment: { total_orders: 1, returned_orders: 1 } }, ['increment.total_orders']],
      [{ currency: 'EURO', full_name: 'X' }, ['currency', 'full_name']],
      [{ increment: { currency: 'EUR' } }, ['increment.currency']],
      [{ total_orders: -1, open_complaints: 1.5 }, ['total_orders', 'open_complaints']],
      [{ total_orders: 2_147_483_648, lifetime_value: 'x' }, ['total_orders', 'lifetime_value']],
      [
        { increment: { total_orders: '1', lifetime_value: '0.001' } },
        ['increment.total_orders', 'increment.lifetime_value'],
      ],
      [{ by_currency: { XYZ: '1' } }, ['by_currency.XYZ']],
      [
        { increment: { first_order_date: null, last_order_date: 'now' } },
        ['increment.first_order_date', 'increment.last_order_date'],
      ],
      [{ increment: null }, ['increment']],
    ];
    for (const [body, paths] of invalidBodies) {
      const response = await report(interaction, id, body).expect(422);
      expect(response.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(paths.toSorted());
    }
    expect(await statsOf(viewer, id)).toEqual(nothing);
  });

  test('callers other than the interaction service, and a request without a company', async ({
    service,
    company,
    admin,
    viewer,
  }) => {
    const { id } = await createCustomer(admin);
    for (const caller of [
      admin,
      service.anonymous(),
      service.callingService('favorites', company),
      service.callingService('auth', company),
    ])
      await caller.patch(statistics(id), { total_orders: 9 }).expect(403);
    await service.callingService('interaction').patch(statistics(id), { total_orders: 9 }).expect(422);
    expect(await statsOf(viewer, id)).toEqual(nothing);
  });
});
