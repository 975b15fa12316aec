import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn } from '../access/access-setup.ts';
import { newCompany, startTestFleet, type Client, type TestFleet, wideLimits } from '../testing/test-fleet.ts';

// One company holds 400 connections open for a minute. Another company's lists stay fast, and the gateway's memory bounded.

const connections = 400;
const duration = Number(process.env['UNREAD_SECONDS'] ?? 60) * 1000;
const maxGrowth = 100 * 1024 * 1024;
const list = '/api/customers?per_page=100';

let fleet: TestFleet;
let victim: Client;
let attacker: Client & { user: { business_id: string } };
/** Called when the gateway cuts off, or rejects, a connection of the attacker. */
let onEnded = () => {};
const ended = { stalled: 0, slowBodies: 0, rejected: 0 };

beforeAll(async () => {
  fleet = await startTestFleet(
    { RATE_LIMITS: 'on', ...wideLimits, LOGIN_RATE: '100000/minute', CUSTOMER_PATCH_RATE: '100000/minute' },
    (peer, line) => peer === 'gateway' && countEnd(line),
  );
  victim = await newCompany(fleet.url);
  for (let n = 0; n < 20; n += 1) await victim.post('/api/customers', { full_name: `Customer ${n}` });
  attacker = await newCompany(fleet.url);
  const data = { full_name: 'Long', metadata: { text: 'x'.repeat(8800) } };
  const operations = Array.from({ length: 100 }, () => ({ op: 'create', data }));
  await attacker.post('/api/customers/batch', { operations });
  // V8 doubles the space of young objects once under load, whoever causes it: the growth below is that of the attack.
  await Promise.all(Array.from({ length: 64 }, () => listMeanwhile(8000)));
}, 120_000);
afterAll(() => fleet?.end());

function countEnd(line: string): void {
  if (line.includes('"stalled client"')) ended.stalled += 1;
  else if (line.includes('"status":408')) ended.slowBodies += 1;
  else {
    if (line.includes('"status":429')) ended.rejected += 1;
    return;
  }
  onEnded();
}

/** Signs in a new user of the attacker's company. */
async function newUser(role: string, n: number): Promise<Client> {
  const email = `${role}-${n}-${Date.now()}@example.com`;
  const password = 'correct horse battery';
  const names = { first_name: 'Some', last_name: 'One' };
  const user = { email, password, role, company_id: attacker.user.business_id, ...names };
  expect((await attacker.post('/api/v1/users', user)).status).toBe(201);
  return signIn(fleet.url, email, password);
}

type Opened = { text: string; address: string };

/** Keeps 400 connections open, each of which sends a text and reads nothing. Replaces those that the gateway ends. */
function holdConnections(next: (n: number) => Opened): () => void {
  const { port } = new URL(fleet.url);
  const sockets: Socket[] = [];
  let opened = 0;
  const open = () => {
    const { text, address } = next(opened);
    opened += 1;
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress: address });
    socket.on('error', () => {}).pause();
    socket.write(text);
    sockets.push(socket);
  };
  for (let n = 0; n < connections; n += 1) open();
  onEnded = open;
  return () => {
    onEnded = () => {};
    for (const socket of sockets) socket.destroy();
  };
}

const gatewayMemory = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${fleet.pid('gateway')}/status`, 'utf8'))?.[1]) * 1024;

/** Lists as the other company for a while. @returns its durations in milliseconds, sorted, and its statuses */
async function listMeanwhile(milliseconds: number): Promise<{ sorted: number[]; statuses: number[]; peak: number }> {
  const durations: number[] = [];
  const statuses = new Set<number>();
  let peak = 0;
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    const startedAt = performance.now();
    statuses.add((await victim.get(list)).status);
    durations.push(performance.now() - startedAt);
    peak = Math.max(peak, gatewayMemory());
    await sleep(20);
  }
  return { sorted: durations.toSorted((a, b) => a - b), statuses: [...statuses], peak };
}

const quantile = (sorted: number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
const describeTimes = (sorted: number[]) =>
  `${sorted.length} lists, p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p99 ${quantile(sorted, 0.99).toFixed(1)} ms, maximum ${quantile(sorted, 1).toFixed(0)} ms`;

const unreadLists = (token: string | undefined) =>
  `GET ${list} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`.repeat(6);
const halfBody = (token: string | undefined) =>
  `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"full_name": "`;

const attacks: Record<string, () => Promise<(n: number) => Opened>> = {
  'unread lists of one viewer, six pipelined on each': async () => {
    const { token } = await newUser('viewer', 0);
    return () => ({ text: unreadLists(token), address: '127.0.0.2' });
  },
  'half-sent bodies of one user': async () => {
    const { token } = await newUser('admin', 0);
    return () => ({ text: halfBody(token), address: '127.0.0.2' });
  },
  'unread lists of 50 users of a company, each from its own address': async () => {
    const users: Client[] = [];
    for (let n = 1; n <= 50; n += 1) users.push(await newUser('viewer', n));
    return (n) => ({ text: unreadLists(users[n % 50]?.token), address: `127.0.0.${2 + (n % 50)}` });
  },
};

test.each(Object.entries(attacks))(`400 connections with %s`, async (name, prepare) => {
  expect(JSON.stringify((await attacker.get(list)).body).length).toBeGreaterThan(900_000);
  const next = await prepare();
  const undisturbed = await listMeanwhile(5000);
  const before = gatewayMemory();
  Object.assign(ended, { stalled: 0, slowBodies: 0, rejected: 0 });
  const stop = holdConnections(next);
  const { sorted, statuses, peak } = await listMeanwhile(duration);
  stop();
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MB`;
  process.stdout.write(
    `${name}: ${describeTimes(sorted)} (undisturbed ${describeTimes(undisturbed.sorted)}); ` +
      `gateway ${megabytes(before)}, at most ${megabytes(peak)}; ${JSON.stringify(ended)}\n`,
  );
  expect(statuses).toEqual([200]);
  expect(quantile(sorted, 0.99)).toBeLessThan(100);
  expect(peak - before).toBeLessThan(maxGrowth);
  expect((await attacker.get(list)).status).toBe(200);
});
