import { randomBytes, randomUUID } from 'node:crypto';
import { connect, type Db } from '@clientela/db';
import { linkOf, startMailServer, tokenOf, type ReceivedMail, type TestMailServer } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { placesOf, recorded } from '../testing/secrets.ts';
import { client, startTestFleet, wideLimits, type TestFleet } from '../testing/test-fleet.ts';

let mailServer: TestMailServer;
let fleet: TestFleet;
let db: Db;
const output: string[] = [];
const responses: string[] = [];

beforeAll(async () => {
  mailServer = await startMailServer();
  const mail = { SMTP_URL: mailServer.url, MAIL_FROM: 'CRM <no-reply@example.com>', PUBLIC_URL: 'http://127.0.0.1:1' };
  fleet = await startTestFleet({ ...mail, REQUIRE_VERIFIED_EMAIL: 'on', LOG_LEVEL: 'debug' }, (_peer, line) =>
    output.push(line),
  );
  db = connect(fleet.databases.auth.ownerUrl, { name: 'test', pool: 1 });
});
afterAll(async () => {
  await db.destroy();
  await fleet.end();
  await mailServer.stop();
});

const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const anonymous = () => recorded(client(fleet.url), responses);
const mailsTo = (email: string) => mailServer.received.filter(({ recipients }) => recipients.includes(email));
const lastMailTo = (email: string): ReceivedMail => mailsTo(email).at(-1) as ReceivedMail;
const polling = { timeout: 30_000, interval: 25 };
const arrives = (email: string, count: number, timeout = polling.timeout) =>
  expect.poll(() => mailsTo(email).length, { ...polling, timeout }).toBeGreaterThanOrEqual(count);
const register = async (email = newEmail()) => {
  expect((await anonymous().post('/auth/register', { email, password, name: 'Ana' })).status).toBe(201);
  return email;
};
const signIn = async (email: string, secret = password) =>
  recorded(
    client(fleet.url, (await anonymous().post('/auth/login', { email, password: secret })).body.access_token as string),
    responses,
  );

/** Opens a link as scanners do. */
async function scan(mail: ReceivedMail): Promise<void> {
  const { pathname, search, hash } = linkOf(mail);
  for (const path of [pathname + search, `${pathname}?${hash.slice(1)}`, '/auth/verify-email', '/auth/reset-password'])
    for (const method of ['HEAD', 'GET', 'GET'])
      expect((await anonymous().send(method, path)).status).toBeGreaterThan(400);
}

test('a person goes every way by the links of the mails, which scanners have opened before', async () => {
  const email = await register();
  const limited = await signIn(email);
  expect((await limited.get('/api/customers')).body).toMatchObject({ status: 403, error_code: 'EMAIL_NOT_VERIFIED' });
  expect((await limited.get('/auth/me')).body.user).toMatchObject({ email, email_verified_at: null });
  await arrives(email, 1);
  await scan(lastMailTo(email));
  expect((await anonymous().post('/auth/verify-email', { token: tokenOf(lastMailTo(email)) })).status).toBe(200);
  const ana = await signIn(email);
  expect((await ana.get('/api/customers')).status).toBe(200);

  expect((await anonymous().post('/auth/forgot-password', { email })).status).toBe(202);
  await arrives(email, 2);
  await scan(lastMailTo(email));
  const reset = { token: tokenOf(lastMailTo(email)), new_password: 'another horse battery' };
  expect((await anonymous().post('/auth/reset-password', reset)).status).toBe(200);
  await expect.poll(async () => (await ana.get('/auth/me')).status, polling).toBe(401);
  await arrives(email, 3);

  const again = await signIn(email, reset.new_password);
  const moved = newEmail();
  const change = { email: moved, current_password: reset.new_password };
  expect((await again.post('/auth/change-email', change)).status).toBe(202);
  await arrives(moved, 1);
  await arrives(email, 4);
  await scan(lastMailTo(moved));
  expect((await anonymous().post('/auth/change-email/confirm', { token: tokenOf(lastMailTo(moved)) })).status).toBe(
    200,
  );

  const invited = newEmail();
  expect((await again.post('/api/v1/invitations', { email: invited, role: 'viewer' })).status).toBe(201);
  await arrives(invited, 1);
  await scan(lastMailTo(invited));
  const token = tokenOf(lastMailTo(invited));
  const { status, body } = await anonymous().post('/auth/invitations/accept', { token, name: 'Bob', password });
  expect([status, body.user.role]).toEqual([200, 'viewer']);
  expect((await client(fleet.url, body.access_token as string).get('/api/customers')).status).toBe(200);
});

test.each(['is down', 'takes connections and says nothing'])(
  'a mail server that %s loses and blocks nothing',
  async (fault) => {
    const email = await register();
    await arrives(email, 1);
    await mailServer.stop();
    const silent = fault === 'is down' ? undefined : await mailServer.hang();
    for (let request = 0; request < 20; request += 1) {
      const to = request === 0 ? email : newEmail();
      expect((await anonymous().post('/auth/forgot-password', { email: to })).status).toBe(202);
    }
    const other = await register();
    expect((await (await signIn(other)).get('/auth/me')).status).toBe(200);
    const attempts = async () => (await db('mails').max('attempts').first())?.max as number;
    if (silent) await expect.poll(silent.taken, polling).toBeGreaterThan(1);
    else await expect.poll(attempts, polling).toBeGreaterThan(1);
    expect(mailsTo(email)).toHaveLength(1);
    await silent?.end();
    await mailServer.start();
    await arrives(email, 2);
    await arrives(other, 1);
    const reset = { token: tokenOf(lastMailTo(email)), new_password: password };
    expect((await anonymous().post('/auth/reset-password', reset)).status).toBe(200);
    await expect.poll(() => db('mails').select('id'), polling).toEqual([]);
    expect([mailsTo(email).length, mailsTo(other).length]).toEqual([3, 1]); // with the notice of the new password
  },
  120_000,
);

test.each(['forgot-password', 'change-email'])(
  'a known and an unknown address get the same response in the same time: %s',
  async (route) => {
    const [known, own] = [await register(), await register()];
    await db('users').whereIn('email', [known, own]).update({ email_verified_at: '2026-01-01' });
    const caller = await signIn(own);
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    const bodies = new Set<string>();
    const send = async (kind: 'known' | 'unknown') => {
      const email = kind === 'known' ? known : newEmail();
      await db('mail_tokens').where({ purpose: 'change_email' }).delete(); // whose owner may cause five mails an hour
      const started = performance.now();
      const { status, body } = await caller.post(`/auth/${route}`, {
        email,
        ...(route === 'change-email' && { current_password: password }),
      });
      times[kind].push(performance.now() - started);
      bodies.add(JSON.stringify([status, body]));
    };
    for (let warmUp = 0; warmUp < 20; warmUp += 1) await send('known');
    times.known.length = 0;
    for (let request = 0; request < 300; request += 1) {
      const order = request % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
      for (const kind of order) await send(kind);
    }
    // Compares what a tenth of the requests stayed below, which other work of the machine hardly moves.
    const lowestTenth = (values: number[]) => values.toSorted((a, b) => a - b)[values.length / 10] ?? 0;
    const [a, b] = [lowestTenth(times.known), lowestTenth(times.unknown)];
    process.stdout.write(`${route}: ${a.toFixed(2)} ms known, ${b.toFixed(2)} ms unknown\n`);
    expect([bodies.size, [...bodies][0]]).toEqual([1, expect.stringMatching(/^\[202,/)]);
    expect(Math.abs(a - b)).toBeLessThan(Math.max(1, 0.05 * Math.max(a, b)));
  },
  240_000,
);

test('1,000 wrong tokens: none is accepted, and from the eleventh within a minute each is a 429', async () => {
  const limited = await startTestFleet({ RATE_LIMITS: 'on', ...wideLimits });
  try {
    const routes: [path: string, body: (token: string) => object, rejected: number][] = [
      ['verify-email', (token) => ({ token }), 422],
      ['reset-password', (token) => ({ token, new_password: 'another horse battery' }), 422],
      ['change-email/confirm', (token) => ({ token }), 422],
      ['invitations/look-up', (token) => ({ token }), 422],
      ['invitations/accept', (token) => ({ token, name: 'Ana', password }), 422],
      ['oidc/exchange', (code) => ({ code }), 422],
      ['login/mfa', (mfa_token) => ({ mfa_token, code: '123456' }), 401],
    ];
    const judged: number[] = [];
    for (let guess = 0; guess < 1000; guess += 1) {
      const [path, body, rejected] = routes[guess % routes.length] as (typeof routes)[number];
      const at = performance.now();
      const token = randomBytes(32).toString('base64url');
      const { status } = await client(limited.url).post(`/auth/${path}`, body(token));
      expect([path, status]).toEqual([path, status === 429 ? 429 : rejected]);
      if (status !== 429) judged.push(at);
      if (guess === 10) expect(judged).toHaveLength(10);
    }
    // Of those that were judged at all, the tenth before each is a minute back.
    for (const [index, at] of judged.slice(10).entries()) expect(at - (judged[index] ?? at)).toBeGreaterThan(59_000);
  } finally {
    await limited.end();
  }
}, 180_000);

test('no token of a mail is in a log, an event, a table, a response or a mail to somebody else', async () => {
  const tokens = mailServer.received.flatMap((mail) => (mail.text?.includes('#token=') ? [tokenOf(mail)] : []));
  expect(tokens.length).toBeGreaterThan(5);
  expect(responses.length).toBeGreaterThan(600);
  expect(output.length).toBeGreaterThan(1000);
  const texts = { output: output.join('\n'), responses: responses.join('\n') };
  expect(await placesOf(fleet, tokens, texts)).toEqual([]);
  for (const token of tokens)
    expect(
      new Set(mailServer.received.filter(({ text }) => text?.includes(token)).map(({ messageId }) => messageId)).size,
    ).toBe(1);
  // What is searched has what it should have.
  const addresses = mailServer.received.slice(0, 1).flatMap(({ recipients }) => recipients);
  expect(await placesOf(fleet, addresses, texts)).toEqual(expect.arrayContaining(['responses', 'auth: mail_tokens']));
});
