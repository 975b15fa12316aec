import { randomUUID } from 'node:crypto';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createAttempts, newAttempt } from './attempt.ts';
import { createTestOidc, exchange, publicUrl, signInAt, verifyAddress, begin } from '../testing/oidc-test.ts';

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
