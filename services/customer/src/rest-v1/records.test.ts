import { describe, expect, test as base } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { createTestLegacyApi, errorPaths, nextPhone, legacyPath, customersPath } from './testing/legacy-api.ts';

const test = base
  .extend('legacyApi', { scope: 'file' }, () => createTestLegacyApi())
  .extend('service', { scope: 'file' }, async ({ legacyApi }, { onCleanup }) => {
    const service = legacyApi.service;
    onCleanup(() => service.close());

    return service;
  })
  .extend('admin', { scope: 'file' }, ({ legacyApi }) => legacyApi.admin)
  .extend('createLegacy', { scope: 'file' }, ({ legacyApi }) => legacyApi.createLegacy)
  .extend('createCustomer', { scope: 'file' }, ({ legacyApi }) => legacyApi.createCustomer)
  .extend('readCustomer', { scope: 'file' }, ({ legacyApi }) => legacyApi.readCustomer);

const done = { success: true, message: expect.any(String) };

describe('a customer', () => {
  test('created here is the same record in the current API, with event, history and version', async ({
    service,
    admin,
    readCustomer,
  }) => {
    const input = {
      phone: nextPhone().replace(/^7/, '8'),
      firstname: 'Виктор',
      lastname: 'Инг',
      gender: 'f',
      birthday: '1980-02-29',
    };
    const { body, headers } = await admin.post(legacyPath, input).expect(201);
    expect(body).toMatchObject({ phone: `7${input.phone.slice(1)}`, gender: 'F', email: null, city_id: null });
    expect(headers['etag']).toBe('"1"');
    const customer = await readCustomer(body.id);
    expect(customer).toMatchObject({
      number: body.id,
      phone: `+7${input.phone.slice(1)}`,
      full_name: 'Виктор Инг',
      gender: 'female',
      status: 'active',
      currency: 'RUB',
    });
    const published = (await service.events()).filter(({ data }) => data['customer_id'] === customer.id);
    expect(published.map(({ name, sequence }) => [name, sequence])).toEqual([['customer.created', 1]]);
    const history = await service.database.owner('customer_history').where({ customer_id: customer.id });
    expect(history.map(({ action }) => action)).toEqual(['customer.created']);
  });

  test('created in the current API shows country code, gender letter and nulls here', async ({
    admin,
    createCustomer,
  }) => {
    const national = await createCustomer({ full_name: 'Anna', phone: '8 (902) 700-00-01', gender: 'male' });
    expect((await admin.get(`${legacyPath}/${national.number}`).expect(200)).body).toEqual({
      id: national.number,
      phone: '79027000001',
      firstname: null,
      lastname: null,
      email: null,
      birthday: null,
      gender: 'M',
      city_id: null,
      last_auth_at: null,
    });
    const other = await createCustomer({ full_name: 'Kim', gender: 'other', phone: '123 45' });
    expect((await admin.get(`${legacyPath}/${other.number}`).expect(200)).body).toMatchObject({
      phone: '12345',
      gender: null,
    });
    const items = (await admin.get(`${legacyPath}?limit=1000`).expect(200)).body.items as {
      id: number;
      phone: unknown;
    }[];
    expect(items.find(({ id }) => id === other.number)?.phone).toBeNull(); // it has no ten digits
    const none = await createCustomer({ full_name: 'No phone' });
    expect((await admin.get(`${legacyPath}/${none.number}`).expect(200)).body.phone).toBeNull();
    const again = (await admin.get(`${legacyPath}?limit=1000`).expect(200)).body.items as {
      id: number;
      phone: unknown;
    }[];
    expect(again.find(({ id }) => id === none.number)?.phone).toBeNull();
  });

  test('that was deleted is a 404 here, and deleted again without effect', async ({
    service,
    admin,
    createLegacy,
    readCustomer,
  }) => {
    const { id } = await createLegacy();
    const before = (await admin.get(legacyPath).expect(200)).body.count;
    expect((await admin.delete(`${legacyPath}/${id}`).expect(200)).body).toEqual(done);
    expect(await readCustomer(id)).toMatchObject({ is_active: false, status: 'active' });
    const { items, count } = (await admin.get(`${legacyPath}?limit=1000`).expect(200)).body;
    expect(count).toBe(before - 1);
    expect(items.map((one: { id: number }) => one.id)).not.toContain(id);
    for (const rejected of [
      admin.get(`${legacyPath}/${id}`),
      admin.delete(`${legacyPath}/${id + 1_000_000}`),
      admin.patch(`${legacyPath}/${id}`, { firstname: 'A' }),
      admin.patch(`${legacyPath}/${id}/phone`, { phone: nextPhone() }),
    ]) {
      const { body } = await rejected.expect(404);
      expect(body).toMatchObject({
        error_code: 'CUSTOMER_NOT_FOUND',
        success: false,
        message: 'No such customer',
      });
    }
    for (const at of [`${legacyPath}/${id}`, `${legacyPath}/${id}/`])
      expect((await admin.delete(at).expect(200)).body).toEqual(done);
    expect((await service.events('customer.deleted')).filter(({ data }) => data['number'] === id)).toHaveLength(1);
  });
});

describe('a change', () => {
  test('takes the e-mail addresses of RFC 6531, one domain in two spellings being one address', async ({
    admin,
    createLegacy,
  }) => {
    const created = await createLegacy({ email: 'a/b@bücher.example' });
    expect(created['email']).toBe('a/b@xn--bcher-kva.example');
    const other = await createLegacy();
    for (const email of ['A/B@xn--bcher-kva.example', 'a/b@BÜCHER.example']) {
      expect((await admin.post(legacyPath, { phone: nextPhone(), email }).expect(409)).body.error_code).toBe(
        'CUSTOMER_EMAIL_TAKEN',
      );
      await admin.patch(`${legacyPath}/${other.id}`, { email }).expect(409);
    }
    const sent = { email: 'a/b@BÜCHER.example' };
    expect((await admin.patch(`${legacyPath}/${created.id}`, sent).expect(200)).headers['etag']).toBe('"1"');
    const long = { phone: nextPhone(), email: `${'a'.repeat(65)}@example.com` };
    expect(errorPaths(await admin.post(legacyPath, long).expect(422))).toEqual(['email']);
  });

  test('keeps omitted fields, clears with null, and rebuilds the name', async ({
    admin,
    createLegacy,
    readCustomer,
  }) => {
    const customer = await createLegacy({
      firstname: 'Анна',
      lastname: 'Котова',
      email: 'anna@mail.ru',
      gender: 'F',
      city_id: 5,
    });
    const { body } = await admin
      .patch(`${legacyPath}/${customer.id}`, { lastname: 'Белова', email: null, gender: null, birthday: '1999-01-31' })
      .expect(200);
    expect(body).toEqual({ ...customer, lastname: 'Белова', email: null, gender: null, birthday: '1999-01-31' });
    expect(await readCustomer(customer.id)).toMatchObject({ full_name: 'Анна Белова', gender: null, city_id: 5 });
  });

  test('accepts the whole record; unchanged, it changes nothing', async ({ admin, createCustomer, readCustomer }) => {
    for (const record of [
      await createCustomer({ full_name: 'Kim', gender: 'other', phone: '123 46' }),
      await createCustomer({ full_name: 'No phone' }),
      await createCustomer({ phone: '+7 902 700 00 02', last_auth_at: '2024-01-01T03:00:00+03:00', gender: 'male' }),
    ]) {
      const one = `${legacyPath}/${record.number}`;
      const { body } = await admin.get(one).expect(200);
      const same = await admin.patch(one, body).expect(200);
      expect([same.body, same.headers['etag']]).toEqual([body, '"1"']);
      expect(await readCustomer(record.number)).toEqual(record);
      expect(errorPaths(await admin.patch(one, { ...body, id: 1 }).expect(422))).toEqual(['id']);
    }
  });

  test('checks If-Match', async ({ admin, createLegacy }) => {
    const { id } = await createLegacy();
    const one = `${legacyPath}/${id}`;
    await admin.patch(one, { firstname: 'A' }).set('If-Match', '"2"').expect(412);
    await admin.patch(`${one}/phone`, { phone: nextPhone() }).set('If-Match', '"2"').expect(412);
    await admin.delete(one).set('If-Match', '"2"').expect(412);
    const { headers } = await admin.get(one).expect(200);
    await admin
      .patch(one, { firstname: 'A' })
      .set('If-Match', headers['etag'] as string)
      .expect(200);
    expect((await admin.get(one)).headers['etag']).toBe('"2"');
  });
});

test('CUSTOMER_PATCH_RATE limits changes by both APIs together', async () => {
  const limited = await createTestCustomer({ rates: { 'customer-patch': { limit: 3, window: 60_000 } } });
  try {
    const caller = limited.user('admin', limited.company());
    const { body } = await caller.post(customersPath, { firstname: 'A' }).expect(201);
    const { id, number } = body.customer;
    await caller.patch(`${customersPath}/${id}`, { firstname: 'B' }).expect(200);
    await caller.patch(`${legacyPath}/${number}`, { firstname: 'C' }).expect(200);
    await caller.patch(`${legacyPath}/${number}/phone`, { phone: nextPhone() }).expect(200);
    for (const one of [`${legacyPath}/${number}`, `${legacyPath}/${number}/phone`]) {
      const rejected = await caller.patch(one, { phone: nextPhone() }).expect(429);
      expect(rejected.body).toMatchObject({ success: false, error_code: 'RATE_LIMITED', message: expect.any(String) });
      expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(0);
    }
    await caller.get(`${legacyPath}/${number}`).expect(200);
  } finally {
    await limited.close();
  }
});
