import { randomUUID } from 'node:crypto';
import { freePort, startTestProvider, totpCode, type TestProvider, type TestProviderAccount } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queryOf } from '../testing/query.ts';
import { placesOf, recorded } from '../testing/secrets.ts';
import { client, newCompany, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

// Sign-in by another provider through the gateway. What auth alone does is in identities.large.test.ts.

const names = ['one', 'two', 'three'] as const;
type Name = (typeof names)[number];

let fleet: TestFleet;
const providers = {} as Record<Name, TestProvider>;
const output: string[] = [];
const responses: string[] = [];
/** What a sign-in by a provider is made of, none of which may be anywhere else. */
const secrets: string[] = [];

beforeAll(async () => {
  const port = await freePort();
  const env: Record<string, string> = { PORT: String(port), LOG_LEVEL: 'debug' };
  for (const name of names) {
    const provider = await startTestProvider([`http://127.0.0.1:${port}/auth/oidc/${name}/callback`]);
    const prefix = `OIDC_${name.toUpperCase()}`;
    env[`${prefix}_ISSUER`] = provider.issuer;
    env[`${prefix}_CLIENT_ID`] = provider.client.client_id;
    env[`${prefix}_CLIENT_SECRET`] = provider.client.client_secret;
    providers[name] = provider;
    secrets.push(provider.client.client_secret);
  }
  fleet = await startTestFleet(env, (_peer, line) => output.push(line));
});
afterAll(async () => {
  await fleet.end();
  for (const provider of Object.values(providers)) await provider.close();
});

const anonymous = () => client(fleet.url);
/** Notes a secret, if it is there. @returns it */
const secret = <Text>(text: Text): Text => {
  if (typeof text === 'string' && text !== '') secrets.push(text);
  return text;
};

type Begun = { location: string; cookie: string };

async function begin(name: Name): Promise<Begun> {
  const { status, headers } = await anonymous().get(`/auth/oidc/${name}/start?to=/console/customers`);
  expect(status).toBe(302);
  const [cookie = ''] = (headers.get('set-cookie') ?? '').split(';');
  const location = headers.get('location') ?? '';
  const { searchParams } = new URL(location);
  for (const text of [searchParams.get('state'), searchParams.get('nonce'), cookie.split(/=(.*)/s)[1]]) secret(text);
  return { location, cookie };
}

/** The browser is sent back. @param name the provider whose callback it comes to; default that of the address */
async function comeBack({ pathname, search }: URL, cookie: string, name?: Name) {
  const path = name === undefined ? pathname : `/auth/oidc/${name}/callback`;
  const { status, headers } = await anonymous().get(`${path}${search}`, cookie === '' ? {} : { cookie });
  expect(status).toBe(302);
  const returned = new URL(headers.get('location') ?? '');
  expect([returned.origin, returned.pathname.startsWith('/console/')]).toEqual([fleet.url, true]);
  const fragment = new URLSearchParams(returned.hash.slice(1));
  return { error: fragment.get('error'), code: secret(fragment.get('code')) };
}

/** What a person does at a provider. */
async function visit(name: Name, account: TestProviderAccount | undefined, { location }: Begun): Promise<URL> {
  providers[name].account = account;
  const back = await providers[name].visit(location);
  secret(back.searchParams.get('code'));
  return back;
}

async function signInAt(name: Name, account: TestProviderAccount | undefined) {
  const begun = await begin(name);
  return comeBack(await visit(name, account, begun), begun.cookie);
}

async function exchange(code: string | null) {
  const response = await anonymous().post('/auth/oidc/exchange', { code });
  for (const field of ['access_token', 'refresh_token', 'mfa_token']) secret(response.body[field]);
  return response;
}

const password = 'correct horse battery';

/** A user whose address is verified here, and its account at a provider. */
async function knownUser() {
  const user = await newCompany(fleet.url);
  await queryOf(fleet)('auth', 'update users set email_verified_at = now() where id = $1', [user.user.id]);
  const email = user.user.email as string;
  return {
    ...recorded(user, responses),
    user: user.user,
    email,
    account: { sub: randomUUID(), email, email_verified: true },
  };
}

test('a person signs in by the account that a provider vouches for, and with the second factor it has', async () => {
  const ana = await knownUser();
  const { code, error } = await signInAt('one', ana.account);
  expect(error).toBeNull();
  const { status, body } = await exchange(code);
  expect([status, body.user.id]).toEqual([200, ana.user.id]);
  const signedIn = recorded(client(fleet.url, body.access_token as string), responses);
  expect((await signedIn.get('/api/customers')).status).toBe(200);
  expect((await exchange(code)).body).toMatchObject({ status: 422, error_code: 'TOKEN_INVALID' });

  const { body: setup } = await client(fleet.url, body.access_token as string).post('/auth/mfa/totp', {
    current_password: password,
  });
  const totp = secret(setup.secret);
  const step = Math.floor(Date.now() / 30_000);
  const confirmed = await client(fleet.url, body.access_token as string).post('/auth/mfa/totp/confirm', {
    code: totpCode(totp, step * 30_000),
  });
  expect(confirmed.status).toBe(200);
  const again = await exchange((await signInAt('one', ana.account)).code);
  expect([again.status, again.body.error_code, again.body.access_token]).toEqual([401, 'MFA_REQUIRED', undefined]);
  const { mfa_token } = again.body;
  const wrong = await anonymous().post('/auth/login/mfa', { mfa_token, recovery_code: 'x7k2-9qpm-4tzd-0e8w' });
  expect(wrong.body).toMatchObject({ status: 401, error_code: 'MFA_CODE_INVALID' });
  const recovery_code = secret(confirmed.body.recovery_codes[0]);
  const second = await anonymous().post('/auth/login/mfa', { mfa_token, recovery_code });
  expect([second.status, second.body.user.identities]).toEqual([200, [expect.objectContaining({ provider: 'one' })]]);
  expect((await signedIn.get('/api/v1/audit-logs?action=user.identity.joined')).body.audit_logs).toHaveLength(1);
});

test('a return that is not of the attempt, or not of the provider, signs nobody in', async () => {
  const ana = await knownUser();
  const begun = await begin('one');
  const other = await begin('one');
  const back = await visit('one', ana.account, begun);
  const changed = (parameters: Record<string, string | undefined>, from = back) => {
    const address = new URL(from);
    for (const [name, value] of Object.entries(parameters)) {
      if (value === undefined) address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    }
    return address;
  };
  const state = new URL(begun.location).searchParams.get('state') ?? '';
  const asked = providers.one.paths.length;
  for (const [address, cookie, name] of [
    [changed({ state: randomUUID() }), begun.cookie],
    [changed({ state: undefined }), begun.cookie],
    [back, ''],
    [back, other.cookie],
    [back, `${begun.cookie.slice(0, -2)}AA`],
    [back, begun.cookie, 'two'],
  ] as [URL, string, Name?][])
    expect(await comeBack(address, cookie, name)).toEqual({ error: 'OIDC_EXPIRED', code: null });
  // The issuer says that another provider answered (RFC 9207).
  for (const iss of [providers.two.issuer, undefined])
    expect(await comeBack(changed({ iss }), begun.cookie)).toEqual({ error: 'OIDC_FAILED', code: null });
  expect(providers.one.paths.slice(asked)).toEqual([]); // the code was given to nobody
  // What another provider issued, and what the same one issued in an attempt of somebody else (PKCE, nonce).
  const foreign = await visit('two', ana.account, await begin('two'));
  const injected = await visit('one', ana.account, other);
  for (const address of [
    changed({ state }, foreign),
    changed({ state, iss: providers.one.issuer }, foreign),
    changed({ state }, injected),
  ])
    expect(await comeBack(address, begun.cookie, 'one')).toEqual({ error: 'OIDC_FAILED', code: null });
  const identities = await queryOf(fleet)('auth', 'select id from identities where user_id = $1', [ana.user.id]);
  expect(identities).toEqual([]);
});

test('a provider that names an address which it, or the user, has not verified takes nobody over', async () => {
  const [ana, unverified] = [await knownUser(), await newCompany(fleet.url)];
  const sub = randomUUID();
  for (const account of [
    { sub, email: ana.email, email_verified: false },
    { sub, email: ana.email },
    { sub, email: unverified.user.email as string, email_verified: true },
    { sub, email: `${randomUUID()}@example.com`, email_verified: true },
  ]) {
    const { error, code } = await signInAt('one', account);
    expect(error).toBe('OIDC_NO_USER');
    expect((await exchange(code)).body).toMatchObject({ status: 401, error_code: 'OIDC_NO_USER' });
  }
  expect(await queryOf(fleet)('auth', 'select id from identities where subject = $1', [sub])).toEqual([]);
  expect((await ana.get('/auth/me')).body.user.identities).toEqual([]);
});

test('a provider that is away at the start or at the return sends the browser back, and signs in when it is there again', async () => {
  const ana = await knownUser();
  const { three } = providers;
  const start = async () =>
    (await anonymous().get('/auth/oidc/three/start?to=/console/customers')).headers.get('location');
  await three.close();
  expect(await start()).toBe(`${fleet.url}/console/customers#error=OIDC_PROVIDER_UNAVAILABLE`);
  expect((await anonymous().post('/auth/login', { email: ana.email, password })).status).toBe(200);
  await three.reopen();
  await expect.poll(start, { timeout: 10_000, interval: 100 }).toContain(three.issuer); // left alone for two seconds
  const begun = await begin('three');
  const back = await visit('three', ana.account, begun);
  await three.close();
  expect(await comeBack(back, begun.cookie)).toEqual({ error: 'OIDC_PROVIDER_UNAVAILABLE', code: null });
  await three.reopen();
  const { code } = await comeBack(back, begun.cookie);
  expect((await exchange(code)).body.user.id).toBe(ana.user.id);
});

test('no state, nonce, cookie, code, secret or token of these sign-ins is in a log line, a table, an event or a response', async () => {
  expect(secrets.length).toBeGreaterThan(50);
  for (const text of secrets) expect(text.length).toBeGreaterThan(15);
  const texts = { output: output.join('\n'), responses: responses.join('\n') };
  expect(texts.output).toContain('/auth/oidc/{name}/callback');
  expect(texts.responses.length).toBeGreaterThan(1000);
  expect(await placesOf(fleet, secrets, texts)).toEqual([]);
  // What is searched has what it should have.
  const subject = providers.one.account?.sub ?? '';
  expect(await placesOf(fleet, [providers.one.issuer, subject], texts)).toContain('auth: identities');
});
