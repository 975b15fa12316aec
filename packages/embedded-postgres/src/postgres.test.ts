import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from './ports.ts';
import { locatePostgres } from './locate-postgres.ts';
import { findPostgres, type Postgres, startPostgres } from './postgres.ts';

vi.setConfig({ testTimeout: 60_000 }); // creating a data folder takes a second or more

let folder: string;
let started: Postgres[];

// All tests share one folder, because creating its data takes a second. Each test starts with a stopped server.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-postgres-'));
});
beforeEach(() => {
  started = [];
});
afterEach(async () => {
  for (const server of started) await server.stop();
});
afterAll(async () => {
  rmSync((await locatePostgres(folder)).dataHome, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

const start = async (port?: number) => {
  const one = await startPostgres({ folder, fsync: false, ...(port && { port }) });
  started.push(one);
  return one;
};

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('rejects an occupied port before anything is created', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(start(port)).rejects.toThrow(`Port ${port} for PostgreSQL is in use.`);
  expect(existsSync(join((await locatePostgres(folder)).dataHome, 'data'))).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test('the first start creates a PostgreSQL 18 server with UTF-8 and C.UTF-8; the second finds the data', async () => {
  const first = await start();
  const [kind] = await query(
    first.adminUrl,
    `select datlocprovider, datlocale, pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'postgres'`,
  );
  expect(kind).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' });
  expect(
    await query(
      first.adminUrl,
      `select current_setting('listen_addresses') as address, current_setting('server_version_num')::int / 10000 as major`,
    ),
  ).toEqual([{ address: '127.0.0.1', major: 18 }]);
  await query(first.adminUrl, 'create table kept as select 42 as answer');
  await first.stop();
  expect(first.isAlive()).toBe(false);

  const second = await start();
  expect(await query(second.adminUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('rejects a wrong password; keeps the right one in a file for its owner only and out of the arguments', async () => {
  const { adminUrl, pid } = await start();
  const wrong = new URL(adminUrl);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  const file = join(folder, 'secrets', 'postgres_password');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8').trim()).toBe(new URL(adminUrl).password);
  expect(existsSync(join((await locatePostgres(folder)).dataHome, 'password'))).toBe(false);
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${pid()}/cmdline`, 'utf8')).not.toContain(new URL(adminUrl).password);
});

test.runIf(existsSync('/dev/shm'))('has the data in memory when the installation is there', async () => {
  const inMemory = mkdtempSync('/dev/shm/fleet-postgres-');
  const { dataHome } = await locatePostgres(inMemory);
  expect(dataHome).toMatch(/^\/dev\/shm\//);
  for (const path of [dataHome, inMemory]) rmSync(path, { recursive: true });
});

test('reuses a running server and its port', async () => {
  const first = await start();
  const second = await start(await freePort());
  expect([second.port, second.pid()]).toEqual([first.port, first.pid()]);
  expect(await findPostgres(folder)).toBe(first.adminUrl);
});

test('restarts a killed server on its port with all committed data', async () => {
  const { adminUrl, isAlive, pid, port, restart } = await start();
  await query(adminUrl, 'create table committed as select 42 as answer');
  const before = pid() as number;
  process.kill(before, 'SIGKILL');
  await vi.waitUntil(() => !isAlive(), { timeout: 45_000 });
  await restart();
  expect(pid()).not.toBe(before);
  expect(new URL(adminUrl).port).toBe(String(port));
  expect(await query(adminUrl, 'select answer from committed')).toEqual([{ answer: 42 }]);
});

test('stops when the process that started it is killed; the next start works', async () => {
  const script = `
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))};
    const { port } = await startPostgres({ folder: ${JSON.stringify(folder)}, fsync: false });
    console.log(port);
    setInterval(() => {}, 1000);
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => owner.stdout.once('data', resolve));
  expect(await findPostgres(folder)).toBeDefined();
  owner.kill('SIGKILL');
  await vi.waitUntil(async () => (await findPostgres(folder)) === undefined, { timeout: 45_000 });
  expect((await start()).isAlive()).toBe(true);
});

test('rejects data of another major version and leaves it unchanged', async () => {
  const server = await start();
  await server.stop();
  const version = join(server.dataHome, 'data', 'PG_VERSION');
  writeFileSync(version, '17\n');
  const before = execFileSync('ls', ['-lR', '--time-style=full-iso', join(server.dataHome, 'data')], {
    encoding: 'utf8',
  });
  await expect(start()).rejects.toThrow(/is of PostgreSQL 17, but this is PostgreSQL 18: nothing was changed\.$/);
  expect(
    execFileSync('ls', ['-lR', '--time-style=full-iso', join(server.dataHome, 'data')], { encoding: 'utf8' }),
  ).toBe(before);
  writeFileSync(version, '18\n');
});

test('creates the data folder again when a killed run left an incomplete one', async () => {
  const server = await start();
  await server.stop();
  renameSync(join(server.dataHome, 'data'), join(server.dataHome, 'data.unfinished'));
  rmSync(join(server.dataHome, 'data.unfinished', 'global'), { recursive: true });
  const again = await start();
  expect(await query(again.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(existsSync(join(server.dataHome, 'data.unfinished'))).toBe(false);
});

test('does not mistake another process with the recorded id for the server', async () => {
  const server = await start();
  await server.stop();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  writeFileSync(
    join(server.dataHome, 'data', 'postmaster.pid'),
    `${other.pid}\n${server.dataHome}/data\n1\n${server.port}\n\n127.0.0.1\n\nready\n`,
  );
  const again = await start();
  expect(again.pid()).not.toBe(other.pid);
  expect(again.isAlive()).toBe(true);
  other.kill();
});

test('writes no values of statements to the log', async () => {
  const { adminUrl, dataHome } = await start();
  await query(adminUrl, `create table people (email text primary key)`);
  await query(adminUrl, `insert into people values ('ana@example.com')`);
  await expect(query(adminUrl, `insert into people values ('ana@example.com')`)).rejects.toThrow(/duplicate key/);
  await expect(query(adminUrl, `select 'ana@example.com'::uuid`)).rejects.toThrow(/invalid input/);
  expect(readFileSync(join(dataHome, 'postgres.log'), 'utf8')).not.toContain('ana@');
});

test.runIf(process.getuid?.() === 0)('run by root, no other process of nobody can read its folder', async () => {
  const { dataHome, adminUrl } = await start();
  expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  const { uid = 0, gid = 0 } = (await locatePostgres(folder)).runAs;
  const other = mkdtempSync(join(tmpdir(), 'fleet-postgres-'));
  const neighbour = await locatePostgres(other);
  expect(neighbour.runAs.gid).not.toBe(gid);
  const read = (group: number, path: string) =>
    spawnSync('/bin/cat', [path], { uid, gid: group, encoding: 'utf8' }).status === 0;
  for (const path of ['data/PG_VERSION', 'data/postgresql.conf', 'postgres.log', 'password']) {
    expect(read(65_534, join(dataHome, path)), path).toBe(false);
    expect(read(neighbour.runAs.gid ?? 0, join(dataHome, path)), path).toBe(false);
  }
  expect(read(gid, join(dataHome, 'data/PG_VERSION'))).toBe(true);
  for (const path of [neighbour.dataHome, other]) rmSync(path, { recursive: true, force: true });
});
