import { createTestAuth } from '../testing/test-auth.ts';
import { recordStatements, serviceTest, totpCode, tablesContaining } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { enableFactor, newAdmin, type Protected, type TestClock } from '../testing/second-factor.ts';

const clock: TestClock = { at: Date.parse('2026-06-01T12:00:15Z') };
const test = serviceTest(() => createTestAuth({ pool: 10, now: () => clock.at })).extend(
  'ana',
  async ({ service }): Promise<Protected> => enableFactor(service, clock, await newAdmin(service)),
);
const ended = { status: 401, error_code: 'MFA_TOKEN_INVALID' };
const wrong = { status: 401, error_code: 'MFA_CODE_INVALID' };

describe('a sign-in with a second factor', () => {
  test('takes a code after the password, under each path, and then responds as login does', async ({
    service,
    ana,
  }) => {
    const { email, password } = ana;
    for (const prefix of ['/auth', '/api/auth', '/api/v1/auth']) {
      const [before] = await service.database.owner('users').where({ id: ana.user.id });
      const first = await service.anonymous().post(`${prefix}/login`, { username_or_email: email, password });
      expect(first.body).toEqual({
        type: 'urn:clientela:problem:mfa-required',
        title: 'Unauthenticated',
        status: 401,
        detail: expect.any(String),
        error_code: 'MFA_REQUIRED',
        timestamp: expect.any(String),
        request_id: expect.any(String),
        errors: [],
        mfa_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      });
      expect(first.headers).toMatchObject({
        'www-authenticate': 'Bearer realm="clientela"',
        'cache-control': 'no-store',
      });
      const [after] = await service.database.owner('users').where({ id: ana.user.id });
      expect(after).toEqual(before); // last_login too
      const { mfa_token } = first.body;
      const { body } = await service
        .anonymous()
        .post(`${prefix}/login/mfa`, { mfa_token, code: ana.nextCode() })
        .expect(200);
      expect(body).toEqual({
        message: 'Signed in',
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        user: { ...ana.user, last_login: expect.any(String) },
      });
      const spent = await service.anonymous().post(`${prefix}/login/mfa`, { mfa_token, code: ana.nextCode() });
      expect(spent.body).toMatchObject(ended);
    }
    const entries = await service.database
      .owner('audit_logs')
      .where({ resource_id: ana.user.id })
      .whereLike('action', 'sign_in%')
      .orderBy('id')
      .pluck('action');
    expect(entries).toEqual([
      'sign_in',
      ...Array.from({ length: 3 }, () => ['sign_in.mfa_required', 'sign_in']).flat(),
    ]);
    expect(await service.database.owner('sessions').where({ user_id: ana.user.id })).toHaveLength(4);
  });

  test('takes a code once: neither a replayed one nor one of an earlier step', async ({ service, ana }) => {
    const complete = async (codes: object) => {
      const mfa_token = await ana.firstStep();
      return (await service.anonymous().post('/auth/login/mfa', { mfa_token, ...codes })).body;
    };
    const confirmed = totpCode(ana.secret, clock.at);
    expect(await complete({ code: confirmed })).toMatchObject(wrong);
    const earlier = ana.nextCode();
    const code = ana.nextCode();
    expect(await complete({ code })).toMatchObject({ message: 'Signed in' });
    expect(await complete({ code })).toMatchObject(wrong);
    expect(await complete({ code: earlier })).toMatchObject(wrong); // within the window, and never used
    const [recovery_code = ''] = ana.recovery_codes;
    expect(await complete({ recovery_code: recovery_code.toUpperCase().replaceAll('-', ' ') })).toMatchObject({
      message: 'Signed in',
    });
    expect(await complete({ recovery_code })).toMatchObject(wrong);
    expect((await ana.as.get('/auth/mfa')).body.recovery_codes_left).toBe(9);
  });

  test('takes the code of a clock that is a step off, both ways', async ({ service, ana }) => {
    const complete = async (code: string) => {
      const mfa_token = await ana.firstStep();
      return (await service.anonymous().post('/auth/login/mfa', { mfa_token, code })).status;
    };
    clock.at += 300_000;
    expect(await complete(totpCode(ana.secret, clock.at - 60_000))).toBe(401);
    expect(await complete(totpCode(ana.secret, clock.at + 60_000))).toBe(401);
    expect(await complete(totpCode(ana.secret, clock.at - 30_000))).toBe(200);
    expect(await complete(totpCode(ana.secret, clock.at + 30_000))).toBe(200);
  });

  test('has one winner among concurrent requests with one code', async ({ service, ana }) => {
    const tokens: string[] = [];
    for (let index = 0; index < 4; index += 1) tokens.push(await ana.firstStep());
    const code = ana.nextCode();
    const statuses = tokens.map(
      async (mfa_token) => (await service.anonymous().post('/auth/login/mfa', { mfa_token, code })).status,
    );
    expect((await Promise.all(statuses)).toSorted()).toEqual([200, 401, 401, 401]);
  });
});

describe('five wrong codes', () => {
  test('end the token and count as failed sign-ins, which a right password does not clear', async ({
    service,
    ana,
  }) => {
    const ip = '198.51.100.7';
    const send = async (mfa_token: string, code: string, from = ip) =>
      (await service.anonymous().post('/auth/login/mfa', { mfa_token, code }).set('X-Client-Ip', from)).body;
    const mfa_token = await ana.firstStep(ip);
    for (let count = 1; count <= 4; count += 1) expect(await send(mfa_token, '000000')).toMatchObject(wrong);
    await ana.firstStep(ip);
    expect(await send(mfa_token, '000000')).toMatchObject(ended);
    expect(await send(mfa_token, ana.nextCode(), '198.51.100.8')).toMatchObject(ended);
    const { email, password } = ana;
    const login = (from: string) =>
      service.anonymous().post('/auth/login', { email, password }).set('X-Client-Ip', from);
    expect((await login(ip)).body).toMatchObject({ status: 401, error_code: 'UNAUTHENTICATED' }); // locked
    const elsewhere = (await login('198.51.100.8').expect(401)).body.mfa_token as string;
    const locked = await send(elsewhere, ana.nextCode());
    expect(locked).toMatchObject(wrong); // the right code from the locked network, which spends nothing
    expect(await send(elsewhere, ana.nextCode(), '198.51.100.8')).toMatchObject({ message: 'Signed in' });
    const counts = await service.database.owner('sign_in_counts').where({ company_id: ana.user.business_id }).first();
    expect(counts).toMatchObject({ failed: 7, signed_in: 2 });
  });

  test('are counted exactly among concurrent attempts', async ({ service, ana }) => {
    const mfa_token = await ana.firstStep();
    const attempt = async () =>
      (await service.anonymous().post('/auth/login/mfa', { mfa_token, code: '000000' })).body.error_code;
    const codes = await Promise.all(Array.from({ length: 12 }, attempt));
    expect(codes.filter((code) => code === 'MFA_CODE_INVALID')).toHaveLength(4);
    const [failures] = await service.database.owner('sign_in_failures').where({ user_id: ana.user.id });
    expect(failures.failed_at).toHaveLength(5);
  });
});

test('a token ends after five minutes, with a new password, and with its user’s access', async ({ service, ana }) => {
  const complete = async (mfa_token: string) =>
    (await service.anonymous().post('/auth/login/mfa', { mfa_token, code: ana.nextCode() })).body;
  const rows = () => service.database.owner('mfa_challenges').where({ user_id: ana.user.id });
  for (const token of ['x', 'x'.repeat(43)]) expect(await complete(token)).toMatchObject(ended);
  const expired = await ana.firstStep();
  const [row] = await rows();
  expect(Date.parse(row.expires_at) - Date.parse(row.created_at)).toBe(300_000);
  await rows().update({ expires_at: '2026-01-01' });
  expect(await complete(expired)).toMatchObject(ended);
  await rows().delete();
  const inactive = await ana.firstStep();
  await service.database.owner('users').where({ id: ana.user.id }).update({ is_active: false });
  expect(await complete(inactive)).toMatchObject(ended);
  await service.database.owner('users').where({ id: ana.user.id }).update({ is_active: true });

  const waiting = await ana.firstStep();
  const new_password = `pass-${crypto.randomUUID()}`;
  await ana.as.post('/auth/change-password', { current_password: ana.password, new_password }).expect(200);
  expect(await rows()).toEqual([]);
  expect(await complete(waiting)).toMatchObject(ended);
  // The factor stays.
  const { body } = await service.anonymous().post('/auth/login', { email: ana.email, password: new_password });
  expect(body.error_code).toBe('MFA_REQUIRED');
  for (let count = 0; count < 3; count += 1)
    await service.anonymous().post('/auth/login', { email: ana.email, password: new_password });
  expect(await rows()).toHaveLength(4);
});

test('a sign-in without a second factor runs the statements that it ran before there were any', async ({ service }) => {
  const { email, password } = await service.register();
  const statements = await recordStatements(async () => {
    await service.anonymous().post('/auth/login', { email, password }).expect(200);
  });
  expect(statements).toHaveLength(10);
  expect(statements.join()).not.toMatch(/totp_secrets|recovery_codes|mfa_challenges/);
});

test('no secret, code or token is in the database or in an event', async ({ service, ana }) => {
  const mfa_token = await ana.firstStep();
  for (const text of [ana.secret, mfa_token, ...ana.recovery_codes])
    expect(await tablesContaining(service.database.owner, text)).toEqual([]);
  const raw = Buffer.from(mfa_token, 'base64url').toString('hex');
  expect(await tablesContaining(service.database.owner, raw)).toEqual([]);
});
