import { randomUUID } from 'node:crypto';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

const path = '/api/v1/people';
const idsOf = (ids: readonly string[]) => ids.map((id) => `id=${encodeURIComponent(id)}`).join('&');

test('names the users of the company and the services that wrote a record; unknown ids are left out', async ({
  service,
}) => {
  const { user, client } = await service.register({ name: 'Ana María Perez' });
  const { user: stranger } = await service.register({ name: 'Somebody Else' });
  const input = { email: `${randomUUID()}@example.com`, password: 'correct horse battery', first_name: 'Leo' };
  const { body: former } = await client.post('/api/v1/users', { ...input, role: 'manager' }).expect(201);
  await client.delete(`/api/v1/users/${former.id}`).expect(200);
  const unknown = [stranger.id, randomUUID(), `key:${randomUUID()}`, 'service:unknown'];
  const ids = [former.id, 'service:customer', ...unknown, user.id.toUpperCase(), user.id];

  const viewer = service.user('viewer', { id: user.business_id ?? '' });
  const { body } = await viewer.get(`${path}?${idsOf(ids)}`).expect(200);
  expect(body).toEqual({
    people: [
      { id: former.id, name: 'Leo', active: false },
      { id: 'service:customer', name: 'customer service', active: true },
      { id: user.id, name: 'Ana María Perez', active: true },
    ],
  });
  const across = (
    await service
      .user('superuser')
      .get(`${path}?${idsOf([user.id, stranger.id])}`)
      .expect(200)
  ).body;
  expect(across.people.map(({ id }: { id: string }) => id)).toEqual([user.id, stranger.id]);
});

test('accepts 1 to 100 well-formed ids, from staff only', async ({ service }) => {
  const company = { id: randomUUID() };
  const manager = service.user('manager', company);
  const many = Array.from({ length: 101 }, () => randomUUID());
  expect((await manager.get(`${path}?${idsOf(many.slice(0, 100))}`).expect(200)).body).toEqual({ people: [] });
  for (const query of ['', idsOf(many), 'id=nonsense', 'id=key:1', `id=${many[0]}&id=x`]) {
    const { body } = await manager.get(`${path}?${query}`).expect(422);
    expect(body.errors[0].path).toMatch(/^id/);
  }
  const { body } = await service.user('customer', company).get(`${path}?id=${many[0]}`).expect(403);
  expect(body.missing).toBe('customers:read');
});
