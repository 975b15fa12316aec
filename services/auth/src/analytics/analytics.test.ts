import { serviceTest } from '@clientela/testing';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

const password = 'correct horse battery';
const today = () => new Date().toISOString().slice(0, 10);
type Day = { date: string; count: number };

test('counts a company’s users and sign-ins, excluding other companies', async ({ service }) => {
  const { user, email, password: secret, client } = await service.register();
  const company = { id: user.business_id ?? '' };
  const add = async (role: string) =>
    (await client.post('/api/v1/users', { email: `${randomUUID()}@example.com`, password, role }).expect(201)).body;
  await add('viewer');
  await add('customer');
  await client.delete(`/api/v1/users/${(await add('customer')).id}`).expect(200);
  await service.database.owner('users').where({ id: user.id }).update({ created_at: '2020-01-01' });
  const other = await service.register();
  await service.anonymous().post('/auth/login', { email: other.email, password: other.password }).expect(200);
  for (let n = 0; n < 2; n += 1) await service.anonymous().post('/auth/login', { email, password: secret }).expect(200);
  await service.anonymous().post('/auth/login', { email, password: 'wrong' }).expect(401);
  await service.anonymous().post('/auth/login', { email: 'nobody@example.com', password: 'wrong' }).expect(401);
  await service.database.owner('sign_in_counts').insert([
    { company_id: company.id, day: service.database.owner.raw(`current_date - 29`), signed_in: 7, failed: 3 },
    { company_id: company.id, day: service.database.owner.raw(`current_date - 30`), signed_in: 100, failed: 100 },
  ]);

  const { body } = await service.user('viewer', company).get('/api/v1/users/analytics').expect(200);
  expect(body).toEqual({
    total_users: 4,
    active_users: 3,
    inactive_users: 1,
    users_by_role: { admin: 1, manager: 0, viewer: 1, customer: 2 },
    new_users_last_30_days: 3,
    logins_per_day: expect.any(Array),
    failed_logins_per_day: expect.any(Array),
    generated_at: expect.any(String),
  });
  for (const [field, first, last] of [
    ['logins_per_day', 7, 2],
    ['failed_logins_per_day', 3, 1],
  ] as const) {
    const days = body[field] as Day[];
    expect(days).toHaveLength(30);
    expect(days[0]?.count).toBe(first);
    expect(days.at(-1)).toEqual({ date: today(), count: last });
    expect(days.slice(1, -1).every(({ count }) => count === 0)).toBe(true);
    expect(days.map(({ date }) => date)).toEqual([...new Set(days.map(({ date }) => date))].toSorted());
  }

  const root = service.user('superuser');
  const all = (await root.get('/api/v1/users/analytics').expect(200)).body;
  expect(all.users_by_role).toEqual({ superuser: 0, admin: 2, manager: 0, viewer: 1, customer: 2 });
  expect((all.failed_logins_per_day as Day[]).at(-1)?.count).toBe(2);
  expect((all.logins_per_day as Day[]).at(-1)?.count).toBe(3);
  const one = (await root.get(`/api/v1/users/analytics?company_id=${user.company_id}`).expect(200)).body;
  expect(one).toEqual({ ...body, generated_at: expect.any(String) });
  await client.get(`/api/v1/users/analytics?company_id=${other.user.company_id}`).expect(403);
  await service.user('customer', company).get('/api/v1/users/analytics').expect(403);
});

test('counts companies: the own one for admins, all for superusers', async () => {
  const isolated = await createTestAuth();
  try {
    const root = isolated.user('superuser');
    const { user, client } = await isolated.register();
    const add = (status: string) => root.post('/api/v1/companies', { name: status }).expect(201);
    await root.put(`/api/v1/companies/${(await add('suspended')).body.id}`, { status: 'suspended' }).expect(200);
    await root.delete(`/api/v1/companies/${(await add('inactive')).body.id}`).expect(200);
    const old = (await add('old')).body.id as string;
    await isolated.database.owner('companies').where({ id: old }).update({ created_at: '2020-01-01' });
    await client.post('/api/v1/users', { email: 'c@example.com', password }).expect(201);
    await root.post('/api/v1/users', { email: 's@example.com', password, role: 'superuser' }).expect(201);
    const users = {
      total_users: 2,
      users_by_role: { admin: 1, manager: 0, viewer: 0, customer: 1 },
      new_users_last_30_days: 2,
    };
    expect((await root.get('/api/v1/companies/analytics').expect(200)).body).toEqual({
      total_companies: 4,
      active_companies: 2,
      inactive_companies: 2,
      companies_by_status: { active: 2, inactive: 1, suspended: 1 },
      new_companies_last_30_days: 3,
      ...users,
    });
    const own = {
      total_companies: 1,
      active_companies: 1,
      inactive_companies: 0,
      companies_by_status: { active: 1, inactive: 0, suspended: 0 },
      new_companies_last_30_days: 1,
      ...users,
    };
    expect((await client.get('/api/v1/companies/analytics').expect(200)).body).toEqual(own);
    expect((await root.get(`/api/v1/companies/analytics?company_id=${user.company_id}`).expect(200)).body).toEqual(own);
  } finally {
    await isolated.close();
  }
});
