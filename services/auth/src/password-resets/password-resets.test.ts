import { describe, expect } from 'vitest';
import { tokenOf } from '@clientela/testing';
import { mailTest } from '../testing/mail-test.ts';
import type { TestAuth } from '../testing/test-auth.ts';

const test = mailTest({ pool: 4 });
const new_password = 'another horse battery';
const forgot = (service: TestAuth, email: string) => service.anonymous().post('/auth/forgot-password', { email });
const reset = (service: TestAuth, token: string, password = new_password) =>
  service.anonymous().post('/auth/reset-password', { token, new_password: password });
const login = (service: TestAuth, email: string, password: string) =>
  service.anonymous().post('/auth/login', { email, password });

describe('a forgotten password', () => {
  test('is replaced by the link of the mail, which ends all sessions and locks, and says so', async ({
    service,
    mail,
  }) => {
    const ana = await service.register();
    const signedIn = (await login(service, ana.email, ana.password).expect(200)).body;
    for (let failed = 0; failed < 5; failed += 1) await login(service, ana.email, 'wrong').expect(401);
    await login(service, ana.email, ana.password).expect(401); // locked
    await forgot(service, ana.email.toUpperCase()).set('Accept-Language', 'ru').expect(202);
    const received = await mail.mailTo(ana.email);
    expect(received.subject).toBe('Задайте новый пароль');
    const token = tokenOf(received);
    expect((await reset(service, token, ana.email).expect(422)).body.errors).toMatchObject([{ path: 'new_password' }]);
    await reset(service, token).expect(200, { message: 'Password changed; sign in with the new one' });
    expect((await reset(service, token).expect(422)).body).toMatchObject({ error_code: 'TOKEN_INVALID' });
    expect((await mail.mailTo(ana.email)).subject).toBe('Se ha cambiado tu contraseña');
    const { body } = await login(service, ana.email, new_password).expect(200);
    expect(body.user.email_verified_at).toMatch(/Z$/);
    await service.anonymous().post('/auth/refresh', { refresh_token: signedIn.refresh_token }).expect(401);
    expect(await service.events('session.revoked')).toHaveLength(1);
    const actions = (await service.database.owner('audit_logs').where({ resource_id: ana.user.id }).orderBy('id')).map(
      ({ action }) => action,
    );
    expect(actions).toEqual(expect.arrayContaining(['user.password.reset_requested', 'user.password.changed']));
  });

  test('gets the same response for every address, and a mail only for an active user', async ({ service, mail }) => {
    const [ana, bob] = [await service.register(), await service.register()];
    await service.database.owner('users').where({ id: bob.user.id }).update({ is_active: false });
    const carla = await service.register();
    await service.database.owner('companies').where({ id: carla.user.business_id }).update({ status: 'suspended' });
    const responses = [];
    for (const email of [ana.email, bob.email, carla.email, 'nobody@example.com', 'not an address'])
      responses.push((await forgot(service, email).expect(202)).body);
    expect(new Set(responses.map((body) => JSON.stringify(body))).size).toBe(1);
    expect((await mail.deliver()).map(({ recipients }) => recipients)).toEqual([[ana.email]]);
    expect(await service.database.owner('mails').select('id')).toEqual([]);
  });

  test('sends three mails an hour; a further request gets the same response and no mail', async ({ service, mail }) => {
    const ana = await service.register();
    const sent: string[] = [];
    for (let request = 0; request < 5; request += 1) {
      await forgot(service, ana.email).expect(202);
      sent.push(...(await mail.deliver()).map(tokenOf));
    }
    expect(sent).toHaveLength(3);
    await reset(service, sent[0] ?? '').expect(422);
    await reset(service, sent[2] ?? '').expect(200);
    await mail.deliver();
    const hourAgo = service.database.owner.raw(`array(select at - interval '61 minutes' from unnest(sent_at) at)`);
    await service.database.owner('mail_tokens').where({ user_id: ana.user.id }).update({ sent_at: hourAgo });
    await forgot(service, ana.email).expect(202);
    expect(await mail.deliver()).toHaveLength(1);
  });

  test('has its hour from the moment the mail is sent, however long the server was down', async ({ service, mail }) => {
    const ana = await service.register();
    await forgot(service, ana.email).expect(202);
    await mail.server.stop();
    await mail.deliver();
    const { owner } = service.database;
    const threeHoursAgo = owner.raw(`now() - interval '3 hours'`);
    await owner('mails').update({ created_at: threeHoursAgo, next_attempt_at: threeHoursAgo });
    await owner('mail_tokens').where({ user_id: ana.user.id }).update({ expires_at: threeHoursAgo });
    await mail.server.start();
    await reset(service, tokenOf(await mail.mailTo(ana.email))).expect(200);
    await mail.deliver();
  });

  test('of two tabs one spends the token', async ({ service, mail }) => {
    const ana = await service.register();
    await forgot(service, ana.email).expect(202);
    const token = tokenOf(await mail.mailTo(ana.email));
    const passwords = ['first horse battery', 'second horse battery'];
    const statuses = await Promise.all(
      passwords.map(async (password) => (await reset(service, token, password)).status),
    );
    expect(statuses.toSorted()).toEqual([200, 422]);
    const winner = passwords[statuses.indexOf(200)] ?? '';
    await login(service, ana.email, winner).expect(200);
    await mail.deliver();
  });

  test('of an erased user is no longer to be had', async ({ service, mail }) => {
    const ana = await service.register();
    await forgot(service, ana.email).expect(202);
    const token = tokenOf(await mail.mailTo(ana.email));
    await service.database.owner('users').where({ id: ana.user.id }).delete();
    await reset(service, token).expect(422);
    expect(await service.database.owner('mail_tokens').where({ user_id: ana.user.id })).toEqual([]);
  });
});
