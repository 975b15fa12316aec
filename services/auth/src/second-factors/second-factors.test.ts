import { tokenOf, totpCode } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { describe, expect } from 'vitest';
import { mailTest } from '../testing/mail-test.ts';
import { signIn } from '../testing/lost-rights.ts';
import { enableFactor, newAdmin, newColleague, type TestClock } from '../testing/second-factor.ts';

const clock: TestClock = { at: Date.parse('2026-06-01T12:00:15Z') };
const test = mailTest({ pool: 10, now: () => clock.at });

const required = { status: 401, error_code: 'MFA_REQUIRED', mfa_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) };
const state = (totp: boolean, recovery_codes_left: number) => ({ totp, recovery_codes_left });
const limitOf = (access_token: string) => (jwt.decode(access_token) as { limited?: string }).limited;

describe('setting up', () => {
  test('takes the password and then a code; nothing changes before', async ({ service, mail }) => {
    const ana = await newAdmin(service);
    const elsewhere = await signIn(service, ana.user, ana.email, ana.password);
    expect((await ana.as.get('/auth/mfa').expect(200)).body).toEqual(state(false, 0));
    const refused = await ana.as.post('/auth/mfa/totp', { current_password: 'wrong' }).expect(422);
    expect(refused.body.errors).toEqual([{ path: 'current_password', message: 'is not your password' }]);
    const started = await ana.as.post('/auth/mfa/totp', { current_password: ana.password }).expect(200);
    expect(Object.keys(started.body).toSorted()).toEqual(['otpauth_url', 'qr_svg', 'secret']);
    expect(started.headers['cache-control']).toBe('no-store');
    const { secret } = started.body;
    await service.anonymous().post('/auth/login', { email: ana.email, password: ana.password }).expect(200);
    const wrong = await ana.as.post('/auth/mfa/totp/confirm', { code: '000000' }).expect(422);
    expect(wrong.body).toMatchObject({ error_code: 'MFA_CODE_INVALID', errors: [{ path: 'code' }] });
    await mail.deliver();

    const code = totpCode(secret, clock.at);
    const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
    const { body } = await ana.as
      .post('/auth/mfa/totp/confirm', { code: spaced })
      .set('Accept-Language', 'ro')
      .expect(200);
    expect(body).toEqual({ message: 'Second factor enabled', recovery_codes: expect.any(Array) });
    expect(new Set(body.recovery_codes).size).toBe(10);
    expect((await ana.as.get('/auth/mfa').expect(200)).body).toEqual(state(true, 10));
    await ana.as.patch('/auth/me', { name: 'Ana' }).expect(200);
    await elsewhere.as.patch('/auth/me', { name: 'Ana' }).expect(401);
    expect((await mail.mailTo(ana.email)).subject).toBe('Al doilea factor a fost activat');
    await service
      .anonymous()
      .post('/auth/login', { email: ana.email, password: ana.password })
      .expect(401)
      .expect((response) => expect(response.body).toMatchObject(required));

    for (const [path, request] of [
      ['/auth/mfa/totp/confirm', { code }],
      ['/auth/mfa/totp', { current_password: ana.password }],
    ] as const)
      expect((await ana.as.post(path, request).expect(409)).body.error_code).toBe('MFA_ENABLED');
    const audited = service.database.owner('audit_logs').where({ resource_id: ana.user.id }).orderBy(['at', 'id']);
    expect(await audited.whereLike('action', 'user.mfa%').pluck('action')).toEqual([
      'user.mfa.started', // refused
      'user.mfa.started',
      'user.mfa.enabled',
    ]);
  });

  test('takes the newest secret only, for ten minutes', async ({ service }) => {
    const ana = await newAdmin(service);
    const begin = async () =>
      (await ana.as.post('/auth/mfa/totp', { current_password: ana.password }).expect(200)).body.secret as string;
    const [first, second] = [await begin(), await begin()];
    await ana.as.post('/auth/mfa/totp/confirm', { code: totpCode(first, clock.at) }).expect(422);
    const pending = service.database.owner('totp_secrets').where({ user_id: ana.user.id });
    const [row] = await pending.clone();
    expect(Date.parse(row.expires_at) - Date.parse(row.created_at)).toBe(600_000);
    await pending.clone().update({ expires_at: '2026-01-01' });
    const code = totpCode(second, clock.at);
    const { body } = await ana.as.post('/auth/mfa/totp/confirm', { code }).expect(409);
    expect(body.error_code).toBe('MFA_SETUP_NOT_STARTED');
  });

  test('has one winner among concurrent confirmations', async ({ service }) => {
    const ana = await newAdmin(service);
    const { body } = await ana.as.post('/auth/mfa/totp', { current_password: ana.password }).expect(200);
    const code = totpCode(body.secret, clock.at);
    const confirm = async () => (await ana.as.post('/auth/mfa/totp/confirm', { code })).status;
    expect((await Promise.all([confirm(), confirm(), confirm()])).toSorted()).toEqual([200, 409, 409]);
    expect((await ana.as.get('/auth/mfa')).body).toEqual(state(true, 10));
  });

  test('takes no Idempotency-Key, and exactly one kind of code', async ({ service }) => {
    const { as, password } = await newAdmin(service);
    for (const [path, body] of Object.entries({
      '/auth/mfa/totp': { current_password: password },
      '/auth/mfa/totp/confirm': { code: '123456' },
      '/auth/mfa/recovery-codes': { code: '123456' },
      '/auth/login/mfa': { mfa_token: 'x', code: '123456' },
    }))
      await as.post(path, body).set('Idempotency-Key', 'a-key').expect(422);
    const paths = async (codes: object) => {
      const { body } = await service.anonymous().post('/auth/login/mfa', { mfa_token: 'x', ...codes });
      return [body.status, ...(body.errors as { path: string }[]).map(({ path }) => path)];
    };
    expect(await paths({})).toEqual([422, 'code']);
    expect(await paths({ code: '123456', recovery_code: 'x' })).toEqual([422, 'recovery_code']);
    for (const code of ['12345', '1234567', 'abcdef', '１２３４５６', 123456])
      expect(await paths({ code })).toEqual([422, 'code']);
  });
});

describe('turning it off', () => {
  test('takes the password and a code, which a stolen token does not have', async ({ service, mail }) => {
    const ana = await enableFactor(service, clock, await newAdmin(service));
    const { email, password: current_password } = ana;
    await mail.deliver();
    const remove = (body: object) => ana.as.delete('/auth/mfa/totp', body).set('X-Client-Ip', '192.0.2.9');
    expect((await remove({ current_password: 'wrong', code: ana.nextCode() }).expect(422)).body.errors).toMatchObject([
      { path: 'current_password' },
    ]);
    await remove({ current_password }).expect(422);
    const wrong = await remove({ current_password, recovery_code: 'x' }).expect(422);
    expect(wrong.body).toMatchObject({ error_code: 'MFA_CODE_INVALID', errors: [{ path: 'recovery_code' }] });
    const [failures] = await service.database.owner('sign_in_failures_by_network').where({ user_id: ana.user.id });
    expect(failures.failed_at).toHaveLength(2);
    await remove({ current_password, code: ana.nextCode() }).expect(200, { message: 'Second factor removed' });
    expect((await mail.mailTo(email)).subject).toBe('Se ha desactivado tu segundo factor');
    const entries = service.database
      .owner('audit_logs')
      .where({ resource_id: ana.user.id, action: 'user.mfa.disabled' });
    expect((await entries.orderBy('id')).map(({ result }) => result)).toEqual(['refused', 'refused', 'done']);
    expect((await ana.as.get('/auth/mfa')).body).toEqual(state(false, 0));
    await service.anonymous().post('/auth/login', { email, password: current_password }).expect(200);
    for (const send of [
      () => remove({ current_password, code: ana.nextCode() }),
      () => ana.as.post('/auth/mfa/recovery-codes', { code: ana.nextCode() }),
    ])
      expect((await send().expect(409)).body.error_code).toBe('MFA_NOT_ENABLED');
    await enableFactor(service, clock, ana);
  });

  test('replaces recovery codes by a code; a wrong one counts as a failed sign-in', async ({ service }) => {
    const ana = await enableFactor(service, clock, await newAdmin(service));
    const replace = (code: string) => ana.as.post('/auth/mfa/recovery-codes', { code });
    const { body } = await replace(ana.nextCode()).expect(200);
    expect(body).toEqual({ message: 'Recovery codes replaced', recovery_codes: expect.any(Array) });
    const audited = { resource_id: ana.user.id, action: 'user.mfa.recovery_codes.replaced' };
    expect(await service.database.owner('audit_logs').where(audited)).toMatchObject([{ result: 'done' }]);
    const complete = async (recovery_code: string) =>
      (await service.anonymous().post('/auth/login/mfa', { mfa_token: await ana.firstStep(), recovery_code })).status;
    expect(await complete(ana.recovery_codes[0] ?? '')).toBe(401);
    expect(await complete(body.recovery_codes[0])).toBe(200);
    expect((await ana.as.get('/auth/mfa')).body).toEqual(state(true, 9));
    for (let wrong = 0; wrong < 5; wrong += 1) await replace('000000').expect(422);
    await replace(ana.nextCode()).expect(422); // locked
  });
});

test('a new password by the link of a mail leaves the second factor, and ends sign-ins that wait for it', async ({
  service,
  mail,
}) => {
  const ana = await enableFactor(service, clock, await newAdmin(service));
  const waiting = await ana.firstStep();
  await mail.deliver();
  await service.anonymous().post('/auth/forgot-password', { email: ana.email }).expect(202);
  const new_password = 'another horse battery';
  const reset = { token: tokenOf(await mail.mailTo(ana.email)), new_password };
  await service.anonymous().post('/auth/reset-password', reset).expect(200);
  const late = await service.anonymous().post('/auth/login/mfa', { mfa_token: waiting, code: ana.nextCode() });
  expect(late.body).toMatchObject({ status: 401, error_code: 'MFA_TOKEN_INVALID' });
  const login = await service.anonymous().post('/auth/login', { email: ana.email, password: new_password });
  expect(login.body).toMatchObject(required);
  const second = { mfa_token: login.body.mfa_token as string, recovery_code: ana.recovery_codes[0] };
  await service.anonymous().post('/auth/login/mfa', second).expect(200);
  await mail.deliver();
});

describe('an admin', () => {
  test('removes the factor of a user who has lost it, never their own', async ({ service, mail, superuser }) => {
    const admin = await newAdmin(service);
    const manager = await newColleague(service, admin.as, 'manager');
    const ana = await enableFactor(service, clock, await newColleague(service, admin.as, 'viewer'));
    const path = `/api/v1/users/${ana.user.unique_id}/mfa`;
    const waiting = await ana.firstStep();
    await mail.deliver();
    await manager.as.delete(path).expect(403);
    await ana.as.delete(path).expect(403);
    await (await newAdmin(service)).as.delete(path).expect(404);
    const own = await enableFactor(service, clock, admin);
    await own.as.delete(`/api/v1/users/${admin.user.id}/mfa`).expect(403);
    await superuser.delete(`/api/v1/users/${superuser.user_id}/mfa`).expect(403);
    expect((await ana.as.get('/auth/mfa')).body).toEqual(state(true, 10));

    await admin.as.delete(path).expect(200, { message: 'Second factor removed' });
    expect((await mail.mailTo(ana.email)).subject).toBe('Se ha quitado tu segundo factor');
    await ana.as.patch('/auth/me', { name: 'Ana' }).expect(401);
    const { email, password } = ana;
    await service.anonymous().post('/auth/login', { email, password }).expect(200);
    const late = await service.anonymous().post('/auth/login/mfa', { mfa_token: waiting, code: ana.nextCode() });
    expect(late.body).toMatchObject({ status: 401, error_code: 'MFA_TOKEN_INVALID' });
    const entries = service.database
      .owner('audit_logs')
      .where({ resource_id: ana.user.id, action: 'user.mfa.removed' });
    expect(await entries).toMatchObject([{ actor_id: admin.user.id, result: 'done' }]);
    await admin.as.delete(path).expect(200); // has no effect
    expect(await mail.deliver()).toEqual([]);
    await superuser.delete(`/api/v1/users/${admin.user.id}/mfa`).expect(200);
    expect((await mail.deliver()).map(({ recipients }) => recipients)).toEqual([[admin.email]]);
  });
});

describe('a company that requires a second factor', () => {
  test('ends the sessions of staff without one, whose next tokens admit to setting it up only', async ({ service }) => {
    const admin = await newAdmin(service);
    const viewer = await newColleague(service, admin.as, 'viewer');
    const customer = await newColleague(service, admin.as, 'customer');
    const manager = await enableFactor(service, clock, await newColleague(service, admin.as, 'manager'));
    const path = `/api/v1/companies/${admin.user.company_id}`;
    await manager.as.put(path, { require_mfa: true }).expect(403);
    const { body: company } = await admin.as.put(path, { require_mfa: true }).expect(200);
    expect(company.require_mfa).toBe(true);
    const change = async ({ as }: typeof admin) => (await as.patch('/auth/me', { address: 'Road 1' })).status;
    expect(await Promise.all([admin, viewer, customer, manager].map(change))).toEqual([401, 401, 200, 200]);

    const login = async ({ email, password }: typeof admin) =>
      (await service.anonymous().post('/auth/login', { email, password }).expect(200)).body;
    expect(limitOf((await login(customer)).access_token)).toBeUndefined();
    const session = await login(admin);
    expect(limitOf(session.access_token)).toBe('mfa_setup');
    const again = await enableFactor(service, clock, await signIn(service, admin.user, admin.email, admin.password));
    const refreshed = await service.anonymous().post('/auth/refresh', { refresh_token: session.refresh_token });
    expect(refreshed.status).toBe(401); // ended with the other sessions
    const mfa_token = await again.firstStep();
    const { body } = await service.anonymous().post('/auth/login/mfa', { mfa_token, code: again.nextCode() });
    expect(limitOf(body.access_token)).toBeUndefined();

    // Who turns it off again has to set it up again; who becomes staff needs one.
    await again.as.delete('/auth/mfa/totp', { current_password: again.password, code: again.nextCode() }).expect(200);
    expect(await change(again)).toBe(401);
    expect(limitOf((await login(admin)).access_token)).toBe('mfa_setup');
    const other = await enableFactor(service, clock, await signIn(service, admin.user, admin.email, admin.password));
    await other.as.put(`/api/v1/users/${customer.user.id}`, { role: 'viewer' }).expect(200);
    expect(limitOf((await login(customer)).access_token)).toBe('mfa_setup');
    await other.as.put(path, { require_mfa: false }).expect(200);
    expect(limitOf((await login(customer)).access_token)).toBeUndefined();
  });

  test('gives a token without the limit by the refresh after the set-up', async ({ service }) => {
    const admin = await newAdmin(service);
    await service.database.owner('companies').where({ id: admin.user.business_id }).update({ require_mfa: true });
    const { email, password } = admin;
    const { body } = await service.anonymous().post('/auth/login', { email, password }).expect(200);
    expect(limitOf(body.access_token)).toBe('mfa_setup');
    const { sid } = jwt.decode(body.access_token) as { sid: string };
    const as = (method: 'post', path: string, request: object) =>
      admin.as[method](path, request).set('X-Session-Id', sid);
    const setup = await as('post', '/auth/mfa/totp', { current_password: password }).expect(200);
    clock.at += 30_000;
    await as('post', '/auth/mfa/totp/confirm', { code: totpCode(setup.body.secret, clock.at) }).expect(200);
    const { body: next } = await service
      .anonymous()
      .post('/auth/refresh', { refresh_token: body.refresh_token })
      .expect(200);
    expect(limitOf(next.access_token)).toBeUndefined();
  });
});

test('export says since when, and no secret; erasure and deletion leave nothing', async ({ service }) => {
  const admin = await newAdmin(service);
  const ana = await enableFactor(service, clock, await newColleague(service, admin.as, 'viewer'));
  await ana.firstStep();
  const company_id = admin.user.business_id ?? '';
  const person = { company_id, user_id: ana.user.id, customer_id: null, customer_number: null };
  const customer = service.callingService('customer', { ...service.company(), id: company_id });
  const rowsOf = async (section: string) =>
    (await customer.post('/internal/privacy/export', { person, section }).expect(200)).body.rows as object[];
  expect(await rowsOf('user')).toMatchObject([{ mfa_since: expect.stringMatching(/Z$/) }]);
  const text = JSON.stringify([await rowsOf('user'), await rowsOf('sessions')]);
  expect(text).not.toMatch(/sealed|code_hash|token_hash/);
  const request = { request_id: crypto.randomUUID(), person };
  await customer.post('/internal/privacy/erasures', request).expect(200);
  for (const table of ['totp_secrets', 'recovery_codes', 'mfa_challenges'])
    expect(await service.database.owner(table).where({ user_id: ana.user.id })).toEqual([]);
});
