import { randomUUID } from 'node:crypto';
import { startMailServer, totpCode, type TestMailServer } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { placesOf, recorded } from '../testing/secrets.ts';
import {
  client,
  newCompany,
  startTestFleet,
  wideLimits,
  type Client,
  type TestFleet,
  type TestResponse,
} from '../testing/test-fleet.ts';

let mailServer: TestMailServer;
let fleet: TestFleet;
const output: string[] = [];
/** Secrets, codes and tokens of this run. */
const issued: string[] = [];
/** The responses that are not there to hand a secret out. */
const responses: string[] = [];

beforeAll(async () => {
  mailServer = await startMailServer();
  const mail = { SMTP_URL: mailServer.url, MAIL_FROM: 'CRM <no-reply@example.com>', PUBLIC_URL: 'http://127.0.0.1:1' };
  fleet = await startTestFleet({ ...mail, ...wideLimits, LOG_LEVEL: 'debug' }, (_peer, line) => output.push(line));
});
afterAll(async () => {
  await fleet.end();
  await mailServer.stop();
});

const password = 'correct horse battery';
const anonymous = () => client(fleet.url);
const signedInBy = (token: unknown) => recorded(client(fleet.url, token as string), responses);
const polling = { timeout: 30_000, interval: 50 };
const note = (...texts: string[]) => void issued.push(...texts);
const usedSteps = new Map<string, number>();

/** A code of a secret that was not used yet; waits for the next one where the present one was. */
async function freshCode(secret: string): Promise<string> {
  const stepNow = () => Math.floor(Date.now() / 30_000);
  // The next step is accepted too, so that a test seldom waits.
  const next = Math.max(stepNow(), (usedSteps.get(secret) ?? 0) + 1);
  await expect.poll(() => stepNow() >= next - 1, { timeout: 60_000, interval: 200 }).toBe(true);
  usedSteps.set(secret, next);
  const code = totpCode(secret, next * 30_000);
  note(code);
  return code;
}

/** A response of sign-in, whose tokens may be nowhere else. */
function noteTokens(response: TestResponse): TestResponse {
  const { access_token, refresh_token, mfa_token } = response.body;
  note(...([access_token, refresh_token, mfa_token] as unknown[]).filter((token) => typeof token === 'string'));
  return response;
}
const loginOf = async (email: string) => noteTokens(await anonymous().post('/auth/login', { email, password })).body;

async function setUp(user: Client): Promise<{ secret: string; recovery_codes: string[] }> {
  const { status, body } = await user.post('/auth/mfa/totp', { current_password: password });
  expect(status).toBe(200);
  const { secret } = body as { secret: string };
  const confirmed = await user.post('/auth/mfa/totp/confirm', { code: await freshCode(secret) });
  expect(confirmed.status).toBe(200);
  note(secret, ...(confirmed.body.recovery_codes as string[]));
  return { secret, recovery_codes: confirmed.body.recovery_codes };
}

async function completed(email: string, codes: object) {
  const { mfa_token } = await loginOf(email);
  return noteTokens(await anonymous().post('/auth/login/mfa', { mfa_token, ...codes }));
}

test('a company requires a second factor: staff set one up, sign in by it, lose it, and get in again', async () => {
  const { user } = await newCompany(fleet.url);
  const admin = signedInBy((await loginOf(user.email)).access_token);
  const viewer = `${randomUUID()}@example.com`;
  expect((await admin.post('/api/v1/users', { email: viewer, password, role: 'viewer' })).status).toBe(201);
  const before = signedInBy((await loginOf(viewer)).access_token);
  expect((await before.get('/api/customers')).status).toBe(200);
  const changed = await admin.put(`/api/v1/companies/${user.company_id}`, { require_mfa: true });
  expect([changed.status, changed.body.require_mfa]).toEqual([200, true]);
  await expect.poll(async () => (await before.get('/api/customers')).status, polling).toBe(401);

  const session = await loginOf(viewer);
  const limited = client(fleet.url, session.access_token as string);
  for (const [method, path] of [
    ['GET', '/api/customers'],
    ['PATCH', '/auth/me'],
    ['GET', '/auth/sessions'],
    ['POST', '/auth/change-password'],
  ] as const) {
    const { status, body } = await limited.send(method, path, method === 'GET' ? undefined : {});
    expect([path, status, body.error_code]).toEqual([path, 403, 'MFA_SETUP_REQUIRED']);
  }
  expect((await limited.get('/auth/me')).status).toBe(200);
  const { secret, recovery_codes } = await setUp(limited);
  const refresh = { refresh_token: session.refresh_token };
  const { body: pair } = noteTokens(await anonymous().post('/auth/refresh', refresh));
  expect((await signedInBy(pair.access_token).get('/api/customers')).status).toBe(200);

  const { status, body } = await completed(viewer, { code: await freshCode(secret) });
  expect(status).toBe(200);
  const signedIn = signedInBy(body.access_token);
  for (const path of ['/api/customers', '/auth/me', '/auth/mfa', '/auth/sessions'])
    expect((await signedIn.get(path)).status).toBe(200);
  expect((await completed(viewer, { recovery_code: recovery_codes[0] })).status).toBe(200);

  // The admin, who signs in again and sets one up too, removes it.
  const own = await loginOf(user.email as string);
  await setUp(client(fleet.url, own.access_token as string));
  const renewed = noteTokens(await anonymous().post('/auth/refresh', { refresh_token: own.refresh_token })).body;
  const again = signedInBy(renewed.access_token);
  const reset = await again.delete(`/api/v1/users/${body.user.id}/mfa`);
  expect(reset.status).toBe(200);
  expect((await again.get('/api/v1/audit-logs')).status).toBe(200);
  await expect.poll(async () => (await signedIn.get('/api/customers')).status, polling).toBe(401);
  const subjects = () =>
    mailServer.received.filter(({ recipients }) => recipients.includes(viewer)).map(({ subject }) => subject);
  await expect.poll(subjects, polling).toHaveLength(2);
  const last = await loginOf(viewer);
  expect((await signedInBy(last.access_token).get('/api/customers')).body.error_code).toBe('MFA_SETUP_REQUIRED');
}, 180_000);

test('no secret, code or token that was issued is in a log line, a table, an event, a later response or a mail', async () => {
  expect(issued.length).toBeGreaterThan(20);
  const texts = {
    output: output.join('\n'),
    responses: responses.join('\n'),
    mails: mailServer.received.map(({ raw }) => raw).join('\n'),
  };
  expect(texts.output).toContain('/auth/login/mfa');
  expect(texts.responses.length).toBeGreaterThan(1000);
  const long = issued.filter((word) => word.length > 6); // six digits stand in many a number
  expect(await placesOf(fleet, long, texts)).toEqual([]);
  const codes = issued.filter((word) => word.length === 6).map((code) => `"${code}"`);
  expect(await placesOf(fleet, codes, texts)).toEqual([]);
}, 60_000);
