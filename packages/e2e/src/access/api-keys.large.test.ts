import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashApiKey, keyPermissionsOf, type Permission } from '@clientela/contracts';
import { folderOf } from '@clientela/fleet';
import { isOpenToKeys } from '@clientela/http';
import { compileCache, ended, freePort } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { placesOf, recorded } from '../testing/secrets.ts';
import { client, newCompany, startTestFleet, wideLimits, type Client, type TestFleet } from '../testing/test-fleet.ts';
import { assertCreated, createAccessSetup, type AccessSetup, type SignedInUser } from './access-setup.ts';
import { allRoutes, type RouteInfo } from './all-routes.ts';
import { expectedAccess } from './expected-access.ts';
import { samples, send, type Sample } from './sample-requests.ts';
import { tableChecksums } from './table-checksums.ts';

let fleet: TestFleet;
let setup: AccessSetup;
let secondGateway: { url: string; end: () => Promise<void> };
const lines: string[] = [];
/** Every key that was issued. */
const issued: string[] = [];
/** Every response to a key. */
const responses: string[] = [];

type ApiKeyClient = Client & { id: string; key: string };

async function createKey(
  role: string,
  permissions?: readonly Permission[],
  maker: Pick<Client, 'post'> = setup.users.admin,
): Promise<ApiKeyClient> {
  const body = { name: 'A key', role, ...(permissions && { permissions }) };
  const { api_key, key } = assertCreated(await maker.post('/api/v1/api-keys', body));
  issued.push(key);
  return { ...recorded(client(fleet.url, key), responses), id: api_key.id, key };
}

/** Starts a second gateway of the fleet. */
async function startGateway(): Promise<void> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(folderOf('gateway'), 'src/main.ts')], {
    cwd: folderOf('gateway'),
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: compileCache,
      ...fleet.environmentOf('gateway'),
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  secondGateway = { url, end: () => ended(child, 'SIGTERM') };
  const isReady = async () => (await client(url).get('/ready')).status === 200;
  await vi.waitUntil(() => isReady().catch(() => false), { timeout: 30_000, interval: 50 });
}

beforeAll(async () => {
  fleet = await startTestFleet(
    { RATE_LIMITS: 'on', ...wideLimits, LOGIN_RATE: '1000/minute', LOG_LEVEL: 'debug' },
    (_peer, line) => lines.push(line),
  );
  setup = await createAccessSetup(fleet);
  await startGateway();
});
afterAll(async () => {
  await secondGateway?.end();
  await fleet?.end();
});

const permissionOf = ({ definition: { allow } }: RouteInfo): Permission | undefined => {
  if (typeof allow === 'object') return 'permission' in allow ? allow.permission : undefined;
  return allow === 'signed_in' || allow === 'open' ? undefined : allow;
};

test('every route × key: only one with the permission of the route passes, through the gateway; all others change nothing', async () => {
  const routes = (await allRoutes()).filter(({ isInternal, definition }) => !isInternal && definition.allow !== 'open');
  const all = keyPermissionsOf('admin');
  const admin = await createKey('admin');
  const keys = new Map<string, ApiKeyClient>();
  /** Keys with one permission, and with every other one. */
  const keyFor = async (permission: Permission, others: boolean) => {
    const name = `${permission} ${others}`;
    const granted = others ? all.filter((each) => each !== permission) : [permission];
    if (!keys.has(name)) keys.set(name, await createKey('admin', granted));
    return keys.get(name) as ApiKeyClient;
  };

  const rejected: { route: string; sample: Sample; caller: Pick<Client, 'send'>; who: string; status: number }[] = [];
  const admitted: { route: string; info: RouteInfo; caller: ApiKeyClient }[] = [];
  for (const info of routes) {
    const route = `${info.method} ${info.path}`;
    const sample = (await samples[route]?.(setup, setup.users.admin, false)) as Sample;
    rejected.push({ route, sample, caller: setup.anonymous, who: 'nobody', status: 401 });
    const permission = permissionOf(info);
    const isUsable = permission !== undefined && isOpenToKeys(info.definition) && all.includes(permission);
    if (!isUsable) {
      rejected.push({ route, sample, caller: admin, who: 'an admin’s key', status: 403 });
      continue;
    }
    const other = await keyFor(permission, true);
    rejected.push({ route, sample, caller: other, who: 'a key with every other permission', status: 403 });
    admitted.push({ route, info, caller: await keyFor(permission, false) });
  }
  const problems: string[] = [];
  const before = await tableChecksums(fleet);
  for (const { route, sample, caller, who, status } of rejected) {
    const response = await send(caller, route, sample);
    if (response.status !== status) problems.push(`${who} at ${route}: ${response.status}, expected ${status}`);
  }
  const after = await tableChecksums(fleet);
  delete before['auth.api_keys']; // the last use
  delete after['auth.api_keys'];
  expect(after).toEqual(before);

  for (const { route, caller } of admitted) {
    const sample = (await samples[route]?.(setup, setup.users.admin, false)) as Sample;
    const { status, body } = await send(caller, route, sample);
    const expected = route.endsWith('/import_customers') ? [503] : [200, 201, 202];
    if (!expected.includes(status)) problems.push(`a key at ${route}: ${status} ${body?.detail ?? ''}`);
  }
  expect(problems).toEqual([]);
  expect(admitted.length).toBeGreaterThan(80);
  expect(rejected.length).toBeGreaterThan(Object.keys(expectedAccess).length);
});

test('what a key writes names it, in history, notes and events’ audit entries', async () => {
  const key = await createKey('manager');
  const { customer } = assertCreated(await key.post('/api/customers', { full_name: 'Ana' }));
  const { note } = assertCreated(await key.post(`/api/customers/${customer.id}/notes`, { content: 'Called' }));
  const interactions = `/api/customers/${customer.id}/interactions`; // asks the customer service on behalf of the key
  const { interaction } = assertCreated(await key.post(interactions, { notes: 'Called', type: 'call' }));
  const actor = `key:${key.id}`;
  expect([note.created_by, interaction.created_by]).toEqual([actor, actor]);
  const { history } = (await setup.users.admin.get(`/api/customers/${customer.id}/history`)).body;
  expect(history.map(({ actor_id }: { actor_id: string }) => actor_id)).toContain(actor);
  const audited = async () => (await setup.users.admin.get(`/api/v1/audit-logs?actor=${actor}`)).body.audit_logs;
  await expect.poll(async () => (await audited()).length).toBeGreaterThanOrEqual(3);
  const people = await setup.users.admin.get(`/api/v1/people?id=${actor}`);
  expect(people.body.people).toEqual([{ id: actor, name: 'A key', active: true }]);
});

describe('a key ends at both gateways within 2 s, under load', () => {
  /** Sends requests to both gateways without a pause. @returns the statuses with their time after `since` */
  function startLoad(key: string) {
    const clients = [client(fleet.url, key), client(secondGateway.url, key)];
    const results: { at: number; status: number }[] = [];
    let isRunning = true;
    const loops = [...clients, ...clients, ...clients, ...clients].map(async (caller) => {
      while (isRunning) {
        const at = performance.now();
        results.push({ at, status: (await caller.get('/api/products')).status });
      }
    });
    return {
      results,
      stop: async () => {
        isRunning = false;
        await Promise.all(loops);
      },
    };
  }
  const admin = (): SignedInUser => setup.users.admin;

  const rotate = async ({ id }: ApiKeyClient, grace: string) => {
    const { status, body } = await admin().post(`/api/v1/api-keys/${id}/rotate`, { grace });
    issued.push(body.key);
    expect((await client(secondGateway.url, body.key).get('/api/products')).status).toBe(200);
    return { status };
  };

  /** A key, and what ends it. */
  type Ending = { key: ApiKeyClient; end: () => Promise<{ status: number }> };
  const endingBy = async (end: (key: ApiKeyClient) => Promise<{ status: number }>): Promise<Ending> => {
    const key = await createKey('admin');
    return { key, end: () => end(key) };
  };

  /** `grace`: seconds for which the key stays good. */
  test.each<[string, () => Promise<Ending>, grace?: number]>([
    ['by its revocation', () => endingBy(({ id }) => admin().delete(`/api/v1/api-keys/${id}`))],
    ['by a rotation without grace', () => endingBy((key) => rotate(key, '0'))],
    ['by the end of a rotation’s grace', () => endingBy((key) => rotate(key, '3s')), 3],
    [
      'by narrower permissions',
      () => endingBy(({ id }) => admin().put(`/api/v1/api-keys/${id}`, { permissions: ['audit:read'] })),
    ],
    [
      'by an address that it is limited to',
      () => endingBy(({ id }) => admin().put(`/api/v1/api-keys/${id}`, { allowed_ips: ['192.0.2.1'] })),
    ],
    [
      'by an earlier end',
      () =>
        endingBy(({ id }) => {
          const expires_at = new Date(Date.now() + 100).toISOString();
          return admin().put(`/api/v1/api-keys/${id}`, { expires_at });
        }),
    ],
    [
      'by the removal of who made it, with revoke_keys',
      async () => {
        const maker = await setup.createUser('admin');
        const key = await createKey('admin', undefined, maker);
        return { key, end: () => admin().delete(`/api/v1/users/${maker.user.id}?revoke_keys=true`) };
      },
    ],
    [
      'by the suspension of its company',
      async () => {
        const founder = await newCompany(fleet.url);
        const key = await createKey('admin', undefined, founder);
        const company = `/api/v1/companies/${founder.user.business_id}`;
        return { key, end: () => setup.users.superuser.put(company, { status: 'suspended' }) };
      },
    ],
  ])('%s', async (_name, prepare, grace = 0) => {
    const { key, end } = await prepare();
    const load = startLoad(key.key);
    await sleep(500);
    const startedAt = performance.now();
    expect((await end()).status).toBe(200);
    const graceMs = grace * 1000;
    await sleep(graceMs + 4000);
    await load.stop();
    const before = load.results.filter(({ at }) => at < startedAt + Math.max(-100, graceMs - 500));
    const late = load.results.filter(({ at }) => at > startedAt + graceMs + 2000);
    expect(before.length).toBeGreaterThan(20);
    expect(new Set(before.map(({ status }) => status))).toEqual(new Set([200]));
    expect(late.length).toBeGreaterThan(100);
    expect(late.filter(({ status }) => status < 300)).toEqual([]);
  });
});

test('while auth hangs, known keys work at both gateways and unknown ones are a 503', async () => {
  const [known, unknown] = [await createKey('viewer'), await createKey('viewer')];
  const at = ({ key }: ApiKeyClient) =>
    Promise.all(
      [fleet.url, secondGateway.url].map(async (url) => (await client(url, key).get('/api/products')).status),
    );
  expect(await at(known)).toEqual([200, 200]);
  fleet.kill('auth', 'SIGSTOP');
  try {
    await sleep(1500);
    for (let round = 0; round < 20; round += 1) expect(await at(known)).toEqual([200, 200]);
    expect(await at(unknown)).toEqual([503, 503]);
    expect((await client(fleet.url, 'clt_notakey').get('/api/products')).status).toBe(401);
  } finally {
    fleet.kill('auth', 'SIGCONT');
  }
  await expect.poll(() => at(unknown), { timeout: 10_000 }).toEqual([200, 200]);
});

test('no key that was issued is in a log line, a table, an event or a later response', async () => {
  expect(issued.length).toBeGreaterThan(40);
  const admin = recorded(setup.users.admin, responses);
  for (const path of ['api-keys?limit=100', 'audit-logs', `people?id=key:${randomUUID()}`])
    expect((await admin.get(`/api/v1/${path}`)).status).toBe(200);
  const texts = { output: lines.join('\n'), responses: responses.join('\n') };
  for (const text of Object.values(texts)) expect(text.length).toBeGreaterThan(10_000);
  const secret = issued.map((key) => key.slice(8)); // what follows the prefix
  expect(await placesOf(fleet, secret, texts)).toEqual([]);
  expect(await placesOf(fleet, issued.map(hashApiKey), texts)).toEqual(['auth: api_keys']);
  // The prefix, which everybody may see, is found.
  const prefixes = issued.map((key) => key.slice(0, 8));
  expect(await placesOf(fleet, prefixes, texts)).toEqual(expect.arrayContaining(['responses', 'auth: api_keys']));
});
