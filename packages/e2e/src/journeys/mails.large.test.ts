import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { services } from '@clientela/fleet';
import { linkOf, startMailServer, tokenOf, type ReceivedMail, type TestMailServer } from '@clientela/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let mailServer: TestMailServer;
let fleet: TestFleet;
const output: string[] = [];

beforeAll(async () => {
  mailServer = await startMailServer();
  const mail = { SMTP_URL: mailServer.url, MAIL_FROM: 'CRM <no-reply@example.com>', PUBLIC_URL: 'http://127.0.0.1:1' };
  fleet = await startTestFleet({ ...mail, REQUIRE_VERIFIED_EMAIL: 'on', LOG_LEVEL: 'debug' }, (_peer, line) =>
    output.push(line),
  );
});
afterAll(async () => {
  await fleet.end();
  await mailServer.stop();
});

const password = 'correct horse battery';
const newEmail = () => `${randomUUID()}@example.com`;
const anonymous = () => client(fleet.url);
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
  client(fleet.url, (await anonymous().post('/auth/login', { email, password: secret })).body.access_token as string);

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

test('a mail server that is down loses and blocks nothing', async () => {
  const email = await register();
  await arrives(email, 1);
  await mailServer.stop();
  const durations: number[] = [];
  for (let request = 0; request < 20; request += 1) {
    const started = performance.now();
    const to = request === 0 ? email : newEmail();
    expect((await anonymous().post('/auth/forgot-password', { email: to })).status).toBe(202);
    durations.push(performance.now() - started);
  }
  expect(Math.max(...durations)).toBeLessThan(2000);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(mailsTo(email)).toHaveLength(1);
  await mailServer.start();
  await arrives(email, 2);
  expect(
    (await anonymous().post('/auth/reset-password', { token: tokenOf(lastMailTo(email)), new_password: password }))
      .status,
  ).toBe(200);
}, 120_000);

test('kill -9 of auth at each step loses no mail; one that comes twice has the same Message-ID', async () => {
  const steps: Record<string, () => void> = {
    'while the request runs': () => void setTimeout(() => fleet.kill('auth', 'SIGKILL'), 5),
    'after the response': () => {},
    'while the server takes the mail': () => (mailServer.onMail = () => kill()),
    'after the server has taken it': () => (mailServer.onMail = () => void setImmediate(kill)),
  };
  const kill = () => {
    mailServer.onMail = undefined;
    fleet.kill('auth', 'SIGKILL');
  };
  const repeated: string[] = [];
  const delivered = new Map<string, number>();
  for (const [name, prepare] of Object.entries(steps)) {
    const email = newEmail();
    const killed = fleet.pid('auth');
    prepare();
    const status = await anonymous()
      .post('/auth/register', { email, password, name: 'Ana' })
      .then(
        (response) => response.status,
        () => 0,
      );
    if (name === 'after the response') kill();
    await expect.poll(() => fleet.pid('auth'), polling).not.toBe(killed);
    // Without a response nobody knows; then what was committed has its mail, and what was not has none.
    const signIns = async () => (await anonymous().post('/auth/login', { email, password })).status;
    await expect.poll(signIns, polling).toBeOneOf(status === 201 ? [200] : [200, 401]);
    if ((await signIns()) !== 200) continue;
    await arrives(email, 1, 90_000); // what the killed process was sending is leased until then
    const ids = mailsTo(email).map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(1);
    if (ids.length > 1) repeated.push(name);
    delivered.set(name, (delivered.get(name) ?? 0) + 1);
    expect((await anonymous().post('/auth/verify-email', { token: tokenOf(lastMailTo(email)) })).status).toBe(200);
  }
  process.stdout.write(`mails after a kill: ${JSON.stringify([...delivered])}, repeated: ${repeated.join(', ')}\n`);
  for (const name of Object.keys(steps).slice(1)) expect([name, delivered.get(name)]).toEqual([name, 1]);
  expect(repeated.filter((name) => !name.includes('server'))).toEqual([]);
}, 300_000);

test('a known and an unknown address get the same response in the same time', async () => {
  const known = await register();
  await arrives(known, 1);
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const bodies = new Set<string>();
  const send = async (kind: 'known' | 'unknown') => {
    const started = performance.now();
    const email = kind === 'known' ? known : newEmail();
    const { status, body } = await anonymous().post('/auth/forgot-password', { email });
    times[kind].push(performance.now() - started);
    bodies.add(JSON.stringify([status, body]));
  };
  for (let warmUp = 0; warmUp < 20; warmUp += 1) await send('known');
  times.known.length = 0;
  for (let request = 0; request < 300; request += 1) {
    const order = request % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) await send(kind);
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length / 2] ?? 0;
  const [a, b] = [median(times.known), median(times.unknown)];
  process.stdout.write(`forgot-password: median ${a.toFixed(2)} ms known, ${b.toFixed(2)} ms unknown\n`);
  expect(bodies.size).toBe(1);
  expect(Math.abs(a - b)).toBeLessThan(Math.max(1, 0.05 * Math.max(a, b)));
}, 120_000);

test('1,000 wrong tokens: none is accepted, and from the eleventh within a minute each is a 429', async () => {
  const limited = await startTestFleet({ RATE_LIMITS: 'on' });
  try {
    const statuses: number[] = [];
    for (let guess = 0; guess < 1000; guess += 1) {
      const path = ['verify-email', 'change-email/confirm', 'invitations/look-up'][guess % 3];
      const token = Buffer.from(randomUUID() + randomUUID())
        .toString('base64url')
        .slice(0, 43);
      statuses.push((await client(limited.url).post(`/auth/${path}`, { token })).status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(422));
    expect(statuses.slice(10).every((status) => status === 429 || status === 422)).toBe(true);
    expect(statuses.slice(10, 100)).toEqual(Array(90).fill(429));
  } finally {
    await limited.end();
  }
}, 180_000);

test('no token of a mail is in a log, an event, a table or a file', async () => {
  const tokens = mailServer.received.flatMap((mail) => (/#token=/.test(mail.text ?? '') ? [tokenOf(mail)] : []));
  expect(tokens.length).toBeGreaterThan(10);
  const found: string[] = [];
  const look = (where: string, text: string) => {
    if (tokens.some((token) => text.includes(token))) found.push(where);
  };
  for (const line of output) look('output', line);
  for (const name of readdirSync(join(fleet.folder, 'logs')))
    look(name, readFileSync(join(fleet.folder, 'logs', name), 'latin1'));
  for (const service of services) {
    const db = new pg.Client({ connectionString: fleet.databases[service].ownerUrl });
    await db.connect();
    const { rows } = await db.query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
    );
    for (const { relname } of rows as { relname: string }[])
      for (const { text } of (await db.query(`select "${relname}"::text as text from "${relname}"`)).rows as {
        text: string;
      }[])
        look(`${service} ${relname}`, text);
    await db.end();
  }
  expect(found).toEqual([]);
});
