import { repoRoot } from '@clientela/fleet';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { childEnv } from '@clientela/testing';
import pg from 'pg';
import { expect } from 'vitest';
import { checkConcurrentSignIns } from '../testing/concurrent-sign-ins.ts';
import { client, fleetTest as test, type TestResponse, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
let anonymous: ReturnType<typeof client>;

test.beforeAll(({ defaultFleet }) => {
  fleet = defaultFleet;
  anonymous = client(fleet.url);
});

const password = 'correct horse battery';
let people = 0;
const registered = async (): Promise<string> => {
  people += 1;
  const email = `session${people}@example.com`;
  const { status, body } = await anonymous.post('/auth/register', { email, password, name: 'Ana' });
  expect(status, JSON.stringify(body)).toBe(201);
  return email;
};
const signIn = (email: string) => anonymous.post('/auth/login', { email, password });
/** Signs in, and comes again as long as auth has no capacity for another password. */
async function login(email: string): Promise<TestResponse['body']> {
  for (const until = Date.now() + 30_000; ; await sleep(500)) {
    const { status, body } = await signIn(email);
    if (status !== 503 || Date.now() > until) return body;
  }
}
const refresh = (refresh_token: string) => anonymous.post('/auth/refresh', { refresh_token });
const sessions = async (): Promise<{ id: string; ended: boolean; generation: number }[]> => {
  const db = new pg.Client({ connectionString: fleet.databases.auth.ownerUrl });
  await db.connect();
  try {
    const { rows } = await db.query('select id, ended_at is not null as ended, generation::int from sessions');
    return rows;
  } finally {
    await db.end();
  }
};
const sidOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }).sid;

/** Repeats a refresh with the same token until there is a response below 500. */
async function refreshWithRetry(token: string): Promise<TestResponse> {
  const until = Date.now() + 9000; // a lost response is only repeated for 10 s
  for (;;) {
    const response = await refresh(token).catch(() => undefined);
    if (response && response.status < 500) return response;
    if (Date.now() > until) throw new Error(`last response: ${response?.status}`);
    await sleep(50);
  }
}

test('sessions survive kills of auth and PostgreSQL; a signed-out session and one with a stolen token stay ended', async () => {
  const emails = await Promise.all([1, 2, 3, 4].map(registered));
  const sessionsInUse = await Promise.all(emails.map(login));
  const signedOut = await login(emails[0] as string);
  expect((await client(fleet.url, signedOut.access_token).post('/auth/logout')).status).toBe(200);
  const stolen = await login(emails[1] as string);
  const thief = await refresh(stolen.refresh_token);
  await refresh(thief.body.refresh_token);

  let isRefreshing = true;
  const rounds = sessionsInUse.map(() => 0);
  const refreshing = sessionsInUse.map(async ({ refresh_token }, n) => {
    let token: string = refresh_token;
    while (isRefreshing) {
      const { status, body } = await refreshWithRetry(token);
      expect(status, JSON.stringify(body)).toBe(200);
      token = body.refresh_token;
      rounds[n] = (rounds[n] ?? 0) + 1;
      await sleep(50);
    }
    return token;
  });
  const refreshAll = async () => {
    const before = [...rounds];
    await expect.poll(() => rounds.every((count, n) => count > (before[n] ?? 0) + 2), { timeout: 60_000 }).toBe(true);
  };
  await refreshAll();
  fleet.kill('auth', 'SIGKILL');
  await refreshAll();
  const postgres = fleet.postgres.pid();
  if (!postgres) throw new Error('PostgreSQL has no process id');
  process.kill(postgres, 'SIGKILL');
  await refreshAll();
  fleet.kill('auth', 'SIGKILL');
  await refreshAll();
  isRefreshing = false;
  const tokens = await Promise.all(refreshing);

  const rows = new Map((await sessions()).map((row) => [row.id, row]));
  for (const [n, { access_token }] of sessionsInUse.entries()) {
    expect(rows.get(sidOf(access_token))).toMatchObject({ ended: false });
    const { status, body } = await refresh(tokens[n] as string);
    expect(status).toBe(200);
    expect((await client(fleet.url, body.access_token).get('/auth/me')).status).toBe(200);
  }
  expect((await refresh(signedOut.refresh_token)).status).toBe(401);
  expect((await refresh(stolen.refresh_token)).status).toBe(401);
  const statusOfStolen = async () => (await client(fleet.url, stolen.access_token).get('/auth/me')).status;
  await expect.poll(statusOfStolen, { timeout: 45_000, interval: 50 }).toBe(401);
}, 300_000);

test('a rotated signing key is published at once and signs later, without a restart; existing tokens stay valid', async () => {
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
  const email = await registered();
  const before = await login(email);
  const works = async ({ access_token }: { access_token: string }) =>
    (await client(fleet.url, access_token).get('/api/customers')).status;
  const { url, ownerUrl } = fleet.databases.auth;
  const env = {
    ...childEnv,
    AUTH_DATABASE_URL: url,
    AUTH_OWNER_DATABASE_URL: ownerUrl,
    AUTH_SECRET: fleet.secrets.ownSecrets.auth,
  };
  const command = join(repoRoot, 'packages/fleet/src/commands/rotate-signing-key.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [command], { env });
  const [, kid = ''] = /^The key (\S+) is published and signs from \S+\./.exec(stdout) ?? [];
  const { body } = await anonymous.get('/.well-known/jwks.json');
  const ofTokens = body.keys.filter(({ use }: { use: string }) => use === 'sig');
  expect(ofTokens.map((key: { kid: string }) => key.kid)).toEqual([kidOf(before.access_token), kid]);
  expect(kidOf((await login(email)).access_token)).toBe(kidOf(before.access_token));

  const db = new pg.Client({ connectionString: ownerUrl });
  await db.connect();
  await db.query(
    `update signing_keys set signs_from = signs_from - interval '2 minutes', retired_at = retired_at - interval '2 minutes'`,
  );
  await db.end();
  // Refreshes, because every sign-in hashes a password. Auth reads its keys every few seconds.
  let current = await login(email);
  const refreshedKid = async () => {
    current = (await refreshWithRetry(current.refresh_token)).body;
    return kidOf(current.access_token);
  };
  await expect.poll(refreshedKid, { timeout: 45_000, interval: 200 }).toBe(kid);
  expect(kidOf((await login(email)).access_token)).toBe(kid);
  expect(await works(await login(email))).toBe(200);
  expect(await works(before)).toBe(200);
});

test('200 sign-ins at once all succeed, and /health responds meanwhile', async ({ defaultFleet }) => {
  expect(await checkConcurrentSignIns(defaultFleet, { users: 20, signIns: 200 })).toBeGreaterThan(10);
});
