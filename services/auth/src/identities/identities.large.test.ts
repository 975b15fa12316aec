import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { redactedNames } from '@clientela/contracts';
import { createLog } from '@clientela/runtime';
import { serviceTest, tablesContaining, type TestProvider } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createAttempts, type Attempt } from './attempt.ts';
import {
  begin,
  comeBack,
  createTestOidc,
  exchange,
  newAccount,
  publicUrl,
  signInAt,
  verifyAddress,
  type Begun,
  type TestOidc,
} from '../testing/oidc-test.ts';
import { signIn } from '../testing/lost-rights.ts';
import { enableFactor, type TestClock } from '../testing/second-factor.ts';

let logged = '';
const out = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    logged += chunk.toString();
    done();
  },
});
const log = createLog('auth', 'debug', { redact: redactedNames, out });

const clock: TestClock = { at: Date.now() };

const test = serviceTest(() =>
  createTestOidc(['one', 'two'], {
    pool: 5,
    log,
    now: () => clock.at,
    limits: { timeout: 3, retryAfter: 0, metadataLifetime: 0 },
  }),
);

const at = (service: TestOidc, name: string) => service.at[name] as TestProvider;

/** A user here whose address is verified, and its account at a provider. */
async function knownUser(service: TestOidc) {
  const registered = await service.register();
  await verifyAddress(service, registered.user.id);
  return { ...registered, account: { sub: randomUUID(), email: registered.email, email_verified: true } };
}

/** Opens the sealed cookie, changes the attempt, and seals it again, as nobody without AUTH_SECRET can. */
function resealed(service: TestOidc, { cookie }: Begun, change: Partial<Attempt>): string {
  const attempts = createAttempts(service.secret, true);
  const [name = '', value = ''] = cookie.split(/=(.*)/s);
  const attempt = ['one', 'two'].map((provider) => attempts.recall({ [name]: value }, provider)).find(Boolean);
  return attempts.remember({ ...(attempt as Attempt), ...change }).split(';')[0] ?? '';
}

const identitiesOf = (service: TestOidc, user_id: string) => service.database.owner('identities').where({ user_id });

describe('a response of the provider', () => {
  test('belongs to the attempt of the browser: another state, none, no cookie, and a forged or old cookie are no sign-in', async ({
    service,
  }) => {
    const { account, user } = await knownUser(service);
    const provider = at(service, 'one');
    provider.account = account;
    const begun = await begin(service, 'one', '/console/x');
    const other = await begin(service, 'one');
    const back = await provider.visit(begun.location);
    const withState = (state: string | null) => {
      const changed = new URL(back);
      if (state === null) changed.searchParams.delete('state');
      else changed.searchParams.set('state', state);
      return changed;
    };
    const asked = provider.paths.length;
    const rejected: [URL, string][] = [
      [withState(randomUUID()), begun.cookie],
      [withState(null), begun.cookie],
      [withState(''), begun.cookie],
      [back, ''],
      [back, other.cookie],
      [back, begun.cookie.replace('__Host-', '')],
      [back, `${begun.cookie.slice(0, -2)}AA`],
    ];
    for (const [address, cookie] of rejected)
      expect(await comeBack(service, address, cookie)).toMatchObject({
        error: 'OIDC_EXPIRED',
        code: null,
        cookies: [],
      });
    const old = new Date(Date.now() + 601_000);
    const attempts = createAttempts(service.secret, true);
    const [name = '', value = ''] = begun.cookie.split(/=(.*)/s);
    expect(attempts.recall({ [name]: value }, 'one')).toMatchObject({ to: '/console/x' });
    expect(attempts.recall({ [name]: value }, 'two')).toBeUndefined();
    const now = Date.now;
    Date.now = () => old.getTime();
    expect(attempts.recall({ [name]: value }, 'one')).toBeUndefined();
    Date.now = now;
    expect(provider.paths.length).toBe(asked); // none of them reached the provider

    const { code, error, page, cookies } = await comeBack(service, back, begun.cookie);
    expect({ error, page, cookies }).toEqual({
      error: null,
      page: '/console/x',
      cookies: ['__Host-clientela_oidc=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure'],
    });
    // The provider's code is good once, and so is ours.
    expect(await comeBack(service, back, begun.cookie)).toMatchObject({ error: 'OIDC_FAILED', code: null });
    expect((await exchange(service, code).expect(200)).body.user.id).toBe(user.id);
  });

  test('needs the nonce and the PKCE verifier of the attempt', async ({ service }) => {
    const { account } = await knownUser(service);
    const provider = at(service, 'one');
    provider.account = account;
    for (const change of [{ nonce: randomUUID() }, { code_verifier: randomUUID() + randomUUID() }]) {
      const begun = await begin(service, 'one');
      const returned = await comeBack(service, await provider.visit(begun.location), resealed(service, begun, change));
      expect(returned).toMatchObject({ error: 'OIDC_FAILED', code: null });
    }
    // A code that was injected from another attempt, into that of a victim.
    const [victim, attacker] = [await begin(service, 'one'), await begin(service, 'one')];
    const back = await provider.visit(attacker.location);
    back.searchParams.set('state', new URL(victim.location).searchParams.get('state') ?? '');
    expect(await comeBack(service, back, victim.cookie)).toMatchObject({ error: 'OIDC_FAILED', code: null });
  });

  test('comes from the provider that was asked: neither at the callback of another nor with another iss', async ({
    service,
  }) => {
    const { account, user } = await knownUser(service);
    for (const name of ['one', 'two']) at(service, name).account = account;
    const begun = await begin(service, 'one');
    const back = await at(service, 'one').visit(begun.location);
    expect(back.searchParams.get('iss')).toBe(at(service, 'one').issuer);
    expect(await comeBack(service, back, begun.cookie, 'two')).toMatchObject({ error: 'OIDC_EXPIRED' });
    const asked = at(service, 'one').paths.length;
    for (const iss of [at(service, 'two').issuer, `${at(service, 'one').issuer}/x`, undefined]) {
      const mixed = new URL(back);
      if (iss === undefined) mixed.searchParams.delete('iss');
      else mixed.searchParams.set('iss', iss);
      expect(await comeBack(service, mixed, begun.cookie)).toMatchObject({ error: 'OIDC_FAILED', code: null });
    }
    expect(at(service, 'one').paths.slice(asked)).not.toContain('/token'); // the code was given to nobody
    const other = await begin(service, 'two');
    const foreign = await at(service, 'two').visit(other.location);
    foreign.searchParams.set('state', new URL(begun.location).searchParams.get('state') ?? '');
    expect(await comeBack(service, foreign, begun.cookie, 'one')).toMatchObject({ error: 'OIDC_FAILED' });
    expect(await identitiesOf(service, user.id)).toEqual([]);
  });

  test('with an ID token that the provider’s published keys did not sign is no sign-in', async ({ service }) => {
    const fresh = await createTestOidc(['forged']);
    const provider = at(fresh, 'forged');
    provider.intercept = (request, response) => {
      if (request.url !== '/jwks') return false;
      response.setHeader('Content-Type', 'application/json');
      void fetch(`${at(service, 'two').issuer}/jwks`)
        .then((jwks) => jwks.text())
        .then((text) => response.end(text));
      return true;
    };
    expect(await signInAt(fresh, 'forged', newAccount())).toMatchObject({ error: 'OIDC_FAILED', code: null });
    await fresh.close();
  });

  test('may say that the person refused', async ({ service }) => {
    expect(await signInAt(service, 'one', undefined, '/console/x')).toMatchObject({
      page: '/console/x',
      error: 'OIDC_DENIED',
      code: null,
    });
  });
});

describe('an identity', () => {
  test('is joined by nothing but an address that both verified: no take-over', async ({ service }) => {
    const ana = await knownUser(service);
    const bob = await service.register(); // whose address nobody verified
    const kate = await knownUser(service);
    const kelvin = `${randomUUID()}-kate@example.com`;
    await service.database.owner('users').where({ id: kate.user.id }).update({ email: kelvin });
    const ines = await knownUser(service);
    const dotted = `${randomUUID()}-i@example.com`;
    await service.database.owner('users').where({ id: ines.user.id }).update({ email: dotted });
    const sub = randomUUID();
    const claims = [
      { email: ana.email, email_verified: false },
      { email: ana.email },
      { email: bob.email, email_verified: true },
      { email: `${ana.email}.example`, email_verified: true },
      { email: kelvin.replace('-kate', '-\u212aate'), email_verified: true },
      { email: dotted.replace('-i@', '-\u0130@'), email_verified: true },
      { email: ` ${ana.email}`, email_verified: true },
      { email: 'no address', email_verified: true },
      { email_verified: true },
      {},
    ];
    for (const claim of claims) {
      const returned = await signInAt(service, 'one', { sub, name: 'Mallory', ...claim });
      expect(returned, JSON.stringify(claim)).toMatchObject({ error: 'OIDC_NO_USER' });
      expect((await exchange(service, returned.code).expect(401)).body.error_code).toBe('OIDC_NO_USER');
    }
    const users = await service.database.owner('users').count({ users: '*' }).first();
    expect(await service.database.owner('identities').where({ subject: sub })).toEqual([]);
    await signInAt(service, 'one', newAccount());
    expect(await service.database.owner('users').count({ users: '*' }).first()).toEqual(users);
  });

  test('is judged again when the code is exchanged: by then another address, another owner, an inactive user are a 401', async ({
    service,
  }) => {
    const { owner } = service.database;
    const changes: Record<string, (id: string, sub: string) => PromiseLike<unknown>> = {
      'another address': (id) =>
        owner('users')
          .where({ id })
          .update({ email: `${randomUUID()}@example.com` }),
      'an unverified address': (id) => owner('users').where({ id }).update({ email_verified_at: null }),
      'an inactive user': (id) => owner('users').where({ id }).update({ is_active: false }),
      'an inactive company': (id) =>
        owner('companies')
          .whereIn('id', owner('users').select('company_id').where({ id }))
          .update({ status: 'suspended' }),
      'an identity that another user has': async (_id, subject) => {
        const other = await knownUser(service);
        const issuer = `${at(service, 'one').issuer}/`;
        const row = { id: randomUUID(), user_id: other.user.id, provider: 'one', issuer, subject };
        await owner('identities').insert(row);
      },
    };
    for (const [name, change] of Object.entries(changes)) {
      const { account, user } = await knownUser(service);
      const { code } = await signInAt(service, 'one', account);
      await change(user.id, account.sub);
      const { body } = await exchange(service, code).expect(401);
      expect(body.error_code, name).toBe('UNAUTHENTICATED');
      expect(await owner('sessions').where({ user_id: user.id }), name).toEqual([]);
      const refused = await owner('audit_logs').where({ resource_id: user.id, action: 'sign_in.refused' });
      expect(refused, name).toHaveLength(1);
      await exchange(service, code).expect(422); // spent all the same
    }
  });

  test('of two tabs that spend one code one wins, and of two codes of a new identity both sign in', async ({
    service,
  }) => {
    const { account, user } = await knownUser(service);
    const returned = [await signInAt(service, 'one', account), await signInAt(service, 'one', account)];
    const [first, second] = returned.map(({ code }) => code) as [string, string];
    const responses = await Promise.all([first, first, first, first, second].map((code) => exchange(service, code)));
    expect(
      responses
        .slice(0, 4)
        .map(({ status }) => status)
        .toSorted(),
    ).toEqual([200, 422, 422, 422]);
    expect(responses[4]?.status).toBe(200);
    expect(await identitiesOf(service, user.id)).toHaveLength(1);
    expect(await service.database.owner('sessions').where({ user_id: user.id })).toHaveLength(2);
    await service.database.owner('oidc_codes').insert({
      id: randomUUID(),
      code_hash: service.database.owner.raw(`sha256('late')`),
      user_id: user.id,
      provider: 'one',
      issuer: 'x',
      subject: 'y',
      expires_at: new Date(Date.now() - 1000),
    });
    await exchange(service, 'late').expect(422);
  });

  test('does not replace the second factor', async ({ service }) => {
    const { account, user, email, password } = await knownUser(service);
    const protectedUser = await enableFactor(service, clock, await signIn(service, user, email, password));
    const sessions = service.database.owner('sessions').where({ user_id: user.id }).whereNull('ended_at');
    const before = await sessions.clone().pluck('id');
    const { code } = await signInAt(service, 'one', account);
    const { body } = await exchange(service, code).expect(401);
    expect(body).toMatchObject({ error_code: 'MFA_REQUIRED', mfa_token: expect.any(String) });
    expect(body).not.toHaveProperty('access_token');
    expect(await sessions.clone().pluck('id')).toEqual(before);
    await exchange(service, code).expect(422);
    const { mfa_token } = body;
    await service.anonymous().post('/auth/login/mfa', { mfa_token, code: '000000' }).expect(401);
    const second = { mfa_token, code: protectedUser.nextCode() };
    const signedIn = await service.anonymous().post('/auth/login/mfa', second).expect(200);
    expect(signedIn.body.user).toMatchObject({ id: user.id, identities: [{ provider: 'one' }] });
  });

  test('two removals at once leave a way in; an account of a provider that is not configured is none', async ({
    service,
  }) => {
    const { account, user, client } = await knownUser(service);
    for (const name of ['one', 'two'])
      await exchange(service, (await signInAt(service, name, account)).code).expect(200);
    const { owner } = service.database;
    const users = owner('users').where({ id: user.id });
    await users.clone().update({ password_hash: null });
    const ids = (await identitiesOf(service, user.id).pluck('id')) as string[];
    const removals = await Promise.all(ids.map((id) => client.delete(`/auth/identities/${id}`)));
    expect(removals.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const row = { id: randomUUID(), user_id: user.id, provider: 'gone', issuer: 'https://gone/', subject: 'x' };
    await owner('identities').insert(row);
    const [left = ''] = (await identitiesOf(service, user.id).whereNot({ id: row.id }).pluck('id')) as string[];
    await client.delete(`/auth/identities/${left}`).expect(409);
    await client.delete(`/auth/identities/${row.id}`).expect(200);
    expect(await identitiesOf(service, user.id)).toHaveLength(1);
  });

  test('is exported and erased with its user, and a code in progress too', async ({ service }) => {
    const { account, user } = await knownUser(service);
    await exchange(service, (await signInAt(service, 'one', account)).code).expect(200);
    await signInAt(service, 'one', account);
    const person = { company_id: user.business_id, customer_id: null, customer_number: null, user_id: user.id };
    const customer = service.callingService('customer', service.company({ id: user.business_id ?? '' }));
    const { text } = await customer.post('/internal/privacy/export', { person, section: 'sessions' });
    expect(text).toContain(account.sub);
    await customer.post('/internal/privacy/erasures', { request_id: randomUUID(), person }).expect(200);
    expect(await tablesContaining(service.database.owner, account.sub)).toEqual([]);
  });
});

describe('a provider that is away', () => {
  test('sends the browser back with an error, and holds nothing else up; signs in when it is back', async () => {
    const fresh = await createTestOidc(['away'], { limits: { timeout: 2, retryAfter: 0, concurrency: 2 } });
    const provider = at(fresh, 'away');
    const start = () => fresh.anonymous().get('/auth/oidc/away/start?to=/console/x');
    const away = `${publicUrl}/console/x#error=OIDC_PROVIDER_UNAVAILABLE`;
    await provider.close();
    expect((await start().expect(302)).headers).toMatchObject({ location: away });
    await fresh.anonymous().get('/auth/oidc').expect(200);
    await provider.reopen();
    const { account, user } = await knownUser(fresh);
    provider.account = account;
    const begun = await begin(fresh, 'away', '/console/x');
    const back = await provider.visit(begun.location);

    // It hangs: two sign-ins wait, the others fail at once, and routes of other kinds are not held up.
    const hanging: { end: () => void }[] = [];
    provider.intercept = (_request, response) => hanging.push(response) > 0;
    const waiting = Array.from({ length: 5 }, () => comeBack(fresh, back, begun.cookie));
    await fresh.anonymous().get('/auth/oidc').expect(200);
    for (const { error } of await Promise.all(waiting)) expect(error).toBe('OIDC_PROVIDER_UNAVAILABLE');
    expect(hanging.length).toBeLessThanOrEqual(2);
    for (const status of [500, 503, 429]) {
      provider.intercept = (_request, response) => response.writeHead(status).end('busy') !== undefined;
      expect(await comeBack(fresh, back, begun.cookie)).toMatchObject({ error: 'OIDC_PROVIDER_UNAVAILABLE' });
    }
    // Answers that are no use: HTML, another shape, megabytes.
    for (const body of ['<html>', '{"access_token": 5}', `{"id_token": "${'x'.repeat(3_000_000)}"}`]) {
      provider.intercept = (_request, response) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(body) !== undefined;
      const { error, code } = await comeBack(fresh, back, begun.cookie);
      expect([error, code]).toEqual([expect.stringMatching(/^OIDC_(FAILED|PROVIDER_UNAVAILABLE)$/), null]);
    }
    provider.intercept = undefined;
    const { code } = await comeBack(fresh, back, begun.cookie);
    expect((await exchange(fresh, code).expect(200)).body.user.id).toBe(user.id);
    await fresh.close();
  });

  test('of which the metadata names another issuer, as one of many tenants, signs nobody in', async () => {
    const fresh = await createTestOidc(['tenants']);
    const provider = at(fresh, 'tenants');
    provider.intercept = (request, response) => {
      if (!request.url?.startsWith('/.well-known/')) return false;
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({ issuer: `${provider.issuer}/{tenantid}/v2.0`, authorization_endpoint: provider.issuer }),
      );
      return true;
    };
    const { headers } = await fresh.anonymous().get('/auth/oidc/tenants/start').expect(302);
    expect(headers['location']).toBe(`${publicUrl}/console/sign-in/return#error=OIDC_FAILED`);
    await fresh.close();
  });
});

test('the page to return to is below /console, else a 422; a provider without settings is a 404', async ({
  service,
}) => {
  const start = (to: string) => service.anonymous().get(`/auth/oidc/one/start?to=${encodeURIComponent(to)}`);
  const outside = [
    'https://evil.example/console',
    '//evil.example/console',
    '/\\evil.example/console',
    '/consoles',
    '/console/../api',
    '/console/%2e%2e/api',
    '/console\\..\\api',
    '/console/x#code=1',
    '/console/ x',
    'console',
    '/',
    `/console/${'x'.repeat(500)}`,
  ];
  for (const to of outside) expect((await start(to)).body.errors, to).toMatchObject([{ path: 'to' }]);
  for (const to of ['/console', '/console/', '/console/sign-in?to=%2Fcustomers', '/console?x=1'])
    expect((await start(to)).status, to).toBe(302);
  for (const path of ['/auth/oidc/three/start', '/auth/oidc/three/callback', '/auth/oidc/One/start'])
    expect((await service.anonymous().get(path).expect(404)).body.error_code).toBe('PROVIDER_NOT_FOUND');
  await service.anonymous().get('/auth/oidc/one/start?to=/console&x=1').expect(422);
  await service.anonymous().post('/auth/oidc/exchange', { code: 'x' }).set('Idempotency-Key', 'abc').expect(422);
});

test('no code, secret, token or address of a person is in the log, the events or the tables', async ({ service }) => {
  const { account, email } = await knownUser(service);
  const provider = at(service, 'one');
  provider.account = account;
  const begun = await begin(service, 'one');
  const back = await provider.visit(begun.location);
  const returned = await comeBack(service, back, begun.cookie);
  const { body } = await exchange(service, returned.code).expect(200);
  await comeBack(service, back, begun.cookie); // fails, and is logged
  await new Promise((resolve) => setImmediate(resolve));
  expect(logged).toContain('sign-in by a provider failed');
  const parameters = new URL(begun.location).searchParams;
  const secrets = [
    provider.client.client_secret,
    back.searchParams.get('code'),
    returned.code,
    begun.cookie.split(/=(.*)/s)[1],
    parameters.get('state'),
    parameters.get('nonce'),
    body.access_token,
    body.refresh_token,
  ] as string[];
  const events = JSON.stringify(await service.events());
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(logged).not.toContain(secret);
    expect(events).not.toContain(secret);
    expect(await tablesContaining(service.database.owner, secret)).toEqual([]);
  }
  for (const value of [email, account.sub]) {
    expect(logged).not.toContain(value);
    expect(events).not.toContain(value);
  }
});
