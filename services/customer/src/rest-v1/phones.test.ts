import { describe, expect, test as base } from 'vitest';
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

describe('a phone', () => {
  test('is unique across both APIs in any spelling', async ({ service, createLegacy, createCustomer }) => {
    const es = service.user('admin', service.company());
    // Valid or not, with or without a plus: the digits with the country code identify the phone.
    for (const [here, there] of [
      ['79991234567', '+7 999 123-45-67'],
      ['89991234568', '79991234568'],
      ['34600112233', '600 11 22 33'],
      ['50110556645', '50110556645'],
      ['65979638297', '+65979638297'],
    ] as const) {
      const { id } = await createLegacy({ phone: here }, es);
      const rejected = await es.post(customersPath, { phone: there }).expect(409);
      expect(rejected.body).toMatchObject({ error_code: 'CUSTOMER_PHONE_TAKEN', existing: { number: id } });
      await es.delete(`${legacyPath}/${id}`).expect(200);
      const free = await createCustomer({ phone: there }, es);
      const inUse = await es.post(legacyPath, { phone: here }).expect(409);
      expect(inUse.body).toMatchObject({
        error_code: 'CUSTOMER_PHONE_TAKEN',
        success: false,
        message: 'Another customer has this phone',
        existing: { number: free.number },
      });
    }
    expect((await es.get(`${customersPath}?search=50110556645`).expect(200)).body.total).toBe(1);
    const upsert = { op: 'upsert', match_on: 'phone', data: { phone: '65979638297', firstname: 'A' } };
    const { results } = (await es.post(`${customersPath}/batch`, { operations: [upsert] }).expect(200)).body;
    expect(results).toMatchObject([{ status: 200, customer: { firstname: 'A' } }]);
  });

  test('that cannot be parsed keeps its country code', async ({ service, createLegacy, readCustomer }) => {
    const es = service.user('admin', service.company());
    const { id, phone } = await createLegacy({ phone: '50110556645' }, es);
    expect(phone).toBe('50110556645');
    expect((await readCustomer(id, es)).phone).toBe('+50110556645');
  });

  test('is changed by either route, and rejected when another customer has it', async ({
    service,
    admin,
    createLegacy,
  }) => {
    const [one, other] = [await createLegacy(), await createLegacy()];
    const [first, second] = [nextPhone(), nextPhone()];
    const { body, headers } = await admin.patch(`${legacyPath}/${one.id}`, { phone: first }).expect(200);
    expect([body, headers['etag']]).toEqual([done, '"2"']);
    expect(
      (await admin.patch(`${legacyPath}/${one.id}/phone/`, { phone: `8${second.slice(1)}` }).expect(200)).body,
    ).toEqual(done);
    expect((await admin.get(`${legacyPath}/${one.id}`)).body.phone).toBe(second);
    for (const where of [`${legacyPath}/${one.id}`, `${legacyPath}/${one.id}/phone`]) {
      expect((await admin.patch(where, { phone: other.phone }).expect(409)).body).toMatchObject({
        success: false,
        message: 'Another customer has this phone',
        existing: { number: other.id },
      });
    }
    expect((await admin.get(`${legacyPath}/${one.id}`)).body.phone).toBe(second);
    expect((await admin.patch(`${legacyPath}/${one.id}/phone`, { phone: second }).expect(200)).headers['etag']).toBe(
      '"3"',
    );
    const published = (await service.events('customer.updated')).filter(({ data }) => data['number'] === one.id);
    expect(published.map(({ data }) => data['fields_changed'])).toEqual([['phone'], ['phone']]);
  });

  test('changed with other fields returns the customer', async ({ admin, createLegacy }) => {
    const customer = await createLegacy();
    const phone = nextPhone();
    expect((await admin.patch(`${legacyPath}/${customer.id}`, { phone, city_id: 3 }).expect(200)).body).toEqual({
      ...customer,
      phone,
      city_id: 3,
    });
  });

  test('must have 11 to 14 digits on every route', async ({ admin, createLegacy }) => {
    const { id } = await createLegacy();
    for (const phone of [
      '7902516311',
      '790251631111111',
      '7902516311a',
      '7 902 516 31 11',
      '',
      79025163111,
      null,
      ['7'],
    ]) {
      expect(errorPaths(await admin.post(legacyPath, { phone }).expect(422))).toEqual(['phone']);
      expect(errorPaths(await admin.patch(`${legacyPath}/${id}`, { phone }).expect(422))).toEqual(['phone']);
      expect(errorPaths(await admin.patch(`${legacyPath}/${id}/phone`, { phone }).expect(422))).toEqual(['phone']);
    }
    expect(errorPaths(await admin.post(legacyPath, { firstname: 'A' }).expect(422))).toEqual(['phone']);
    expect(errorPaths(await admin.patch(`${legacyPath}/${id}/phone`, {}).expect(422))).toEqual(['phone']);
    expect((await createLegacy({ phone: '8412345678901' })).phone).toBe('8412345678901');
    expect((await createLegacy({ phone: '+84912345678' })).phone).toBe('84912345678');
    expect((await createLegacy({ phone: '12345678901234' })).phone).toBe('12345678901234');
  });

  test('is shown and compared without its extension; what was shown changes nothing when it is sent back', async ({
    service,
    createLegacy,
    createCustomer,
    readCustomer,
  }) => {
    const es = service.user('admin', service.company());
    const first = await createCustomer({ phone: '+1 415 555 2671 x101' }, es);
    const second = await createCustomer({ phone: '+1 415 555 2671 x102' }, es);
    const { body, headers } = await es.get(`${legacyPath}/${first.number}`).expect(200);
    expect(body.phone).toBe('14155552671');
    const { items } = (await es.get(legacyPath).expect(200)).body;
    expect(items.map((item: { phone: object }) => item.phone)).toEqual(
      [first, second].map(({ number: id }) => ({ id, code: '1', number: '4155552671' })),
    );
    for (const phone of ['14155552671', '+14155552671']) {
      for (const [where, sent] of [
        [legacyPath, { phone }],
        [legacyPath, { ...body, phone }],
        [legacyPath, { phone, firstname: null }],
      ] as const) {
        const unchanged = await es.patch(`${where}/${first.number}`, sent).expect(200);
        expect(unchanged.headers['etag']).toBe(headers['etag']);
      }
      await es.patch(`${legacyPath}/${first.number}/phone`, { phone }).expect(200);
      expect((await readCustomer(first.number, es)).phone).toBe('+14155552671;ext=101');
      const third = await createLegacy({}, es);
      for (const request of [
        es.post(legacyPath, { phone }),
        es.patch(`${legacyPath}/${third.id}`, { phone }),
        es.patch(`${legacyPath}/${third.id}/phone`, { phone }),
      ])
        expect((await request.expect(409)).body).toMatchObject({
          error_code: 'CUSTOMER_PHONE_TAKEN',
          success: false,
          existing: { number: expect.any(Number) },
        });
    }
    await es.patch(`${legacyPath}/${first.number}`, { phone: '14155552699' }).expect(200);
    expect((await readCustomer(first.number, es)).phone).toBe('+14155552699');
  });

  test('with a leading plus, or the Russian 8, that was shown without it changes nothing', async ({
    admin,
    createLegacy,
  }) => {
    const { id, phone } = await createLegacy();
    for (const sent of [phone, `+${phone}`, `8${phone.slice(1)}`])
      expect((await admin.patch(`${legacyPath}/${id}`, { phone: sent }).expect(200)).headers['etag']).toBe('"1"');
  });

  test('in a list has a code, the company’s for a number in national form, or is null', async ({
    service,
    admin,
    createCustomer,
  }) => {
    const companies = [service.company({ country: 'CO' }), service.company({ country: 'RU' })] as const;
    const [co, ru] = companies.map((company) => service.user('admin', company)) as [typeof admin, typeof admin];
    const phones = async (user: typeof admin) =>
      (await user.get(legacyPath).expect(200)).body.items.map((item: { phone: object | null }) => item.phone);
    const national = await createCustomer({ phone: '0012345678' }, co);
    const other = await createCustomer({ phone: '0012345678' }, ru);
    const short = await createCustomer({ phone: '123 456 789' }, co);
    await createCustomer({ phone: '+354 611 1234' }, co);
    const longer = await createCustomer({ phone: '50110556645' }, co);
    expect(short.phone).toBe('123456789');
    expect(await phones(ru)).toEqual([{ id: other.number, code: '7', number: '0012345678' }]);
    expect(await phones(co)).toEqual([
      { id: national.number, code: '57', number: '0012345678' },
      null,
      null, // another country's number, shorter than its code and ten digits
      { id: longer.number, code: '5', number: '0110556645' },
    ]);
    const all = (await service.user('superuser').get(`${legacyPath}?limit=1000`).expect(200)).body.items;
    const codes = (all as { phone: { code: string } | null }[]).flatMap(({ phone }) => (phone ? [phone.code] : []));
    expect(codes).toEqual(expect.arrayContaining(['57', '7', '5']));
    expect(codes).not.toContain('');
  });
});
