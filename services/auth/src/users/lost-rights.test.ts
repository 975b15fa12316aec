import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import {
  allRejected,
  createPair,
  losses,
  newEmail,
  newPassword,
  useLostRights,
  userPath,
  type StaffRole,
} from '../testing/lost-rights.ts';
import { createTestAuth } from '../testing/test-auth.ts';

// All ways to lose a right are in lost-rights.large.test.ts.

const test = serviceTest(() => createTestAuth({ pool: 10 }));

test.for<[StaffRole, string]>([
  ['admin', 'is demoted'],
  ['admin', 'is suspended with its company'],
  ['superuser', 'is deactivated'],
] as const)(
  'the token of an %s who %s gets a 401 at every changing route and changes nothing',
  async ([role, name], { service, superuser }) => {
    const lose = losses[role][name];
    if (!lose) throw new Error(name);
    expect(await useLostRights(await createPair(service, superuser, role), role, lose)).toEqual(allRejected(role));
  },
);

test('a stored response is not replayed once the session has ended', async ({ service, superuser }) => {
  const { other } = await createPair(service, superuser);
  const post = (body: object) => other.as.post('/api/v1/users', body).set('Idempotency-Key', 'key-1');
  const body = { email: newEmail(), password: newPassword() };
  await post(body).expect(201);
  await post(body).expect(201);
  await other.as.post('/auth/logout').expect(200);
  await post(body).expect(401);
});

test('a token whose role, company or session is not the stored one changes nothing', async ({ service, superuser }) => {
  const { other, owner } = await createPair(service, superuser);
  const { id } = other.user;
  const company = { id: owner.user.business_id ?? '' };
  const foreign = await service.register();
  for (const client of [
    service.user('superuser', undefined, id),
    service.user('manager', company, id),
    service.user('admin', { id: foreign.user.business_id ?? '' }, id),
  ])
    await client.patch('/auth/me', { name: 'X' }).set('X-Session-Id', other.sid).expect(401);
  for (const sid of [owner.sid, 'not-an-id'])
    await other.as.patch('/auth/me', { name: 'X' }).set('X-Session-Id', sid).expect(401);
  await other.as.patch('/auth/me', { name: 'X' }).expect(200);
});

test('of two admins who deactivate each other at once, one does and the other gets a 401', async ({
  service,
  superuser,
}) => {
  for (let round = 0; round < 5; round += 1) {
    const { owner, other } = await createPair(service, superuser);
    const responses = await Promise.all([owner.as.delete(userPath(other)), other.as.delete(userPath(owner))]);
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  }
});
