import jwt from 'jsonwebtoken';
import { expect } from 'vitest';
import { tokenOf } from '@clientela/testing';
import { createPasswords } from '../accounts/passwords.ts';
import { ensureSuperuser } from '../accounts/superuser.ts';
import { mailTest } from '../testing/mail-test.ts';
import { testHashingCost, type TestAuth } from '../testing/test-auth.ts';

const test = mailTest({ pool: 4, requireVerifiedEmail: true });
const limitOf = ({ access_token }: { access_token: string }) =>
  (jwt.decode(access_token) as Record<string, unknown>)['limited'];
const login = async (service: TestAuth, { email, password }: { email: string; password: string }) =>
  (await service.anonymous().post('/auth/login', { email, password }).expect(200)).body;

test('who registers under REQUIRE_VERIFIED_EMAIL gets a mail, and limited tokens until its link is used', async ({
  service,
  mail,
}) => {
  const ana = await service.register();
  const session = await login(service, ana);
  expect(limitOf(session)).toBe('verify_email');
  const refresh = async (token: string) =>
    (await service.anonymous().post('/auth/refresh', { refresh_token: token }).expect(200)).body;
  const second = await refresh(session.refresh_token);
  expect(limitOf(second)).toBe('verify_email');
  await service
    .anonymous()
    .post('/auth/verify-email', { token: tokenOf(await mail.mailTo(ana.email)) })
    .expect(200);
  expect(limitOf(await refresh(second.refresh_token))).toBeUndefined();
  expect(limitOf(await login(service, ana))).toBeUndefined();
});

test('users made before the setting count as verified; a new address of theirs does not', async ({ service }) => {
  const ana = await service.register();
  await service.database.owner('users').where({ id: ana.user.id }).update({ must_verify_email: false });
  expect(limitOf(await login(service, ana))).toBeUndefined();
  const email = `${crypto.randomUUID()}@example.com`;
  await ana.client.put(`/api/v1/users/${ana.user.id}`, { email }).expect(200);
  expect(limitOf(await login(service, { ...ana, email }))).toBe('verify_email');
  const body = { email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery', role: 'viewer' };
  await ana.client.post('/api/v1/users', body).expect(201);
  expect(limitOf(await login(service, body))).toBe('verify_email');
});

test('the superuser of ADMIN_EMAIL counts as verified', async ({ service }) => {
  const root = { email: `${crypto.randomUUID()}@example.com`, password: 'a configured password' };
  await ensureSuperuser(service.database.db, createPasswords({ cost: testHashingCost }), root);
  expect(limitOf(await login(service, root))).toBeUndefined();
});
