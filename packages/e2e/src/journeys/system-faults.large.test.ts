import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { services, startFleet, type Service } from '@clientela/fleet';
import { compileCache } from '@clientela/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkKilledService, routesOf } from '../testing/killed-service.ts';
import {
  newCompany,
  removeInstallation,
  startTestFleet,
  type Client,
  type TestFleet,
  type TestResponse,
} from '../testing/test-fleet.ts';

// What is the system's fault and not the caller's is a 503 with Retry-After, on real processes.

let fleet: TestFleet;
let admin: Client;
beforeAll(async () => {
  fleet = await startTestFleet();
  admin = await newCompany(fleet.url);
  routes = routesOf(admin);
}, 120_000);
afterAll(() => fleet?.end());

let routes: Record<Service, () => Promise<TestResponse>>;
const statusAndRetry = ({ status, headers, body }: TestResponse) => [
  status,
  Number(headers.get('retry-after')) > 0,
  body.error_code,
];
const unavailable = [503, true, 'SERVICE_UNAVAILABLE'];
const works = async () => (await Promise.all(services.map((service) => routes[service]()))).map(({ status }) => status);
const allWork = services.map(() => 200);

/** The process ids of the server and its backends. */
function postgresProcesses(): number[] {
  const server = fleet.postgres.pid() ?? 0;
  const parentOf = (pid: string) => {
    try {
      return Number(
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      );
    } catch {
      return 0; // ended meanwhile
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [server, ...pids.filter((pid) => parentOf(pid) === server).map(Number)];
}

async function endConnectionsOf(service: Service): Promise<void> {
  const db = new pg.Client({ connectionString: fleet.postgres.adminUrl });
  await db.connect();
  await db.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [`clientela_${service}`]);
  await db.end();
}

test('a suspended PostgreSQL: every service is unavailable within its deadline, and works again afterwards', async () => {
  expect(await works()).toEqual(allWork);
  const pids = postgresProcesses();
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    const responses = await Promise.all(services.map((service) => routes[service]()));
    expect(responses.map(statusAndRetry)).toEqual(services.map(() => unavailable));
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await expect.poll(works, { timeout: 20_000 }).toEqual(allWork);
});

test.runIf(existsSync('/usr/bin/prlimit')).each([...services])(
  '%s without a file descriptor for its database is unavailable, and works again afterwards',
  async (service) => {
    const pid = String(fleet.pid(service));
    expect((await routes[service]()).status).toBe(200);
    execFileSync('prlimit', ['--pid', pid, '--nofile=1:20000']);
    try {
      await endConnectionsOf(service); // only now, because work in the background would open others
      expect(statusAndRetry(await routes[service]())).toEqual(unavailable);
    } finally {
      execFileSync('prlimit', ['--pid', pid, '--nofile=20000:20000']);
    }
    await expect.poll(works, { timeout: 20_000 }).toEqual(allWork);
  },
);

/** Whether this process may mount file systems, which containers often forbid. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.runIf(process.getuid?.() === 0 && canMount())(
  'a full disk of PostgreSQL: writes are unavailable, every acknowledged one is kept, and all works again afterwards',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clientela-fleet-'));
    const { dataHome } = await locatePostgres(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'none', dataHome]);
    const full = await startFleet({ folder, env: { RATE_LIMITS: 'off' }, freePorts: true, fsync: false, compileCache });
    try {
      const writer = await newCompany(full.url);
      const acknowledged: string[] = [];
      const statuses = new Set<number>();
      const write = async (n: number) => {
        const data = { full_name: `Customer ${n}`, metadata: { text: randomBytes(20_000).toString('base64') } };
        const { status, body, headers } = await writer.post('/api/customers', data);
        statuses.add(status);
        if (status === 201) acknowledged.push(body.customer.id);
        else expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        return status;
      };
      expect(await write(0)).toBe(201);
      const { bavail, bsize } = statfsSync(dataHome);
      const filler = join(dataHome, 'filler');
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 2_000_000)));
      for (let n = 1; n <= 2000 && !statuses.has(503); n += 1) await write(n);
      expect(statuses.has(503)).toBe(true);
      rmSync(filler);
      await expect.poll(() => write(-1), { timeout: 30_000 }).toBe(201);
      expect([...statuses].filter((status) => ![201, 502, 503].includes(status))).toEqual([]);
      for (const id of acknowledged) expect((await writer.get(`/api/customers/${id}`)).status).toBe(200);
    } finally {
      await full.stop();
      execFileSync('umount', [dataHome]);
      await removeInstallation(folder);
    }
  },
);

// The others: faults.test.ts.
test.each(['auth', 'interaction', 'product', 'favorites'] as const)(
  'a killed %s returns 503 with Retry-After on its own routes only, and is restarted',
  (service) => checkKilledService(fleet, admin, service),
);

test('a killed gateway is restarted and accepts existing tokens', async () => {
  fleet.kill('gateway', 'SIGKILL');
  const status = () =>
    admin.get('/api/customers').then(
      (response) => response.status,
      () => 0,
    );
  await expect.poll(status, { timeout: 45_000, interval: 50 }).toBe(200);
});
