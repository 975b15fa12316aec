import { serviceTest, totpCode } from '@clientela/testing';
import { expect } from 'vitest';
import { signIn } from '../testing/lost-rights.ts';
import { enableFactor, newAdmin, type Protected, type TestClock } from '../testing/second-factor.ts';
import { createTestAuth } from '../testing/test-auth.ts';

// Storms of codes. What a single request does is in second-step.test.ts.

const clock: TestClock = { at: Date.parse('2026-06-01T12:00:15Z') };
const test = serviceTest(() => createTestAuth({ pool: 10, now: () => clock.at })).extend(
  'ana',
  async ({ service }): Promise<Protected> => enableFactor(service, clock, await newAdmin(service)),
);
const homeAddress = '192.0.2.1';
const countOf = (values: readonly unknown[], wanted: unknown) => values.filter((value) => value === wanted).length;

test('of 50 parallel uses of one recovery code one signs in, by one sign-in that waits or by fifty', async ({
  service,
  ana,
}) => {
  const [one = '', other = ''] = ana.recovery_codes;
  const use = async (mfa_token: string, recovery_code: string, index: number) => {
    const request = service.anonymous().post('/auth/login/mfa', { mfa_token, recovery_code });
    return (await request.set('X-Client-Ip', `198.51.100.${index}`)).status;
  };
  const shared = await ana.firstStep();
  const same = await Promise.all(Array.from({ length: 50 }, (_, index) => use(shared, one, index)));
  expect([countOf(same, 200), countOf(same, 401)]).toEqual([1, 49]);

  const tokens: string[] = [];
  for (let index = 0; index < 50; index += 1) tokens.push(await ana.firstStep());
  const each = await Promise.all(tokens.map((token, index) => use(token, other, index)));
  expect([countOf(each, 200), countOf(each, 401)]).toEqual([1, 49]);
  expect((await ana.as.get('/auth/mfa').expect(200)).body.recovery_codes_left).toBe(8);
  expect(await service.database.owner('sessions').where({ user_id: ana.user.id, ended_at: null })).toHaveLength(3);
});

test('of 50 parallel uses of one code, for every purpose, one takes effect', async ({ service, ana }) => {
  const tokens: string[] = [];
  for (let index = 0; index < 40; index += 1) tokens.push(await ana.firstStep());
  const code = ana.nextCode();
  const statuses = await Promise.all([
    ...tokens.map(
      async (mfa_token, index) =>
        (
          await service
            .anonymous()
            .post('/auth/login/mfa', { mfa_token, code })
            .set('X-Client-Ip', `198.51.100.${index}`)
        ).status,
    ),
    ...Array.from({ length: 10 }, async () => (await ana.as.post('/auth/mfa/recovery-codes', { code })).status),
  ]);
  expect(countOf(statuses, 200)).toBe(1);
});

test('guessing from everywhere is stopped by the fiftieth wrong code; the owner still signs in from home', async ({
  service,
  ana,
}) => {
  const { email, password } = ana;
  const first = await ana.firstStep(homeAddress);
  const home = service.anonymous().post('/auth/login/mfa', { mfa_token: first, code: ana.nextCode() });
  await home.set('X-Client-Ip', homeAddress).expect(200);
  const attack = async (index: number) => {
    const address = `203.0.113.${index}`;
    const login = await service.anonymous().post('/auth/login', { email, password }).set('X-Client-Ip', address);
    const { mfa_token } = login.body as { mfa_token?: string };
    if (mfa_token === undefined) return ['locked'];
    const guess = async () =>
      (await service.anonymous().post('/auth/login/mfa', { mfa_token, code: '000000' }).set('X-Client-Ip', address))
        .body.error_code as string;
    return Promise.all(Array.from({ length: 6 }, guess));
  };
  const results: string[] = [];
  for (let index = 0; index < 20; index += 4)
    results.push(...(await Promise.all([0, 1, 2, 3].map((next) => attack(index + next)))).flat());
  const [{ locked_until }] = await service.database.owner('sign_in_failures').where({ user_id: ana.user.id });
  expect(Date.parse(locked_until)).toBeGreaterThan(Date.now());
  const counted = await service.database
    .owner('sign_in_failures_by_network')
    .where({ user_id: ana.user.id })
    .whereLike('network', '203.%');
  expect(counted.length).toBeLessThanOrEqual(14); // ten addresses with five each, and those that were at it
  expect(results).toContain('locked');
  // The right code from an unknown network is refused while the account is locked there, and is good at home.
  const login = (address: string) =>
    service.anonymous().post('/auth/login', { email, password }).set('X-Client-Ip', address);
  expect((await login('203.0.113.99').expect(401)).body.error_code).toBe('UNAUTHENTICATED');
  const { mfa_token } = (await login(homeAddress).expect(401)).body;
  const code = ana.nextCode();
  const elsewhere = service.anonymous().post('/auth/login/mfa', { mfa_token, code });
  expect((await elsewhere.set('X-Client-Ip', '203.0.113.99').expect(401)).body.error_code).toBe('MFA_CODE_INVALID');
  const again = service.anonymous().post('/auth/login/mfa', { mfa_token, code });
  await again.set('X-Client-Ip', homeAddress).expect(200);
}, 60_000);

test('a sign-in that waits for the user’s lock sees the factor that was set up meanwhile', async ({ service }) => {
  const ana = await newAdmin(service);
  for (let round = 0; round < 20; round += 1) {
    const session = await signIn(service, ana.user, ana.email, ana.password);
    const { body: setup } = await session.as.post('/auth/mfa/totp', { current_password: ana.password }).expect(200);
    const code = totpCode(setup.secret, clock.at);
    const { email, password } = ana;
    const [confirmed, ...logins] = await Promise.all([
      session.as.post('/auth/mfa/totp/confirm', { code }),
      ...Array.from({ length: 4 }, () => service.anonymous().post('/auth/login', { email, password })),
    ]);
    expect(confirmed.status).toBe(200);
    for (const { status, body } of logins)
      expect([200, 401]).toContain(body.error_code === 'MFA_REQUIRED' ? 401 : status);
    // Whatever the order was: the one live session is that which set the factor up.
    const live = await service.database.owner('sessions').where({ user_id: ana.user.id, ended_at: null });
    expect(live.map(({ id }) => id)).toEqual([session.sid]);
    clock.at += 30_000;
    const removal = { current_password: password, code: totpCode(setup.secret, clock.at) };
    await session.as.delete('/auth/mfa/totp', removal).expect(200);
    await session.as.post('/auth/logout-all').expect(200);
  }
}, 60_000);

test('one user has at most a hundred sign-ins that wait; the oldest ends', async ({ service, ana }) => {
  const oldest = await ana.firstStep();
  for (let index = 0; index < 100; index += 1) await ana.firstStep();
  expect(await service.database.owner('mfa_challenges').where({ user_id: ana.user.id })).toHaveLength(100);
  const late = await service.anonymous().post('/auth/login/mfa', { mfa_token: oldest, code: ana.nextCode() });
  expect(late.body.error_code).toBe('MFA_TOKEN_INVALID');
}, 60_000);
