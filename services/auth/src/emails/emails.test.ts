import { describe, expect } from 'vitest';
import { tokenOf } from '@clientela/testing';
import { mailTest } from '../testing/mail-test.ts';
import { createTestAuth, type RegisteredUser } from '../testing/test-auth.ts';

const test = mailTest({ pool: 4 });
const newEmail = () => `${crypto.randomUUID()}@example.com`;
const me = async ({ client }: RegisteredUser) => (await client.get('/auth/me').expect(200)).body.user;
const tokenInvalid = { error_code: 'TOKEN_INVALID', errors: [{ path: 'token' }] };

describe('POST /auth/verify-email', () => {
  test('verifies the address by the token of the mail, once', async ({ service, mail }) => {
    const ana = await service.register();
    expect(await me(ana)).toMatchObject({ email_verified_at: null });
    await ana.client
      .post('/auth/verify-email/request')
      .set('Accept-Language', 'es')
      .expect(202, { message: 'Mail sent' });
    const received = await mail.mailTo(ana.email);
    expect(received.subject).toBe('Confirma tu dirección de correo');
    const body = { token: tokenOf(received) };
    const before = await me(ana);
    await service.anonymous().post('/auth/verify-email', body).expect(200, { message: 'E-mail address verified' });
    const after = await me(ana);
    expect(after.email_verified_at).toMatch(/Z$/);
    expect(after.version).toBe(before.version + 1);
    const spent = await service.anonymous().post('/auth/verify-email', body).expect(422);
    expect(spent.body).toMatchObject(tokenInvalid);
    await ana.client.post('/auth/verify-email/request').expect(200);
    expect(await mail.deliver()).toEqual([]);
    expect((await service.events('user.updated')).at(-1)?.data).toEqual({
      user_id: ana.user.id,
      fields_changed: ['email_verified_at'],
    });
    const { body: audit } = await ana.client.get('/api/v1/audit-logs?action=user.email.verified').expect(200);
    expect(audit.audit_logs).toMatchObject([{ actor_id: ana.user.id, resource_id: ana.user.id, ip: null }]);
  });

  test('takes only the newest token, of its purpose and address, while it is valid', async ({ service, mail }) => {
    const ana = await service.register();
    const request = async () => {
      await ana.client.post('/auth/verify-email/request').expect(202);
      return tokenOf(await mail.mailTo(ana.email));
    };
    const rejects = async (token: string, path = 'verify-email') =>
      expect((await service.anonymous().post(`/auth/${path}`, { token }).expect(422)).body).toMatchObject(tokenInvalid);
    const [first, second] = [await request(), await request()];
    await rejects(first);
    for (const token of ['x', 'x'.repeat(43), `${second}x`, second.toUpperCase()]) await rejects(token);
    await rejects(second, 'change-email/confirm');
    const tokens = () => service.database.owner('mail_tokens').where({ user_id: ana.user.id });
    const [{ expires_at }] = await tokens();
    await tokens().update({ expires_at: '2026-01-01' });
    await rejects(second);
    await tokens().update({ expires_at });
    await service.database.owner('users').where({ id: ana.user.id }).update({ email: newEmail() });
    await rejects(second);
    expect(JSON.stringify(await tokens())).not.toContain(second);
  });

  test('of two requests with one token one wins; reading the link’s route before changes nothing', async ({
    service,
    mail,
  }) => {
    const ana = await service.register();
    await ana.client.post('/auth/verify-email/request').expect(202);
    const token = tokenOf(await mail.mailTo(ana.email));
    for (const method of ['get', 'put', 'delete'] as const)
      await service.anonymous()[method](`/auth/verify-email?token=${token}`).expect(405);
    const verify = async () => (await service.anonymous().post('/auth/verify-email', { token })).status;
    expect((await Promise.all([verify(), verify(), verify()])).toSorted()).toEqual([200, 422, 422]);
  });

  test('sends at most five mails an hour, and takes no Idempotency-Key', async ({ service, mail }) => {
    const ana = await service.register();
    for (let sent = 0; sent < 5; sent += 1) await ana.client.post('/auth/verify-email/request').expect(202);
    const { owner } = service.database;
    const earlier = owner.raw(`array(select at - interval '50 minutes' from unnest(sent_at) at)`);
    await owner('mail_tokens').where({ user_id: ana.user.id }).update({ sent_at: earlier });
    const limited = await ana.client.post('/auth/verify-email/request').expect(429);
    expect(limited.body.detail).toMatch(/^5 such mails were sent within an hour; retry in \d+ s$/);
    expect(Math.abs(Number(limited.headers['retry-after']) - 600)).toBeLessThan(60);
    expect(await mail.deliver()).toHaveLength(1); // the others hold tokens that a newer one has ended
    for (const [path, body] of Object.entries({
      '/auth/verify-email/request': undefined,
      '/auth/verify-email': { token: 'x' },
      '/auth/forgot-password': { email: ana.email },
      '/auth/reset-password': { token: 'x', new_password: 'another horse battery' },
      '/auth/change-email': { email: newEmail(), current_password: ana.password },
      '/auth/change-email/confirm': { token: 'x' },
    })) {
      const { body: problem } = await ana.client.post(path, body).set('Idempotency-Key', 'key-1').expect(422);
      expect(problem.errors).toEqual([{ path: 'Idempotency-Key', message: 'is not supported by this route' }]);
    }
  });
});

describe('POST /auth/change-email', () => {
  const change = (ana: RegisteredUser, email: string, current_password = ana.password) =>
    ana.client.post('/auth/change-email', { email, current_password });
  const confirm = (service: Awaited<ReturnType<typeof createTestAuth>>, token: string) =>
    service.anonymous().post('/auth/change-email/confirm', { token });

  test('changes the address when the new one confirms; the old one is told at once', async ({ service, mail }) => {
    const ana = await service.register();
    const email = newEmail();
    await change(ana, email).expect(202);
    const [first, second] = await mail.deliver();
    const [toNew, toOld] = first?.recipients[0] === email ? [first, second] : [second, first];
    expect(toOld).toMatchObject({ recipients: [ana.email], subject: 'Una nueva dirección de correo para tu cuenta' });
    expect(toOld?.text).toContain(email);
    expect(toOld?.text).not.toContain('token=');
    expect(await me(ana)).toMatchObject({ email: ana.email });
    const token = tokenOf(toNew as NonNullable<typeof toNew>);
    const tabs = await Promise.all([confirm(service, token), confirm(service, token)]);
    expect(tabs.map(({ status }) => status).toSorted()).toEqual([200, 422]);
    expect(tabs.find(({ status }) => status === 200)?.body).toEqual({ message: 'E-mail address changed' });
    const changed = await me(ana);
    expect(changed).toMatchObject({ email, email_verified_at: expect.stringMatching(/Z$/) });
    expect((await service.events('user.updated')).at(-1)?.data['fields_changed']).toEqual([
      'email',
      'email_verified_at',
    ]);
    const entries = service.database.owner('audit_logs').where({ resource_id: ana.user.id }).orderBy('id');
    expect((await entries.select('action', 'fields')).slice(-3)).toEqual([
      { action: 'user.email.change_requested', fields: ['email'] },
      { action: 'user.updated', fields: ['email'] },
      { action: 'user.email.verified', fields: ['email_verified_at'] },
    ]);
    await service.anonymous().post('/auth/login', { email, password: ana.password }).expect(200);
    await service.anonymous().post('/auth/login', { email: ana.email, password: ana.password }).expect(401);
  });

  test('tells nobody that an address is taken, and is a 409 when it was taken meanwhile', async ({ service, mail }) => {
    const [ana, bob] = [await service.register(), await service.register()];
    const free = newEmail();
    const [known, unknown] = [await change(ana, bob.email).expect(202), await change(ana, free).expect(202)];
    expect(known.body).toEqual(unknown.body);
    const received = await mail.deliver();
    expect(received.map(({ recipients }) => recipients[0]).toSorted()).toEqual([ana.email, ana.email, free].toSorted());
    const token = tokenOf(received.find(({ recipients }) => recipients[0] === free) as (typeof received)[number]);
    const carla = await service.register({ email: free });
    const { body } = await confirm(service, token).expect(409);
    expect(body).toMatchObject({ error_code: 'USER_EMAIL_TAKEN' });
    expect(body.existing).toBeUndefined();
    expect(await me(ana)).toMatchObject({ email: ana.email });
    expect(await me(carla)).toMatchObject({ email: free });
  });

  test('needs the password, a wrong one of which counts as a failed sign-in', async ({ service, mail }) => {
    const ana = await service.register();
    for (let failed = 0; failed < 5; failed += 1) {
      const { body } = await change(ana, newEmail(), 'wrong').expect(422);
      expect(body.errors).toEqual([{ path: 'current_password', message: 'is not your password' }]);
    }
    await change(ana, newEmail()).expect(422); // locked
    expect(await mail.deliver()).toEqual([]);
    const { body } = await ana.client.get('/api/v1/audit-logs?action=user.email.change_requested').expect(200);
    expect(body.audit_logs).toHaveLength(6);
    expect(body.audit_logs[0]).toMatchObject({ result: 'refused', ip: '192.0.2.7' });
    const bob = await service.register();
    expect((await change(bob, bob.email.toUpperCase()).expect(422)).body.errors).toMatchObject([{ path: 'email' }]);
  });

  test('is stopped by a new password', async ({ service, mail }) => {
    const ana = await service.register();
    const email = newEmail();
    await change(ana, email).expect(202);
    const token = tokenOf((await mail.deliver()).find(({ recipients }) => recipients[0] === email) as never);
    await ana.client
      .post('/auth/change-password', { current_password: ana.password, new_password: 'another horse battery' })
      .expect(200);
    await confirm(service, token).expect(422);
  });
});

test('an administrator’s change of an address clears its verification and tells the old one', async ({
  service,
  mail,
}) => {
  const ana = await service.register();
  await service.database.owner('users').where({ id: ana.user.id }).update({ email_verified_at: '2026-01-01' });
  const email = newEmail();
  const { body } = await ana.client.put(`/api/v1/users/${ana.user.id}`, { email }).expect(200);
  expect(body).toMatchObject({ email, email_verified_at: null });
  const received = await mail.mailTo(ana.email);
  expect(received).toMatchObject({ subject: 'Se ha cambiado la dirección de correo de tu cuenta' }); // of a company in Spain
  expect(received.text).toContain(email);
});

test('without a mail server, what is all about a mail is a 503, and other changes are made', async ({
  onTestFinished,
}) => {
  const service = await createTestAuth({ hasMail: false });
  onTestFinished(() => service.close());
  const ana = await service.register();
  const password = { current_password: ana.password };
  for (const request of [
    ana.client.post('/auth/verify-email/request'),
    ana.client.post('/auth/change-email', { email: newEmail(), ...password }),
    service.anonymous().post('/auth/forgot-password', { email: ana.email }),
    service.anonymous().post('/auth/forgot-password', { email: newEmail() }),
    ana.client.post('/api/v1/invitations', { email: newEmail(), role: 'viewer' }),
    ana.client.post(`/api/v1/invitations/${crypto.randomUUID()}/resend`),
    ana.client.post('/api/v1/users', { email: newEmail(), role: 'viewer' }),
  ])
    expect((await request.expect(503)).body).toMatchObject({ error_code: 'MAIL_NOT_CONFIGURED' });
  await ana.client.put(`/api/v1/users/${ana.user.id}`, { email: newEmail() }).expect(200);
  expect(await service.database.owner('mails').select('id')).toEqual([]);
});
