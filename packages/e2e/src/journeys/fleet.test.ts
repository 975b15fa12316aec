import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { childEnv, dataFolder, sharedBroker } from '@clientela/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  findPostgres,
  freePort,
  isListening,
  locatePostgres,
  startedAt,
  startPostgres,
} from '@clientela/embedded-postgres';
import { type Fleet, type FleetOptions, peers, repoRoot, services, startFleet } from '@clientela/fleet';
import { stubCheckout } from '../testing/stub-checkout.ts';

let folder: string;
let checkout: string;
let fleets: Fleet[];

// All tests share one installation, because creating its databases takes seconds. Each test starts with a stopped fleet.
beforeAll(() => {
  folder = dataFolder('fleet-');
  checkout = stubCheckout();
});
beforeEach(() => {
  fleets = [];
});
afterEach(async () => {
  for (const fleet of fleets) await fleet.stop();
});
afterAll(async () => {
  rmSync((await locatePostgres(folder)).dataHome, { recursive: true, force: true });
  for (const path of [folder, checkout]) rmSync(path, { recursive: true, force: true });
});

const start = async (options: Partial<FleetOptions> = {}) => {
  const fleet = await startFleet({ folder, repoRoot: checkout, env: {}, freePorts: true, fsync: false, ...options });
  fleets.push(fleet);
  return fleet;
};

const ready = async (url: string) => {
  const response = await fetch(`${url}/ready?all=1`).catch(() => undefined);
  return response?.status === 200;
};
const envOf = async (fleet: Fleet, peer: keyof Fleet['ports']) =>
  (await (await fetch(`http://127.0.0.1:${fleet.ports[peer]}/environment`)).json()) as Record<string, string>;

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('starts databases, processes and superuser; stop leaves no process; the next start keeps data and secrets', async () => {
  const steps: string[] = [];
  const fleet = await start({ onProgress: (line) => steps.push(line) });
  expect(await ready(fleet.url)).toBe(true);
  expect(fleet.superuser).toEqual({ created: true, email: 'admin@clientela.local', password: 'generated-now' });
  for (const service of services) {
    const { url, ownerUrl } = fleet.databases[service];
    await rows(url, 'insert into things values (1)');
    await expect(rows(url, 'create table more ()')).rejects.toThrow(/permission denied/);
    expect(await rows(ownerUrl, 'select * from things')).toEqual([{ id: 1 }]);
    const otherDatabase = new URL(url);
    otherDatabase.pathname = service === 'auth' ? '/clientela_product' : '/clientela_auth';
    await expect(rows(otherDatabase.href, 'select 1')).rejects.toThrow(/permission denied/);
  }
  const pids = peers.map((peer) => fleet.pid(peer) as number);
  await fleet.stop();
  for (const pid of pids) expect(startedAt(pid)).toBeUndefined();
  expect(await findPostgres(folder)).toBeUndefined();
  // An ordinary user's databases are in the folder too, root's elsewhere.
  expect(
    readdirSync(folder)
      .filter((name) => name !== 'postgres')
      .toSorted(),
  ).toEqual(['compile-cache', 'logs', 'secrets']);
  for (const file of readdirSync(join(folder, 'logs')))
    expect(readFileSync(join(folder, 'logs', file), 'utf8')).not.toContain('generated-now');
  expect(steps.join('\n')).not.toContain('generated-now');

  const again = await start();
  expect(again.secrets).toEqual(fleet.secrets);
  expect(await rows(again.databases.auth.url, 'select * from things where id = 1')).toEqual([{ id: 1 }]);
});

test('gives each process its own settings and secrets, and no others', async () => {
  const env = { LOG_LEVEL: 'DEBUG', ADMIN_EMAIL: 'known@example.com', UNRELATED: 'value' };
  const fleet = await start({ env });
  expect(fleet.superuser).toEqual({ created: false, email: 'known@example.com' });
  const favorites = await envOf(fleet, 'favorites');
  expect(favorites).toMatchObject({
    NODE_ENV: 'production',
    LOG_LEVEL: 'DEBUG',
    FAVORITES_PORT: String(fleet.ports.favorites),
    FAVORITES_DATABASE_URL: fleet.databases.favorites.url,
    PRODUCT_SERVICE_URL: `http://127.0.0.1:${fleet.ports.product}`,
    FAVORITES_SERVICE_KEY: fleet.secrets.serviceKeys.favorites,
  });
  for (const peer of peers) {
    const env = JSON.stringify(await envOf(fleet, peer));
    expect(env).not.toMatch(/UNRELATED|OWNER_DATABASE_URL|ADMIN_/);
    for (const service of services) expect(env.includes(fleet.secrets.ownSecrets[service])).toBe(peer === service);
  }
});

test('restarts a killed process and a killed PostgreSQL', async () => {
  const fleet = await start();
  const before = { customer: fleet.pid('customer'), postgres: fleet.postgres.pid() as number };
  fleet.kill('customer', 'SIGKILL');
  await vi.waitUntil(async () => fleet.pid('customer') !== before.customer && (await ready(fleet.url)), {
    timeout: 45_000,
  });
  process.kill(before.postgres, 'SIGKILL');
  await vi.waitUntil(
    async () =>
      fleet.postgres.pid() !== before.postgres &&
      (await rows(fleet.databases.auth.url, 'select 1').catch(() => [])).length === 1,
    { timeout: 45_000 },
  );
});

test('runs two fleets side by side; rejects a second one in the same folder without harming the first', async () => {
  const fleet = await start();
  await expect(start()).rejects.toThrow(
    `Clientela runs from this folder already (process ${process.pid}, ${fleet.url})`,
  );
  expect(await ready(fleet.url)).toBe(true);
  const elsewhere = dataFolder('fleet-');
  const other = await start({ folder: elsewhere });
  expect(await ready(other.url)).toBe(true);
  expect(other.secrets.ownSecrets.auth).not.toBe(fleet.secrets.ownSecrets.auth);
  await other.stop();
  rmSync((await locatePostgres(elsewhere)).dataHome, { recursive: true });
  rmSync(elsewhere, { recursive: true });
});

test('names an occupied port with its process and the setting that changes it', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(start({ env: { PRODUCT_PORT: String(port) } })).rejects.toThrow(
    `Port ${port} for product is in use: free it, or choose another with PRODUCT_PORT.`,
  );
  await new Promise((resolve) => server.close(resolve));
  await start({ env: { PRODUCT_PORT: String(port) } });
});

test('says the last error of a process that never starts, names its log, and ends all others', async () => {
  const broken = stubCheckout();
  writeFileSync(join(broken, 'services/product/src/main.ts'), `console.error('no luck'); process.exit(1);`);
  const port = await freePort();
  await expect(start({ repoRoot: broken, env: { CUSTOMER_PORT: String(port) } })).rejects.toThrow(
    `product does not start: no luck (its log: ${join(folder, 'logs', 'product.log')})`,
  );
  expect(readFileSync(join(folder, 'logs', 'product.log'), 'utf8')).toContain('no luck');
  rmSync(broken, { recursive: true });
  expect(await isListening(port)).toBe(false);
  expect(await findPostgres(folder)).toBeUndefined();
});

test('reports the steps of a crash with its reason, and how events are delivered', async () => {
  const steps: string[] = [];
  const onProgress = (line: string) => steps.push(line);
  const fleet = await start({ onProgress });
  expect(steps).toContain('services deliver events to each other over HTTP');
  const before = fleet.pid('customer');
  fleet.kill('customer', 'SIGKILL');
  await vi.waitUntil(() => fleet.pid('customer') !== before, { timeout: 45_000 });
  expect(steps).toContain(
    `customer ended and is restarted: killed by SIGKILL (its log: ${join(folder, 'logs', 'customer.log')})`,
  );
  await fleet.stop();

  const port = await freePort();
  const RABBITMQ_URL = `amqp://user:secret@127.0.0.1:${port}`;
  const withoutBroker = await start({ onProgress, env: { RABBITMQ_URL } });
  expect(steps).toContain(
    `events go through RabbitMQ at 127.0.0.1:${port}, which does not answer (ECONNREFUSED): they wait in the databases`,
  );
  await withoutBroker.stop();

  const url = new URL(await sharedBroker());
  await (await start({ onProgress, env: { RABBITMQ_URL: url.href } })).stop();
  expect(steps).toContain(`events go through RabbitMQ at ${url.host}, which answers`);
  url.password = 'wrong';
  await start({ onProgress, env: { RABBITMQ_URL: url.href } });
  expect(steps.join('\n')).toContain(`${url.host}, which does not answer (it refuses the user and password)`);
  expect(steps.join('\n')).not.toContain('wrong');
});

test('reports settings that the superuser script rejects as it reports its own', async () => {
  const rejecting = stubCheckout();
  const output = JSON.stringify('Invalid settings:\n  ADMIN_PASSWORD: is too common\n');
  writeFileSync(join(rejecting, 'services/auth/src/superuser.ts'), `process.stderr.write(${output}); process.exit(1);`);
  await expect(start({ repoRoot: rejecting })).rejects.toThrow(
    /^Invalid settings:\n {2}ADMIN_PASSWORD: is too common$/,
  );
  rmSync(rejecting, { recursive: true });
});

test('creates the superuser again when the database was too slow', async () => {
  const slow = stubCheckout();
  const script = join(slow, 'services/auth/src/superuser.ts');
  const source = readFileSync(script, 'utf8');
  writeFileSync(
    script,
    `import { existsSync, writeFileSync } from 'node:fs';
    if (!existsSync('tried')) {
      writeFileSync('tried', '');
      process.stderr.write('The database is temporarily unavailable\\n');
      process.exit(1);
    }
    ${source}`,
  );
  expect((await start({ repoRoot: slow })).superuser).toMatchObject({ created: true });
  rmSync(slow, { recursive: true });
});

test('rejects a database that another version migrated, with one sentence, and leaves it unchanged', async () => {
  const fleet = await start();
  const { ownerUrl } = fleet.databases.product;
  await fleet.stop();
  const server = await startPostgres({ folder, fsync: false });
  const database = new URL(ownerUrl);
  database.port = String(server.port);
  await rows(database.href, `insert into migrations.done (name, batch) values ('0099_of_tomorrow.sql', 9)`);
  await server.stop();
  await expect(start()).rejects.toThrow(
    /^The database of product cannot be set up: Database clientela_product was created by another development version \(it has the unknown migration 0099_of_tomorrow\.sql\) and was left unchanged: [^\n]+$/,
  );
  const again = await startPostgres({ folder, fsync: false });
  database.port = String(again.port);
  await rows(database.href, `delete from migrations.done where batch = 9`);
  await again.stop();
});

test('names an external PostgreSQL that is too old, with its address and version', async () => {
  const server = oldPostgres('15.18 (Debian 15.18-0+deb12u1)');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const elsewhere = dataFolder('fleet-');
  const sentence = `PostgreSQL at 127.0.0.1:${port} is 15.18; 17 or newer is needed`;
  const env = { POSTGRES_HOST: '127.0.0.1', POSTGRES_PORT: String(port), POSTGRES_USER: 'a', POSTGRES_PASSWORD: 'b' };
  await expect(start({ folder: elsewhere, env })).rejects.toThrow(new RegExp(`^${sentence}$`));
  const url = `postgresql://a:b@127.0.0.1:${port}/d`;
  const urls = Object.fromEntries(
    services.flatMap((service) =>
      ['DATABASE_URL', 'OWNER_DATABASE_URL'].map((name) => [`${service.toUpperCase()}_${name}`, url]),
    ),
  );
  await expect(start({ folder: elsewhere, env: urls })).rejects.toThrow(new RegExp(`^${sentence}$`));
  await new Promise((resolve) => server.close(resolve));
  rmSync(elsewhere, { recursive: true });
});

/** A server that accepts every user and responds to every query with one row: its version. */
function oldPostgres(version: string): Server {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const int = (value: number, bytes: number) => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, 0, bytes);
    return buffer;
  };
  const ready = message('Z', Buffer.from('I'));
  const text = Buffer.from(version);
  const column = [int(0, 4), int(0, 2), int(25, 4), int(-1, 2), int(-1, 4), int(0, 2)];
  const response = Buffer.concat([
    message('T', Buffer.concat([int(1, 2), Buffer.from('server_version\0'), ...column])),
    message('D', Buffer.concat([int(1, 2), int(text.length, 4), text])),
    message('C', Buffer.from('SHOW\0')),
    ready,
  ]);
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int(0, 4)), ready]));
      socket.on('data', (data) => (data[0] === 0x58 ? socket.end() : socket.write(response))); // X: the client ends
    });
  });
}

test('names the service whose migration fails', async () => {
  const broken = stubCheckout();
  writeFileSync(join(broken, 'services/auth/migrations/0002_again.sql'), 'create table things ();\n');
  await expect(start({ repoRoot: broken })).rejects.toThrow(
    /^The database of auth cannot be set up: .*"things" already exists$/,
  );
  rmSync(broken, { recursive: true });
});

test('ends all processes when the supervisor is killed; the next start finds the data', async () => {
  const options = { folder, repoRoot: checkout, fsync: false, freePorts: true, env: {} };
  const script = `
    import { startFleet } from ${JSON.stringify(join(repoRoot, 'packages/fleet/src/launcher/fleet.ts'))};
    const fleet = await startFleet(${JSON.stringify(options)});
    console.log(JSON.stringify({ pids: ${JSON.stringify(peers)}.map((peer) => fleet.pid(peer)), url: fleet.databases.auth.url }));
  `;
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnv,
  });
  const { pids, url } = JSON.parse(String(await new Promise((resolve) => supervisor.stdout.once('data', resolve)))) as {
    pids: number[];
    url: string;
  };
  await rows(url, 'insert into things values (7)');
  supervisor.kill('SIGKILL');
  await vi.waitUntil(() => pids.every((pid) => startedAt(pid) === undefined), { timeout: 45_000 });
  await vi.waitUntil(async () => (await findPostgres(folder)) === undefined, { timeout: 45_000 });
  const fleet = await start();
  expect(await rows(fleet.databases.auth.url, 'select * from things where id = 7')).toEqual([{ id: 7 }]);
});

test('a start immediately after a hard kill succeeds', async () => {
  const options = {
    folder,
    repoRoot: checkout,
    fsync: false,
    freePorts: false,
    env: Object.fromEntries(
      await Promise.all(
        ['PORT', ...services.map((service) => `${service.toUpperCase()}_PORT`)].map(async (name) => [
          name,
          String(await freePort()),
        ]),
      ),
    ) as Record<string, string>,
  };
  const script = `
    import { startFleet } from ${JSON.stringify(join(repoRoot, 'packages/fleet/src/launcher/fleet.ts'))};
    await startFleet(${JSON.stringify(options)});
    console.log('up');
  `;
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnv,
  });
  await new Promise((resolve) => supervisor.stdout.once('data', resolve));
  supervisor.kill('SIGKILL');
  await new Promise((resolve) => supervisor.once('exit', resolve));
  const fleet = await start(options);
  expect(await ready(fleet.url)).toBe(true);
});

test('creates its databases on an external server, which keeps running after the stop', async () => {
  const base = await start();
  const admin = new URL(base.postgres.adminUrl as string);
  const elsewhere = dataFolder('fleet-');
  await base.stop();
  const server = await startPostgres({ folder, fsync: false });
  const env = {
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_PORT: String(server.port),
    POSTGRES_USER: admin.username,
    POSTGRES_PASSWORD: admin.password,
  };
  const fleet = await start({ folder: elsewhere, env });
  expect(new URL(fleet.databases.auth.url).port).toBe(String(server.port));
  expect(fleet.postgres.pid()).toBeUndefined();
  expect((await envOf(fleet, 'auth'))['AUTH_DATABASE_URL']).toBe(fleet.databases.auth.url);
  await fleet.stop();
  expect(server.isAlive()).toBe(true);
  await expect(start({ folder: elsewhere, env: { ...env, POSTGRES_PASSWORD: 'wrong' } })).rejects.toThrow(
    /^The database of \w+ cannot be set up: password authentication failed/,
  );
  expect(existsSync(join(elsewhere, 'run.json'))).toBe(false);
  await server.stop();
  rmSync(elsewhere, { recursive: true });
});
