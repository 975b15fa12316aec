import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { dataFolder, sharedBroker } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  findPostgres,
  freePort,
  isListening,
  type Postgres,
  startedAt,
  startPostgres,
} from '@clientela/embedded-postgres';
import { type Fleet, type FleetOptions, peers, services, startFleet } from '@clientela/fleet';
import { stubCheckout } from '../testing/stub-checkout.ts';
import { isReady, rows, stubInstallation } from '../testing/stub-installation.ts';
import { removeInstallation } from '../testing/test-fleet.ts';

const { folder, optionsOf, start } = stubInstallation();

/** Creates a checkout that is removed at the end of the test. */
function changedCheckout(path: string, text: string): string {
  const root = stubCheckout();
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, path), text);
  return root;
}

const envOf = async (fleet: Fleet, peer: keyof Fleet['ports']) =>
  (await (await fetch(`http://127.0.0.1:${fleet.ports[peer]}/environment`)).json()) as Record<string, string>;

describe('a running fleet', () => {
  const steps: string[] = [];
  let fleet: Fleet;
  let productPort: string;

  beforeAll(async () => {
    productPort = String(await freePort());
    const env = { LOG_LEVEL: 'DEBUG', ADMIN_EMAIL: 'known@example.com', UNRELATED: 'value', PRODUCT_PORT: productPort };
    fleet = await startFleet(optionsOf({ env, onProgress: (line) => steps.push(line) }));
  });
  afterAll(() => fleet.stop());

  test('has databases, processes and a superuser', async () => {
    expect(await isReady(fleet.url)).toBe(true);
    expect(fleet.superuser).toEqual({ created: false, email: 'known@example.com' });
    for (const service of services) {
      const { url, ownerUrl } = fleet.databases[service];
      await rows(url, 'insert into things values (1)');
      await expect(rows(url, 'create table more ()')).rejects.toThrow(/permission denied/);
      expect(await rows(ownerUrl, 'select * from things where id = 1')).toEqual([{ id: 1 }]);
      const otherDatabase = new URL(url);
      otherDatabase.pathname = service === 'auth' ? '/clientela_product' : '/clientela_auth';
      await expect(rows(otherDatabase.href, 'select 1')).rejects.toThrow(/permission denied/);
    }
  });

  test('gives each process its own settings and secrets, and no others', async () => {
    expect(String(fleet.ports.product)).toBe(productPort);
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

  test('is not harmed by a second one in its folder, which is rejected, nor by one that wants its port', async () => {
    await expect(start()).rejects.toThrow(
      `Clientela runs from this folder already (process ${process.pid}, ${fleet.url})`,
    );
    const elsewhere = dataFolder('fleet-'); // another one that runs: fleet.large.test.ts
    onTestFinished(() => removeInstallation(elsewhere));
    await expect(start({ folder: elsewhere, env: { PRODUCT_PORT: productPort } })).rejects.toThrow(
      `Port ${productPort} for product is in use: free it, or choose another with PRODUCT_PORT.`,
    );
    expect(await isReady(fleet.url)).toBe(true);
  });

  test('restarts a killed process, with its reason, and a killed PostgreSQL', async () => {
    const before = { customer: fleet.pid('customer'), postgres: fleet.postgres.pid() as number };
    fleet.kill('customer', 'SIGKILL');
    await vi.waitUntil(async () => fleet.pid('customer') !== before.customer && (await isReady(fleet.url)), {
      timeout: 45_000,
    });
    expect(steps).toContain(
      `customer ended and is restarted: killed by SIGKILL (its log: ${join(folder, 'logs', 'customer.log')})`,
    );
    process.kill(before.postgres, 'SIGKILL');
    await vi.waitUntil(
      async () =>
        fleet.postgres.pid() !== before.postgres &&
        (await rows(fleet.databases.auth.url, 'select 1').catch(() => [])).length === 1,
      { timeout: 45_000 },
    );
  });

  test('stops without leaving a process; the next start keeps data and secrets', async () => {
    await rows(fleet.databases.auth.url, 'insert into things values (2)');
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

    const broker = new URL(await sharedBroker());
    broker.password = 'a-wrong-one';
    expect(steps).toContain('services deliver events to each other over HTTP');
    const again = await start({ env: { RABBITMQ_URL: broker.href }, onProgress: (line) => steps.push(line) });
    expect(steps.join('\n')).toContain(`${broker.host}, which does not answer (it refuses the user and password)`);
    expect(again.secrets).toEqual(fleet.secrets);
    expect(await rows(again.databases.auth.url, 'select * from things where id = 2')).toEqual([{ id: 2 }]);
    expect(again.superuser).toEqual({ created: true, email: 'admin@clientela.local', password: 'generated-now' });
    await again.stop();
    const logs = readdirSync(join(folder, 'logs')).map((file) => readFileSync(join(folder, 'logs', file), 'utf8'));
    expect([...logs, ...steps].join('\n')).not.toMatch(/generated-now|a-wrong-one/);
  });
});

test('says the last error of a process that never starts, names its log, and ends all others', async () => {
  const broken = changedCheckout('services/product/src/main.ts', `console.error('no luck'); process.exit(1);`);
  const port = await freePort();
  await expect(start({ repoRoot: broken, env: { CUSTOMER_PORT: String(port) } })).rejects.toThrow(
    `product does not start: no luck (its log: ${join(folder, 'logs', 'product.log')})`,
  );
  expect(readFileSync(join(folder, 'logs', 'product.log'), 'utf8')).toContain('no luck');
  expect(await isListening(port)).toBe(false);
  expect(await findPostgres(folder)).toBeUndefined();
});

// A killed supervisor: fleet.large.test.ts.

describe('on an external server', () => {
  const elsewhere = dataFolder('fleet-');
  let server: Postgres;
  let env: Record<string, string>;

  beforeAll(async () => {
    server = await startPostgres({ folder, fsync: false });
    const admin = new URL(server.adminUrl);
    env = {
      POSTGRES_HOST: '127.0.0.1',
      POSTGRES_PORT: String(server.port),
      POSTGRES_USER: admin.username,
      POSTGRES_PASSWORD: admin.password,
    };
  });
  afterAll(async () => {
    await server.stop();
    rmSync(elsewhere, { recursive: true });
  });
  const startThere = (changes: Partial<FleetOptions> = {}) => start({ folder: elsewhere, env, ...changes });

  test('creates its databases, tries again for the superuser, stops without the server; rejects databases of another version', async () => {
    const slow = stubCheckout();
    onTestFinished(() => rmSync(slow, { recursive: true }));
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
    const fleet = await startThere({ repoRoot: slow });
    expect(fleet.superuser).toMatchObject({ created: true });
    expect(new URL(fleet.databases.auth.url).port).toBe(String(server.port));
    expect(fleet.postgres.pid()).toBeUndefined();
    expect((await envOf(fleet, 'auth'))['AUTH_DATABASE_URL']).toBe(fleet.databases.auth.url);
    await fleet.stop();
    expect(server.isAlive()).toBe(true);

    const product = new URL(fleet.databases.product.ownerUrl);
    await rows(product.href, `insert into migrations.done (name, batch) values ('0099_of_tomorrow.sql', 9)`);
    onTestFinished(() => rows(product.href, 'delete from migrations.done where batch = 9').then(() => {}));
    await expect(startThere()).rejects.toThrow(
      /^The database of product cannot be set up: Database clientela_product was created by another development version \(it has the unknown migration 0099_of_tomorrow\.sql\) and was left unchanged: [^\n]+$/,
    );
  });

  test('rejects a wrong password of it', async () => {
    await expect(startThere({ env: { ...env, POSTGRES_PASSWORD: 'wrong' } })).rejects.toThrow(
      /^The database of \w+ cannot be set up: password authentication failed/,
    );
    expect(existsSync(join(elsewhere, 'run.json'))).toBe(false);
  });

  test('names the service whose migration fails', async () => {
    const broken = changedCheckout('services/auth/migrations/0002_again.sql', 'create table things ();\n');
    await expect(startThere({ repoRoot: broken })).rejects.toThrow(
      /^The database of auth cannot be set up: .*"things" already exists$/,
    );
  });

  test('reports settings that the superuser script rejects as it reports its own', async () => {
    const output = JSON.stringify('Invalid settings:\n  ADMIN_PASSWORD: is too common\n');
    const rejecting = changedCheckout(
      'services/auth/src/superuser.ts',
      `process.stderr.write(${output}); process.exit(1);`,
    );
    await expect(startThere({ repoRoot: rejecting })).rejects.toThrow(
      /^Invalid settings:\n {2}ADMIN_PASSWORD: is too common$/,
    );
  });
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
