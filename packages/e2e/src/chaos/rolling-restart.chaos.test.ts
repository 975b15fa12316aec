import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderOf, services, type Peer, type Service } from '@clientela/fleet';
import { compileCache, ended, freePort } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { client } from '../testing/test-fleet.ts';
import { connectionBalancer, requestBalancer } from './balancers.ts';
import { startChaosFleet } from './chaos-fleet.ts';
import { missingRecords } from './checks.ts';
import { wrongCounters } from './recount.ts';
import { waitUntilFine } from './retry.ts';
import { checkEffects, newWriter, startWriting } from './run-chaos.ts';
import { log } from './seed.ts';

const drainDelay = 5; // seconds, the default in production
const noticeTime = 2000; // milliseconds until the gateways have probed a replica again

type Replica = { peer: Peer; port: number; restart: () => Promise<void> };

const isReady = (port: number) =>
  fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(1000) }).then(
    async (response) => response.arrayBuffer().then(() => response.ok),
    () => false,
  );
/** A setting of each service. */
const settingsOf = (name: string, value: (service: Service, at: number) => string): Record<string, string> =>
  Object.fromEntries(services.map((service, at) => [`${service.toUpperCase()}_${name}`, value(service, at)]));
const whenReady = (port: number) => expect.poll(() => isReady(port), { timeout: 60_000, interval: 100 }).toBe(true);

// Every service and the gateway, two replicas of each, one after the other, while clients write and read.
test.for(['HTTP', 'RabbitMQ'] as const)('restart of all with events over %s: no request fails', async (transport) => {
  const ports: Record<Peer, number[]> = {
    gateway: [],
    auth: [],
    customer: [],
    interaction: [],
    product: [],
    favorites: [],
  };
  const balancers = await Promise.all(services.map((service) => connectionBalancer(() => ports[service])));
  const front = await requestBalancer(() => ports.gateway);
  onTestFinished(async () => void (await Promise.all([...balancers, front].map((balancer) => balancer.close()))));
  for (const service of services) ports[service].push(await freePort());
  const fleet = await startChaosFleet(transport, {
    DRAIN_DELAY: String(drainDelay),
    ...settingsOf('PORT', (service) => String(ports[service][0])),
    // What services call each other by.
    ...settingsOf('SERVICE_URL', (_, at) => `http://127.0.0.1:${balancers[at]?.port}`),
  });
  onTestFinished(() => fleet.end());

  /** Starts a further process of a program. */
  const startReplica = async (peer: Peer, settings: Record<string, string> = {}): Promise<Replica> => {
    const port = await freePort();
    const portName = peer === 'gateway' ? 'PORT' : `${peer.toUpperCase()}_PORT`;
    const start = (): ChildProcess => {
      const child = spawn(process.execPath, [join(folderOf(peer), 'src/main.ts')], {
        cwd: folderOf(peer),
        env: {
          PATH: process.env['PATH'],
          NODE_ENV: 'production',
          NODE_COMPILE_CACHE: compileCache,
          ...fleet.environmentOf(peer),
          ...settings,
          [portName]: String(port),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => fleet.lines.push(line));
      return child;
    };
    let child = start();
    onTestFinished(() => ended(child, 'SIGKILL'));
    await whenReady(port);
    ports[peer].push(port);
    return {
      peer,
      port,
      restart: async () => {
        await ended(child, 'SIGTERM');
        expect([child.exitCode, child.signalCode]).toEqual([0, null]);
        child = start();
        await whenReady(port);
      },
    };
  };
  /** The process of a service that the fleet started, and starts again after its end. */
  const fleetReplica = (peer: Service): Replica => ({
    peer,
    port: fleet.ports[peer],
    restart: async () => {
      const pid = fleet.pid(peer);
      fleet.kill(peer, 'SIGTERM');
      await expect.poll(() => fleet.pid(peer), { timeout: 30_000 }).not.toBe(pid);
      await whenReady(fleet.ports[peer]);
    },
  });

  const replicas: Replica[] = [];
  for (const service of services) replicas.push(fleetReplica(service), await startReplica(service));
  const urls = settingsOf('SERVICE_URL', (service) => ports[service].map((port) => `http://127.0.0.1:${port}`).join());
  replicas.push(await startReplica('gateway', urls), await startReplica('gateway', urls));

  const url = `http://127.0.0.1:${front.port}`;
  const writers = await Promise.all(['a', 'b', 'c'].map((name) => newWriter({ ...fleet, url }, `rolling ${name}`)));
  const failures: string[] = [];
  const linesBefore = fleet.lines.length;
  for (const writer of writers) {
    const { send } = writer.client;
    writer.client.send = async (method, path, body, headers) => {
      const response = await send(method, path, body, headers).catch((error: Error) => {
        failures.push(`${method} ${path}: ${error.message}`);
        throw error;
      });
      if (response.status >= 500) failures.push(`${method} ${path}: ${response.status} ${response.body?.detail}`);
      return response;
    };
  }
  let reads = 0;
  const stopping = new AbortController();
  /** Repeats a request and records every response but the expected one. */
  const repeat = async (work: () => Promise<[what: string, status: number][]>, pauseMs: number) => {
    while (!stopping.signal.aborted) {
      const results = await work().catch((error: Error): [string, number][] => [[error.message, 0]]);
      for (const [what, status] of results) if (status >= 300 || status === 0) failures.push(`${what}: ${status}`);
      reads += results.length;
      await sleep(pauseMs);
    }
  };
  const readLists = (at: number) => async () => {
    const { client: reader } = writers[at % writers.length] as (typeof writers)[number];
    const paths = ['/api/customers', '/api/products', '/api/transactions', '/rest/v1/favorites?limit=10', '/auth/me'];
    return Promise.all(paths.map(async (path): Promise<[string, number]> => [path, (await reader.get(path)).status]));
  };
  const email = `${randomUUID()}@example.com`;
  const password = 'correct horse battery';
  await client(url).post('/auth/register', { name: 'Some Person', email, password });
  const signIn = async (): Promise<[string, number][]> => {
    const { status, body } = await client(url).post('/auth/login', { email, password });
    const signedIn = client(url, body?.access_token);
    return [
      ['sign-in', status],
      ['me', (await signedIn.get('/auth/me')).status],
      ['sign-out', (await signedIn.post('/auth/logout', {})).status],
    ];
  };
  const load = Promise.all([repeat(readLists(0), 20), repeat(readLists(1), 20), repeat(signIn, 300)]);
  const stopWriting = startWriting(writers);

  const startTime = Date.now();
  await sleep(2000);
  for (const replica of replicas) {
    await replica.restart();
    log(`${replica.peer} at ${replica.port} restarted, ${((Date.now() - startTime) / 1000).toFixed(1)} s`);
    await sleep(noticeTime);
  }
  stopping.abort();
  await Promise.all([load, stopWriting()]);

  const writes = writers.reduce((sum, { ledger }) => sum + ledger.writes, 0);
  const retries = writers.reduce((sum, { ledger }) => sum + ledger.retries, 0);
  log(`${writes} writes and ${reads} reads during ${replicas.length} restarts, ${retries + failures.length} failed`);
  if (retries + failures.length > 0)
    for (const line of fleet.lines.slice(linesBefore).filter((each) => /"level":"(?:warn|error)"/.test(each)))
      log(line);
  expect({ failures, retries }).toEqual({ failures: [], retries: 0 });
  expect(writes).toBeGreaterThan(100);
  expect(await waitUntilFine(checkEffects(fleet, writers), Date.now() + 30_000)).toEqual([]);
  expect((await Promise.all(writers.map((writer) => missingRecords(writer)))).flat()).toEqual([]);
  expect(await wrongCounters(fleet)).toEqual([]);
});
