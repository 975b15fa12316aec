import { randomUUID } from 'node:crypto';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestPrivacy, retryUnavailable, type TestPrivacy } from './testing/test-privacy.ts';

// Who may ask for what, and what is answered. Nobody carries anything out here.

let it: TestPrivacy;
let company: Company;
let admin: TestUser;
beforeAll(async () => {
  it = await createTestPrivacy();
});
beforeEach(() => {
  company = it.service.company();
  admin = it.service.user('admin', company);
  it.peers.failures.clear();
});
afterAll(() => it.close());

const doors = ['/api/gdpr/export', '/api/gdpr/delete'] as const;
const requests = () => it.service.database.owner('erasure_requests').where({ company_id: company.id });
/** An answer without what differs each time. */
const bare = ({ request_id: _id, timestamp: _at, ...body }: Record<string, unknown>) => body;

describe.each(doors)('%s', (door) => {
  test('names whom it means by a customer, or by a user and the company', async () => {
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
      const { body: answer } = await admin.post(door, body).expect(422);
      const named = answer.errors.map(({ path }: { path: string }) => path);
      expect(named, JSON.stringify(body)).toEqual(expect.arrayContaining([...fields]));
    }
    await admin.post(`${door}?more=1`, { customer_id: id }).expect(422);
  });

  test('finds nobody of another company, and is for admins and for oneself', async () => {
    const user_id = it.newUser();
    const customer = await it.newCustomer(admin, { user_id });
    const stranger = it.service.user('admin', it.service.company());
    const theirs = await stranger.post(door, { customer_id: customer.id }).expect(404);
    const unknown = await stranger.post(door, { customer_id: randomUUID() }).expect(404);
    expect(theirs.body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(bare(theirs.body)).toEqual(bare(unknown.body));
    await stranger.post(door, { user_id, business_id: company.id }).expect(403);
    await stranger.post(door, { user_id, business_id: randomUUID() }).expect(403);
    for (const role of ['manager', 'viewer'] as const)
      await it.service.user(role, company).post(door, { customer_id: customer.id }).expect(403);
    await it.service.anonymous().post(door, { customer_id: customer.id }).expect(401);
    const nobody = await admin.post(door, { user_id: randomUUID(), business_id: company.id }).expect(404);
    expect(nobody.body.error_code).toBe('USER_NOT_FOUND');
    const superuser = it.service.user('superuser');
    await superuser.post(door, { customer_id: customer.id }).expect(422);
    await superuser.post(`${door}?company_id=${company.id}`, { user_id, business_id: randomUUID() }).expect(403);
    expect(await requests()).toEqual([]);
    const { status } = await retryUnavailable(() =>
      superuser.post(`${door}?company_id=${company.id}`, { customer_id: customer.id }),
    );
    expect([200, 202]).toContain(status);
  });

  test('reaches for role customer its own data alone, whatever it names', async () => {
    const user_id = it.newUser();
    const own = it.service.user('customer', company, user_id);
    const customer = await it.newCustomer(admin, { user_id });
    const other_user = it.newUser();
    const other = await it.newCustomer(admin, { user_id: other_user });
    const nobodys = await it.newCustomer(admin);
    const unknown = await own.post(door, { customer_id: randomUUID() }).expect(404);
    for (const { id } of [other, nobodys]) {
      const { body } = await own.post(door, { customer_id: id }).expect(404);
      expect(bare(body)).toEqual(bare(unknown.body));
    }
    const theirs = await own.post(door, { user_id: other_user, business_id: company.id }).expect(404);
    const none = await own.post(door, { user_id: randomUUID(), business_id: company.id }).expect(404);
    expect(bare(theirs.body)).toEqual(bare(none.body));
    expect(await requests()).toEqual([]);
    const { status } = await retryUnavailable(() => own.post(door, { customer_id: customer.id }));
    expect([200, 202]).toContain(status);
    await own.post(door, { user_id, business_id: company.id }).expect(status);
  });

  test('is a 503 that names auth while nobody can say whose the user is', async () => {
    const user_id = it.newUser();
    const customer = await it.newCustomer(admin, { user_id });
    it.peers.failures.set('auth', 'hangs up');
    for (const body of [{ customer_id: customer.id }, { user_id, business_id: company.id }]) {
      const answer = await admin.post(door, body).expect(503);
      expect([answer.body.detail, answer.headers['retry-after']]).toEqual([expect.stringContaining('auth'), '2']);
    }
    expect(await requests()).toEqual([]);
  });
});

test('the last admin of a company is not erased', async () => {
  const user_id = it.newUser('admin', true);
  await it.newCustomer(admin, { user_id });
  const body = { user_id, business_id: company.id };
  const answer = await admin.post('/api/gdpr/delete', body).expect(409);
  expect(answer.body.error_code).toBe('LAST_ADMIN');
  await admin.post('/api/gdpr/export', body).expect(200);
  expect(await requests()).toEqual([]);
});

test('a customer takes no colleague along whom somebody wrote into it: staff go by their own name', async () => {
  const user_id = it.newUser('manager');
  const customer = await it.newCustomer(it.service.user('manager', company), { user_id });
  it.peers.exportRequests.length = 0;
  await admin.post('/api/gdpr/export', { customer_id: customer.id }).expect(200);
  expect(it.peers.exportRequests.length).toBeGreaterThan(0);
  for (const { person } of it.peers.exportRequests)
    expect(person).toMatchObject({ customer_id: customer.id, user_id: null });
  const { body } = await retryUnavailable(() => admin.post('/api/gdpr/delete', { customer_id: customer.id }));
  expect(body.request).toMatchObject({ customer_id: customer.id, user_id: null });
});

test('erasures are listed page by page, the newest first, and read with their version; role customer sees its own', async () => {
  const user_id = it.newUser();
  const own = it.service.user('customer', company, user_id);
  const mine = await it.newCustomer(admin, { user_id });
  const ids: string[] = [];
  for (const customer of [await it.newCustomer(admin), mine, await it.newCustomer(admin)])
    ids.unshift(await it.erase(admin, { customer_id: customer.id }));
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

  const stranger = it.service.user('admin', it.service.company());
  for (const [by, id] of [
    [own, ids[0]],
    [stranger, my_request],
    [admin, randomUUID()],
  ] as const)
    for (const rest of ['', '/receipt']) {
      const answer = await by.get(`${list}/${id}${rest}`).expect(404);
      expect(answer.body.error_code).toBe('REQUEST_NOT_FOUND');
    }
  await admin.get(`${list}/x`).expect(400);
  await it.service.user('manager', company).get(list).expect(403);
  const superuser = it.service.user('superuser');
  expect((await superuser.get(list).expect(200)).body.total).toBeGreaterThanOrEqual(3);
  expect((await superuser.get(`${list}?company_id=${company.id}`).expect(200)).body.total).toBe(3);
  await superuser.get(`${list}/${my_request}`).expect(422);
});
