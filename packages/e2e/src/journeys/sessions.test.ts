import { repoRoot } from '@clientela/fleet';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { childEnv } from '@clientela/testing';
import pg from 'pg';
import { expect, test } from 'vitest';
import { client, shared, type Answer, type TestStreet } from '../testing/test-fleet.ts';

let street: TestStreet;
let open: ReturnType<typeof client>;

shared.beforeAll(({ street: one }) => {
  street = one;
  open = client(street.url);
});

const password = 'correct horse battery';
let people = 0;
const registered = async (): Promise<string> => {
  people += 1;
  const email = `session${people}@example.com`;
  const { status, body } = await open.post('/auth/register', { email, password, name: 'Ana' });
  expect(status, JSON.stringify(body)).toBe(201);
  return email;
};
const login = async (email: string) => (await open.post('/auth/login', { email, password })).body;
const refresh = (refresh_token: string) => open.post('/auth/refresh', { refresh_token });
const sessions = async (): Promise<{ id: string; ended: boolean; generation: number }[]> => {
  const db = new pg.Client({ connectionString: street.databases.auth.owner_url });
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

/** As a client does: the same token again for as long as nobody says anything about it. */
async function persistent(token: string): Promise<Answer> {
  const until = Date.now() + 9000; // longer, and a lost answer is not given again
  for (;;) {
    const answer = await refresh(token).catch(() => undefined);
    if (answer && answer.status < 500) return answer;
    if (Date.now() > until) throw new Error(`no answer but ${answer?.status}`);
    await sleep(50);
  }
}

test('who renews while auth and its database are killed stays signed in, who signed out stays out, a stolen token ends its session', async () => {
  const emails = await Promise.all([1, 2, 3, 4].map(registered));
  const here = await Promise.all(emails.map(login));
  const out = await login(emails[0] as string);
  expect((await client(street.url, out.access_token).post('/auth/logout')).status).toBe(200);
  const stolen = await login(emails[1] as string);
  const thief = await refresh(stolen.refresh_token);
  await refresh(thief.body.refresh_token);

  let renewing = true;
  const rounds = here.map(() => 0);
  const renewers = here.map(async ({ refresh_token }, n) => {
    let token: string = refresh_token;
    while (renewing) {
      const { status, body } = await persistent(token);
      expect(status, JSON.stringify(body)).toBe(200);
      token = body.refresh_token;
      rounds[n] = (rounds[n] ?? 0) + 1;
    }
    return token;
  });
  const more = async () => {
    const before = [...rounds];
    await expect.poll(() => rounds.every((count, n) => count > (before[n] ?? 0) + 2), { timeout: 20_000 }).toBe(true);
  };
  await more();
  street.kill('auth', 'SIGKILL');
  await more();
  const postgres = street.postgres.pid();
  if (!postgres) throw new Error('PostgreSQL has no process id');
  process.kill(postgres, 'SIGKILL');
  await more();
  street.kill('auth', 'SIGKILL');
  await more();
  renewing = false;
  const tokens = await Promise.all(renewers);

  const rows = new Map((await sessions()).map((row) => [row.id, row]));
  for (const [n, { access_token }] of here.entries()) {
    expect(rows.get(sidOf(access_token))).toMatchObject({ ended: false });
    const { status, body } = await refresh(tokens[n] as string);
    expect(status).toBe(200);
    expect((await client(street.url, body.access_token).get('/auth/me')).status).toBe(200);
  }
  expect((await refresh(out.refresh_token)).status).toBe(401);
  expect((await refresh(stolen.refresh_token)).status).toBe(401);
  const stopped = async () => (await client(street.url, stolen.access_token).get('/auth/me')).status;
  await expect.poll(stopped, { timeout: 2000, interval: 50 }).toBe(401);
}, 90_000);

test('a rotated signing key: published at once, later the one that signs, without a restart; nobody is signed out', async () => {
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
  const email = await registered();
  const before = await login(email);
  const works = async ({ access_token }: { access_token: string }) =>
    (await client(street.url, access_token).get('/api/customers')).status;
  const { url, owner_url } = street.databases.auth;
  const env = {
    ...childEnv,
    AUTH_DATABASE_URL: url,
    AUTH_OWNER_DATABASE_URL: owner_url,
    AUTH_SECRET: street.secrets.own_secrets.auth,
  };
  const command = join(repoRoot, 'packages/fleet/src/commands/rotate-signing-key.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [command], { env });
  const [, kid = ''] = /^The key (\S+) is published and signs from \S+ on/.exec(stdout) ?? [];
  const { body } = await open.get('/.well-known/jwks.json');
  const ofTokens = body.keys.filter(({ use }: { use: string }) => use === 'sig');
  expect(ofTokens.map((key: { kid: string }) => key.kid)).toEqual([kidOf(before.access_token), kid]);
  expect(kidOf((await login(email)).access_token)).toBe(kidOf(before.access_token));

  const db = new pg.Client({ connectionString: owner_url });
  await db.connect();
  await db.query(
    `update signing_keys set signs_from = signs_from - interval '2 minutes', retired_at = retired_at - interval '2 minutes'`,
  );
  await db.end();
  const signing = async () => kidOf((await login(email)).access_token);
  await expect.poll(signing, { timeout: 15_000, interval: 200 }).toBe(kid);
  expect(await works(await login(email))).toBe(200);
  expect(await works(before)).toBe(200);
});

test('200 sign-ins at once: each 200, or 503 with Retry-After, at least 150 are 200, and auth’s /health answers meanwhile', async () => {
  const emails: string[] = [];
  for (let n = 0; n < 20; n += 1) emails.push(await registered());
  let signing = true;
  const waits: number[] = [];
  const health = (async () => {
    while (signing) {
      const begun = performance.now();
      expect((await fetch(`http://127.0.0.1:${street.ports.auth}/health`)).status).toBe(200);
      waits.push(performance.now() - begun);
      await sleep(20);
    }
  })();
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => open.post('/auth/login', { email: emails[n % emails.length], password })),
  );
  signing = false;
  await health;
  const statuses = answers.map(({ status }) => status);
  const good = statuses.filter((status) => status === 200).length;
  waits.sort((a, b) => a - b);
  expect(new Set(statuses.filter((status) => status !== 200 && status !== 503))).toEqual(new Set());
  for (const { status, headers } of answers)
    if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(good).toBeGreaterThanOrEqual(150);
  expect(waits.length).toBeGreaterThan(10);
  expect(waits[Math.floor(waits.length * 0.95)]).toBeLessThan(100);
});
