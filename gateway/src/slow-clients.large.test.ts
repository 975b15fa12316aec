import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { services } from '@clientela/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { call, unusedUrl, listenOn, revocationsResponse, signingKey, signToken, until } from './testing/gateway.ts';
import { openSlowClients, slowKinds, summarize } from './testing/slow-clients.ts';

// 1,000 slow connections of 16 companies and addresses, and a normal client beside them. The gateway is a process of its own, with its
// real limits; the services are stubs, so that only the gateway is measured.

const count = 1000;
const duration = Number(process.env['SLOW_SECONDS'] ?? 40) * 1000;
const companies: string[] = Array.from({ length: 16 }, () => randomUUID());
const list = Buffer.alloc(300_000, ' ');
/** More than the kernel takes for a client that does not read. One reader in five asks for it: all would exhaust the buffers of this machine. */
const long = Buffer.alloc(12_000_000, ' ');
const short = JSON.stringify({
  customers: Array.from({ length: 100 }, () => ({ id: randomUUID(), full_name: 'Some One' })),
});

/** Starts the gateway as a process, in front of stub services. */
async function startGateway() {
  const key = signingKey();
  let longReads = 0;
  const answer: RequestListener = (req, res) => {
    res.setHeader('Content-Type', 'application/json');
    if (req.url?.startsWith('/.well-known/')) res.end(JSON.stringify({ keys: [key.jwk] }));
    else if (req.url?.startsWith('/internal/')) res.end(JSON.stringify(revocationsResponse().body));
    else if (companies.includes(String(req.headers['x-company-id']))) {
      const isLong = req.method === 'GET' && req.url?.endsWith('page=2') === true;
      if (isLong) longReads += 1;
      req.resume().once('end', () => res.end(isLong ? long : list));
    } else req.resume().once('end', () => res.end(short));
  };
  const urls: Record<string, string> = {};
  for (const service of services) urls[`${service.toUpperCase()}_SERVICE_URL`] = (await listenOn(answer)).url;
  const port = Number(new URL(await unusedUrl()).port);
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      GATEWAY_SERVICE_KEY: randomBytes(32).toString('base64url'),
      ...urls,
      LOG_FORMAT: 'json',
      RATE_LIMIT_USER_PER_MINUTE: '100000',
      RATE_LIMIT_USER_PER_HOUR: '1000000',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const cutOffs: Record<string, number> = {};
  const listeners: (() => void)[] = [];
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
    if (!line.includes('"cut_off":true')) return;
    const { method, failure } = JSON.parse(line) as { method: string; failure?: string };
    if (method !== 'GET' || failure === undefined) return;
    cutOffs[failure] = (cutOffs[failure] ?? 0) + 1;
    for (const listener of listeners) listener();
  });
  const isReady = () =>
    call(port, { path: '/ready' }).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(isReady, 'the gateway');
  return {
    port,
    tokenOf: (company_id: string) => signToken(key, { company_id, sub: randomUUID(), sid: randomUUID() }),
    onCutOff: (listener: () => void) => listeners.push(listener),
    cutOffs,
    longReads: () => longReads,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    openFiles: () => readdirSync(`/proc/${child.pid}/fd`).length,
  };
}

test('a normal client beside 1,000 slow connections notices nothing; each of them ends within its bounds', async () => {
  const gateway = await startGateway();
  const { port } = gateway;
  const headers = { Authorization: `Bearer ${gateway.tokenOf(randomUUID())}`, 'Content-Type': 'application/json' };
  let peak = 0;
  /** Lists and creates as the normal client, each time on a new connection. */
  const useMeanwhile = async (milliseconds: number) => {
    const durations: number[] = [];
    const statuses = new Set<number>();
    for (const end = Date.now() + milliseconds; Date.now() < end;) {
      for (const method of ['GET', 'POST']) {
        const startedAt = performance.now();
        const body = method === 'POST' ? { body: '{"full_name":"Some One"}' } : {};
        statuses.add((await call(port, { method, path: '/api/customers', headers, ...body })).status);
        durations.push(performance.now() - startedAt);
      }
      peak = Math.max(peak, gateway.memory());
      await sleep(20);
    }
    return { ...summarize(durations), statuses: [...statuses] };
  };

  await useMeanwhile(2000);
  const before = await useMeanwhile(5000);
  const [memory, openFiles] = [gateway.memory(), gateway.openFiles()];
  const tokens = companies.map((id) => gateway.tokenOf(id));
  const clients = openSlowClients({
    port,
    count,
    pause: 1000,
    request: (kind, n) => {
      const head = `${kind === 'read' ? 'GET' : 'POST'} /api/customers?page=${n % 15 === 5 ? 2 : 1} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokens[n % 16]}\r\n`;
      const rest = { headers: 'X-Slow: ', body: 'Content-Length: 1000\r\n\r\n{"full_name": "', read: '\r\n' };
      return { text: head + rest[kind], address: `127.0.0.${2 + (n % 16)}` };
    },
  });
  gateway.onCutOff(() => clients.replace('read'));
  const beside = await useMeanwhile(duration);
  const most = gateway.openFiles();
  clients.keep();
  const hasEnded = await until(
    () => gateway.openFiles() <= openFiles + 5,
    'the end of every slow connection',
    80_000,
  ).then(
    () => true,
    () => false,
  );
  const left = gateway.openFiles() - openFiles;
  clients.close();

  const { cutOffs, longReads } = gateway;
  const cutOffCount = () => Object.values(cutOffs).reduce((sum, each) => sum + each, 0);
  const ended = slowKinds.map(
    (kind) => `${kind} ${kind === 'read' ? JSON.stringify(cutOffs) : clients.lifetimes[kind].length}`,
  );
  process.stdout.write(
    `beside 1,000 slow connections: ${beside.text} (before: ${before.text}); gateway ${memory.toFixed(0)} MB, at most ${peak.toFixed(0)} MB, ${most} open files; ended: ${ended.join(', ')} of ${longReads()} long ones; ${left} left; statuses ${beside.statuses.join(' ')}\n`,
  );
  expect(hasEnded).toBe(true);
  expect([before.statuses, beside.statuses]).toEqual([[200], [200]]);
  expect(beside.p99).toBeLessThan(100);
  expect(beside.max).toBeLessThan(2000);
  expect(peak - memory).toBeLessThan((count * 256) / 1024); // 256 KiB may wait for each client that takes nothing
  for (const kind of ['headers', 'body'] as const) {
    expect(clients.lifetimes[kind].length).toBeGreaterThan(300);
    expect(Math.max(...clients.lifetimes[kind])).toBeLessThan(15_000);
  }
  // Every one that a service responded to: as stalled while more than 256 KiB wait for it, of which the gateway's 8 MiB allow a few at
  // a time, and at the deadline of the route otherwise.
  expect(longReads()).toBeGreaterThan(30);
  await expect.poll(cutOffCount, { timeout: 10_000 }).toBeGreaterThanOrEqual(longReads());
  expect(cutOffs['stalled client']).toBeGreaterThan(0);
});
