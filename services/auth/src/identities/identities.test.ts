import { randomUUID } from 'node:crypto';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createAttempts, newAttempt } from './attempt.ts';
import {
  begin,
  createTestOidc,
  exchange,
  newAccount,
  publicUrl,
  signInAt,
  verifyAddress,
  type TestOidc,
} from '../testing/oidc-test.ts';

const test = serviceTest(() => createTestOidc(['my_company']));

test('signs in with another provider by an address that both verified, then by the identity; the last way in stays', async ({
  service,
}) => {
  await service
    .anonymous()
    .get('/auth/oidc')
    .expect(200, { providers: [{ name: 'my_company', title: 'My Company' }] });
  const ana = await service.register();
  await verifyAddress(service, ana.user.id);
  const account = { sub: randomUUID(), email: ana.email.toUpperCase(), email_verified: true };

  const { location } = await begin(service, 'my_company');
  const asked = new URL(location).searchParams;
  expect(Object.fromEntries(asked)).toMatchObject({
    redirect_uri: `${publicUrl}/auth/oidc/my_company/callback`,
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
  });

  const returned = await signInAt(service, 'my_company', account, '/console/customers?page=2');
  expect(returned).toMatchObject({ page: '/console/customers?page=2', error: null });
  const { body } = await exchange(service, returned.code).expect(200);
  expect(body).toMatchObject({ message: 'Signed in', token_type: 'Bearer', user: { id: ana.user.id } });
  const identity = {
    id: expect.any(String),
    provider: 'my_company',
    issuer: `${service.at['my_company']?.issuer}/`,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    last_used_at: expect.stringMatching(/Z$/),
  };
  expect(body.user.identities).toEqual([identity]);
  expect((await exchange(service, returned.code).expect(422)).body).toMatchObject({
    error_code: 'TOKEN_INVALID',
    errors: [{ path: 'code' }],
  });

  // By the identity, whatever the provider says of the address now.
  const again = await signInAt(service, 'my_company', { sub: account.sub });
  expect(again.page).toBe('/console/sign-in/return');
  const second = await exchange(service, again.code).expect(200);
  expect(second.body.user.identities.map(({ id }: { id: string }) => id)).toEqual([body.user.identities[0].id]);

  // Another person of the provider, and an address that nobody verified here.
  const bob = await service.register();
  const unknown = await signInAt(service, 'my_company', { sub: randomUUID(), email: bob.email, email_verified: true });
  expect(unknown).toMatchObject({ error: 'OIDC_NO_USER', code: expect.any(String) });
  expect((await exchange(service, unknown.code).expect(401)).body.error_code).toBe('OIDC_NO_USER');

  const path = `/auth/identities/${body.user.identities[0].id}`;
  expect((await bob.client.delete(path).expect(404)).body.error_code).toBe('IDENTITY_NOT_FOUND');
  const users = service.database.owner('users').where({ id: ana.user.id });
  const [{ password_hash }] = await users.clone().select('password_hash');
  await users.clone().update({ password_hash: null });
  expect((await ana.client.delete(path).expect(409)).body.error_code).toBe('LAST_WAY_IN');
  await users.clone().update({ password_hash });
  await ana.client.delete(path).expect(200);
  expect((await ana.client.get('/auth/me').expect(200)).body.user.identities).toEqual([]);
  const entries = await service.database
    .owner('audit_logs')
    .where({ resource_id: ana.user.id })
    .whereIn('action', ['sign_in', 'user.identity.joined', 'user.identity.removed'])
    .orderBy('at')
    .pluck('action');
  expect(entries).toEqual(['user.identity.joined', 'sign_in', 'sign_in', 'user.identity.removed']);
});

test('the cookie of a sign-in goes to this host alone, to no script, and lasts ten minutes; without https it has no prefix', async ({
  service,
}) => {
  const { headers } = await service.anonymous().get('/auth/oidc/my_company/start').expect(302);
  const end = '; Path=/; Max-Age=600; HttpOnly; SameSite=Lax';
  expect(headers['set-cookie']).toEqual([
    expect.stringMatching(new RegExp(`^__Host-clientela_oidc=[\\w-]+${end}; Secure$`)),
  ]);
  const state = new URL(headers['location'] ?? '').searchParams.get('state') ?? '';
  expect(Buffer.from(String(headers['set-cookie']), 'base64url').includes(state)).toBe(false);
  const unencrypted = createAttempts(service.secret, false).remember(newAttempt('my_company', '/console'));
  expect(unencrypted).toMatch(new RegExp(`^clientela_oidc=[\\w-]+${end}$`));
});

async function invite(service: TestOidc) {
  const founder = await service.register();
  const email = `${randomUUID()}@example.com`;
  const { body } = await founder.client.post('/api/v1/invitations', { email, role: 'viewer' }).expect(201);
  const token = randomUUID();
  await service.database
    .owner('invitations')
    .where({ id: body.invitation.id })
    .update({ token_hash: service.database.owner.raw('sha256(?)', [Buffer.from(token)]) });
  return { token, email };
}
const accept = (service: TestOidc, body: object) => service.anonymous().post('/auth/invitations/accept', body);

test('an invitation joins an identity of another address, without a password; one is set by a reset', async ({
  service,
}) => {
  const { token, email } = await invite(service);
  const account = { ...newAccount(), name: 'Carla Pérez' };
  const { code } = await signInAt(service, 'my_company', account, '/console/invite');
  await accept(service, { token }).expect(422);
  await accept(service, { token, oidc_code: code, password: 'correct horse battery' }).expect(422);
  const { body: invalid } = await accept(service, { token, oidc_code: 'x' }).expect(422);
  expect(invalid.errors).toEqual([{ path: 'oidc_code', message: 'is invalid or has expired' }]);
  const { body } = await accept(service, { token, oidc_code: code }).expect(200);
  expect(body.user).toMatchObject({
    email,
    first_name: 'Carla',
    last_name: 'Pérez',
    identities: [{ provider: 'my_company' }],
  });
  const stored = service.database.owner('users').where({ id: body.user.id });
  expect(await stored.clone().first('password_hash')).toEqual({ password_hash: null });
  for (const password of ['', 'null', 'correct horse battery'])
    expect([401, 422]).toContain((await service.anonymous().post('/auth/login', { email, password })).status);
  const again = await signInAt(service, 'my_company', account);
  expect((await exchange(service, again.code).expect(200)).body.user.id).toBe(body.user.id);

  // A second invitation cannot take the identity.
  const second = await invite(service);
  const known = await signInAt(service, 'my_company', account);
  const { body: taken } = await accept(service, { token: second.token, oidc_code: known.code }).expect(409);
  expect(taken.error_code).toBe('IDENTITY_TAKEN');
  const other = await signInAt(service, 'my_company', newAccount());
  await accept(service, { token: second.token, oidc_code: other.code }).expect(200);

  await service.anonymous().post('/auth/forgot-password', { email }).expect(202);
  const reset = randomUUID();
  await service.database.owner('mail_tokens').insert({
    user_id: body.user.id,
    purpose: 'reset_password',
    email,
    token_hash: service.database.owner.raw('sha256(?)', [Buffer.from(reset)]),
    expires_at: new Date(Date.now() + 600_000),
    sent_at: service.database.owner.raw('array[now()]'),
  });
  const password = 'a better horse battery';
  await service.anonymous().post('/auth/reset-password', { token: reset, new_password: password }).expect(200);
  await service.anonymous().post('/auth/login', { email, password }).expect(200);
});
