import { randomUUID } from 'node:crypto';
import type { Company } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import { createTestPrivacy, retryUnavailable, type TestPrivacy } from './testing/test-privacy.ts';

// Access and validation. No erasure worker runs here.

const test = base
  .extend('privacy', { scope: 'file' }, async ({}, { onCleanup }) => {
    const privacy = await createTestPrivacy();
    onCleanup(() => privacy.close());

    return privacy;
  })
  .extend('company', ({ privacy }) => privacy.service.company())
  .extend('admin', ({ privacy, company }) => privacy.service.user('admin', company));
test.beforeEach(({ privacy }) => {
  privacy.peers.failures.clear();
});

const paths = ['/api/gdpr/export', '/api/gdpr/delete'] as const;
const requests = (privacy: TestPrivacy, company: Company) =>
  privacy.service.database.owner('erasure_requests').where({ company_id: company.id });
/** A response without its request id and time. */
const comparable = ({ request_id: _id, timestamp: _at, ...body }: Record<string, unknown>) => body;

describe.each(paths)('POST %s', (path) => {
  test('requires customer_id, or user_id and business_id', async ({ company, admin }) => {
    const id = randomUUID();
    for (const [body, fields] of [
      [{}, ['customer_id']],
      [{ user_id: id }, ['business_id']],
      [{ business_id: company.id }, ['user_id']],
      [{ customer_id: id, user_id: id }, ['user_id']],
      [{ customer_id: 'x' }, ['customer_id']],
      [{ customer_id: null }, ['customer_id']],
      [{ customer_id: id, more: 1 }, ['more']],
      [{ user_id: 'x', business_id: 'y' }, ['user_id', 'business_id']],
    ] as const) {
      const { body: response } = await admin.post(path, body).expect(422);
      const invalidPaths = response.errors.map((issue: { path: string }) => issue.path);
      expect(invalidPaths, JSON.stringify(body)).toEqual(expect.arrayContaining([...fields]));
    }
    await admin.post(`${path}?more=1`, { customer_id: id }).expect(422);
  });

  test('is a 404 for other companies, and allowed for admins and for oneself', async ({ privacy, company, admin }) => {
    const user_id = privacy.newUser();
    const customer = await privacy.newCustomer(admin, { user_id });
    const stranger = privacy.service.user('admin', privacy.service.company());
    const theirs = await stranger.post(path, { customer_id: customer.id }).expect(404);
    const unknown = await stranger.post(path, { customer_id: randomUUID() }).expect(404);
    expect(theirs.body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(comparable(theirs.body)).toEqual(comparable(unknown.body));
    await stranger.post(path, { user_id, business_id: company.id }).expect(403);
    await stranger.post(path, { user_id, business_id: randomUUID() }).expect(403);
    for (const role of ['manager', 'viewer'] as const)
      await privacy.service.user(role, company).post(path, { customer_id: customer.id }).expect(403);
    await privacy.service.anonymous().post(path, { customer_id: customer.id }).expect(401);
    const unknownUser = await admin.post(path, { user_id: randomUUID(), business_id: company.id }).expect(404);
    expect(unknownUser.body.error_code).toBe('USER_NOT_FOUND');
    const superuser = privacy.service.user('superuser');
    await superuser.post(path, { customer_id: customer.id }).expect(422);
    await superuser.post(`${path}?company_id=${company.id}`, { user_id, business_id: randomUUID() }).expect(403);
    expect(await requests(privacy, company)).toEqual([]);
    const { status } = await retryUnavailable(() =>
      superuser.post(`${path}?company_id=${company.id}`, { customer_id: customer.id }),
    );
    expect([200, 202]).toContain(status);
  });

  test('gives role customer access to its own data only', async ({ privacy, company, admin }) => {
    const user_id = privacy.newUser();
    const own = privacy.service.user('customer', company, user_id);
    const customer = await privacy.newCustomer(admin, { user_id });
    const other_user = privacy.newUser();
    const other = await privacy.newCustomer(admin, { user_id: other_user });
    const unlinked = await privacy.newCustomer(admin);
    const unknown = await own.post(path, { customer_id: randomUUID() }).expect(404);
    for (const { id } of [other, unlinked]) {
      const { body } = await own.post(path, { customer_id: id }).expect(404);
      expect(comparable(body)).toEqual(comparable(unknown.body));
    }
    const theirs = await own.post(path, { user_id: other_user, business_id: company.id }).expect(404);
    const none = await own.post(path, { user_id: randomUUID(), business_id: company.id }).expect(404);
    expect(comparable(theirs.body)).toEqual(comparable(none.body));
    expect(await requests(privacy, company)).toEqual([]);
    const { status } = await retryUnavailable(() => own.post(path, { customer_id: customer.id }));
    expect([200, 202]).toContain(status);
    await own.post(path, { user_id, business_id: company.id }).expect(status);
  });

  test('is a 503 that names auth while auth is unavailable', async ({ privacy, company, admin }) => {
    const user_id = privacy.newUser();
    const customer = await privacy.newCustomer(admin, { user_id });
    privacy.peers.failures.set('auth', 'hangs up');
    for (const body of [{ customer_id: customer.id }, { user_id, business_id: company.id }]) {
      const response = await admin.post(path, body).expect(503);
      expect([response.body.detail, response.headers['retry-after']]).toEqual([expect.stringContaining('auth'), '2']);
    }
    expect(await requests(privacy, company)).toEqual([]);
  });
});

test('the last admin of a company cannot be erased', async ({ privacy, company, admin }) => {
  const user_id = privacy.newUser('admin', true);
  await privacy.newCustomer(admin, { user_id });
  const body = { user_id, business_id: company.id };
  const response = await admin.post('/api/gdpr/delete', body).expect(409);
  expect(response.body.error_code).toBe('LAST_ADMIN');
  await admin.post('/api/gdpr/export', body).expect(200);
  expect(await requests(privacy, company)).toEqual([]);
});

test('staff linked to a customer are not exported or erased with that customer', async ({
  privacy,
  company,
  admin,
}) => {
  const user_id = privacy.newUser('manager');
  const customer = await privacy.newCustomer(privacy.service.user('manager', company), { user_id });
  privacy.peers.exportRequests.length = 0;
  await admin.post('/api/gdpr/export', { customer_id: customer.id }).expect(200);
  expect(privacy.peers.exportRequests.length).toBeGreaterThan(0);
  for (const { person } of privacy.peers.exportRequests)
    expect(person).toMatchObject({ customer_id: customer.id, user_id: null });
  const { body } = await retryUnavailable(() => admin.post('/api/gdpr/delete', { customer_id: customer.id }));
  expect(body.request).toMatchObject({ customer_id: customer.id, user_id: null });
});

test('lists erasures newest first, with paging, ETags and only its own for role customer', async ({
  privacy,
  company,
  admin,
}) => {
  const user_id = privacy.newUser();
  const own = privacy.service.user('customer', company, user_id);
  const mine = await privacy.newCustomer(admin, { user_id });
  const ids: string[] = [];
  for (const customer of [await privacy.newCustomer(admin), mine, await privacy.newCustomer(admin)])
    ids.unshift(await privacy.erase(admin, { customer_id: customer.id }));
  const list = '/api/gdpr/requests';
  const whole = (await admin.get(list).expect(200)).body;
  expect(whole).toMatchObject({ total: 3, page: 1, pages: 1, per_page: 20 });
  expect(whole.requests.map(({ id }: { id: string }) => id)).toEqual(ids);
  const second = (await admin.get(`${list}?page=2&per_page=2`).expect(200)).body;
  expect(second).toMatchObject({ total: 3, page: 2, pages: 2, requests: [{ id: ids[2] }] });
  await admin.get(`${list}?per_page=0`).expect(422);
  const [, my_request = ''] = ids;
  expect((await own.get(list).expect(200)).body).toMatchObject({ total: 1, requests: [{ id: my_request }] });
  const { headers, body } = await own.get(`${list}/${my_request}`).expect(200);
  expect(body.request).toMatchObject({ id: my_request, requested_by: admin.user_id });
  await own
    .get(`${list}/${my_request}`)
    .set('If-None-Match', headers['etag'] ?? '')
    .expect(304);

  const stranger = privacy.service.user('admin', privacy.service.company());
  for (const [by, id] of [
    [own, ids[0]],
    [stranger, my_request],
    [admin, randomUUID()],
  ] as const)
    for (const rest of ['', '/receipt']) {
      const response = await by.get(`${list}/${id}${rest}`).expect(404);
      expect(response.body.error_code).toBe('REQUEST_NOT_FOUND');
    }
  await admin.get(`${list}/x`).expect(400);
  await privacy.service.user('manager', company).get(list).expect(403);
  const superuser = privacy.service.user('superuser');
  expect((await superuser.get(list).expect(200)).body.total).toBeGreaterThanOrEqual(3);
  expect((await superuser.get(`${list}?company_id=${company.id}`).expect(200)).body.total).toBe(3);
  await superuser.get(`${list}/${my_request}`).expect(422);
});
