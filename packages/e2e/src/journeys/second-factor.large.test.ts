import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMailServer, tablesContaining, totpCode, type TestMailServer } from '@clientela/testing';
import { connect, type Db } from '@clientela/db';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client, newCompany, startTestFleet, wideLimits, type Client, type TestFleet } from '../testing/test-fleet.ts';

let mailServer: TestMailServer;
let fleet: TestFleet;
let db: Db;
const output: string[] = [];
/** Secrets, codes and tokens of this run. */
const issued: string[] = [];

beforeAll(async () => {
  mailServer = await startMailServer();
  const mail = { SMTP_URL: mailServer.url, MAIL_FROM: 'CRM <no-reply@example.com>', PUBLIC_URL: 'http://127.0.0.1:1' };
  fleet = await startTestFleet({ ...mail, ...wideLimits, LOG_LEVEL: 'debug' }, (_peer, line) => output.push(line));
  db = connect(fleet.databases.auth.ownerUrl, { name: 'test', pool: 1 });
});
afterAll(async () => {
  await db.destroy();
  await fleet.end();
  await mailServer.stop();
});

const password = 'correct horse battery';
const anonymous = () => client(fleet.url);
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

const loginOf = async (email: string) => (await anonymous().post('/auth/login', { email, password })).body;

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
  note(mfa_token);
  return anonymous().post('/auth/login/mfa', { mfa_token, ...codes });
}

test('a company requires a second factor: staff set one up, sign in by it, lose it, and get in again', async () => {
  const { user } = await newCompany(fleet.url);
  const admin = client(fleet.url, (await loginOf(user.email)).access_token as string);
  const viewer = `${randomUUID()}@example.com`;
  expect((await admin.post('/api/v1/users', { email: viewer, password, role: 'viewer' })).status).toBe(201);
  const before = client(fleet.url, (await loginOf(viewer)).access_token as string);
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
  const { body: pair } = await anonymous().post('/auth/refresh', { refresh_token: session.refresh_token });
  expect((await client(fleet.url, pair.access_token as string).get('/api/customers')).status).toBe(200);

  const { status, body } = await completed(viewer, { code: await freshCode(secret) });
  expect(status).toBe(200);
  const signedIn = client(fleet.url, body.access_token as string);
  expect((await signedIn.get('/api/customers')).status).toBe(200);
  expect((await completed(viewer, { recovery_code: recovery_codes[0] })).status).toBe(200);

  // The admin, who signs in again and sets one up too, removes it.
  const own = await loginOf(user.email as string);
  await setUp(client(fleet.url, own.access_token as string));
  const renewed = (await anonymous().post('/auth/refresh', { refresh_token: own.refresh_token })).body;
  const again = client(fleet.url, renewed.access_token as string);
  const reset = await again.delete(`/api/v1/users/${body.user.id}/mfa`);
  expect(reset.status).toBe(200);
  await expect.poll(async () => (await signedIn.get('/api/customers')).status, polling).toBe(401);
  const subjects = () =>
    mailServer.received.filter(({ recipients }) => recipients.includes(viewer)).map(({ subject }) => subject);
  await expect.poll(subjects, polling).toHaveLength(2);
  const last = await loginOf(viewer);
  expect((await client(fleet.url, last.access_token as string).get('/api/customers')).body.error_code).toBe(
    'MFA_SETUP_REQUIRED',
  );
}, 180_000);

test('no secret, code or token that was issued is in a log line, a table or a mail', async () => {
  expect(issued.length).toBeGreaterThan(20);
  const logs = join(fleet.folder, 'logs');
  const files = readdirSync(logs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const text = [
    ...output,
    ...files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')),
    ...mailServer.received.map(({ raw }) => raw),
  ].join('\n');
  expect(text).toContain('/auth/login/mfa');
  const long = issued.filter((word) => word.length > 6); // six digits stand in many a number
  for (const word of long) {
    expect(text.includes(word)).toBe(false);
    expect(await tablesContaining(db, word)).toEqual([]);
  }
  for (const code of issued.filter((word) => word.length === 6)) expect(text).not.toMatch(new RegExp(`"${code}"`));
}, 60_000);
