import { describe, expect, test as base } from 'vitest';
import { createTestLegacyApi, errorPaths, nextPhone, legacyPath } from './testing/legacy-api.ts';

const test = base
  .extend('legacyApi', { scope: 'file' }, () => createTestLegacyApi())
  .extend('service', { scope: 'file' }, async ({ legacyApi }, { onCleanup }) => {
    const service = legacyApi.service;
    onCleanup(() => service.close());

    return service;
  })
  .extend('company', { scope: 'file' }, ({ legacyApi }) => legacyApi.company)
  .extend('admin', { scope: 'file' }, ({ legacyApi }) => legacyApi.admin)
  .extend('createLegacy', { scope: 'file' }, ({ legacyApi }) => legacyApi.createLegacy);

describe('legacy v1 API', () => {
  test('another company’s customer is the same 404 as an unknown one', async ({ service, createLegacy }) => {
    const { id, phone } = await createLegacy();
    const stranger = service.user('admin', service.company());
    const problemsFor = async (number: number) => {
      const one = `${legacyPath}/${number}`;
      const responses = await Promise.all([
        stranger.get(one),
        stranger.delete(one),
        stranger.patch(one, { firstname: 'A' }),
        stranger.patch(`${one}/phone`, { phone: nextPhone() }),
      ]);
      return responses.map(({ body: { request_id: _id, timestamp: _time, ...body } }) => body);
    };
    const otherCompanyProblems = await problemsFor(id);
    expect(otherCompanyProblems.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(otherCompanyProblems).toEqual(await problemsFor(999_999_999));
    expect((await stranger.get(legacyPath).expect(200)).body).toEqual({ items: [], count: 0 });
    expect((await createLegacy({ phone }, stranger)).phone).toBe(phone);
  });

  test('checks the permissions of each role', async ({ service, company, createLegacy }) => {
    const { id } = await createLegacy();
    const one = `${legacyPath}/${id}`;
    const [viewer, customer] = [service.user('viewer', company), service.user('customer', company)];
    await viewer.get(one).expect(200);
    const before = await service.database.owner('customers').where({ company_id: company.id }).orderBy('id');
    for (const caller of [viewer, customer]) {
      await caller.post(legacyPath, { phone: nextPhone() }).expect(403);
      await caller.patch(one, { firstname: 'A' }).expect(403);
      await caller.patch(`${one}/phone`, { phone: nextPhone() }).expect(403);
      await caller.delete(one).expect(403);
    }
    // Also for its own record: the legacy API has no ownership rule.
    await service.database.owner('customers').where({ number: id }).update({ user_id: customer.user_id });
    expect((await customer.get(one).expect(403)).body).toMatchObject({ success: false, message: expect.any(String) });
    await customer.get(legacyPath).expect(403);
    for (const call of [service.anonymous().get(one), service.anonymous().get(legacyPath)]) {
      expect((await call.expect(401)).body).toMatchObject({ success: false, error_code: 'UNAUTHENTICATED' });
    }
    await service.database.owner('customers').where({ number: id }).update({ user_id: null });
    expect(await service.database.owner('customers').where({ company_id: company.id }).orderBy('id')).toEqual(before);
  });

  test('names every invalid and unknown field', async ({ admin, createLegacy }) => {
    const wrong = {
      email: 'x',
      birthday: '2023-02-30',
      gender: 'male',
      city_id: -1,
      last_auth_at: 'x',
      full_name: 'A',
    };
    const { body } = await admin.post(legacyPath, { ...wrong, phone: '1' }).expect(422);
    expect(body).toMatchObject({ success: false, message: body.detail, error_code: 'VALIDATION_FAILED' });
    expect(errorPaths({ body })).toEqual([...Object.keys(wrong), 'phone'].toSorted());
    const { id } = await createLegacy();
    expect(errorPaths(await admin.patch(`${legacyPath}/${id}`, wrong).expect(422))).toEqual(
      Object.keys(wrong).toSorted(),
    );
    expect(
      errorPaths(await admin.patch(`${legacyPath}/${id}/phone`, { phone: nextPhone(), firstname: 'A' }).expect(422)),
    ).toEqual(['firstname']);
    for (const key of ['x', '1e3', '-1', '1.5', '9999999999999999', id + 'a']) {
      const rejected = await admin.get(`${legacyPath}/${key}`).expect(400);
      expect(rejected.body).toMatchObject({ success: false, error_code: 'MALFORMED_REQUEST' });
    }
    expect((await admin.put(`${legacyPath}/${id}`, {}).expect(405)).headers['allow']).toBe('DELETE, GET, HEAD, PATCH');
  });
});
