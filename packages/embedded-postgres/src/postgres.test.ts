import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from './ports.ts';
import { locatePostgres } from './locate-postgres.ts';
import { findPostgres, type Postgres, startPostgres } from './postgres.ts';

vi.setConfig({ testTimeout: 60_000 }); // a data folder is made, which takes a second on a machine that has nothing else to do

let folder: string;
let started: Postgres[];

// One folder for all stories, as making it takes a second: each begins with a server that is stopped.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-postgres-'));
});
beforeEach(() => {
  started = [];
});
afterEach(async () => {
  for (const one of started) await one.stop();
});
afterAll(async () => {
  rmSync((await locatePostgres(folder)).home, { recursive: true, force: true });
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

test('a taken port is said in one sentence, before anything is made', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(start(port)).rejects.toThrow(`Port ${port} for PostgreSQL is taken by another program.`);
  expect(existsSync(join((await locatePostgres(folder)).home, 'data'))).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test('the first start makes a server of the kind that the databases need, the second finds the data', async () => {
  const first = await start();
  const [kind] = await query(
    first.admin_url,
    `select datlocprovider, datlocale, pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'postgres'`,
  );
  expect(kind).toEqual({ datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' });
  expect(
    await query(
      first.admin_url,
      `select current_setting('listen_addresses') as address, current_setting('server_version_num')::int / 10000 as major`,
    ),
  ).toEqual([{ address: '127.0.0.1', major: 18 }]);
  await query(first.admin_url, 'create table kept as select 42 as answer');
  await first.stop();
  expect(first.alive()).toBe(false);

  const second = await start();
  expect(await query(second.admin_url, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('a wrong password is refused, and the right one lies in a file that only its owner reads and in no argument list', async () => {
  const { admin_url, pid } = await start();
  const wrong = new URL(admin_url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  const kept = join(folder, 'secrets', 'postgres_password');
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  expect(readFileSync(kept, 'utf8').trim()).toBe(new URL(admin_url).password);
  expect(existsSync(join((await locatePostgres(folder)).home, 'password'))).toBe(false);
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${pid()}/cmdline`, 'utf8')).not.toContain(new URL(admin_url).password);
});

test('a server that runs already is used again, with its port', async () => {
  const first = await start();
  const second = await start(await freePort());
  expect([second.port, second.pid()]).toEqual([first.port, first.pid()]);
  expect(await findPostgres(folder)).toBe(first.admin_url);
});

test('killed hard it is started again on its port, with what was committed', async () => {
  const { admin_url, alive, pid, port, restart } = await start();
  await query(admin_url, 'create table committed as select 42 as answer');
  const before = pid() as number;
  process.kill(before, 'SIGKILL');
  await vi.waitUntil(() => !alive(), { timeout: 15_000 });
  await restart();
  expect(pid()).not.toBe(before);
  expect(new URL(admin_url).port).toBe(String(port));
  expect(await query(admin_url, 'select answer from committed')).toEqual([{ answer: 42 }]);
});

test('it ends by itself when the process that started it is killed, and the next start works', async () => {
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
  await vi.waitUntil(async () => (await findPostgres(folder)) === undefined, { timeout: 15_000 });
  expect((await start()).alive()).toBe(true);
});

test('data of another major version is refused in one sentence and left as it is', async () => {
  const one = await start();
  await one.stop();
  const version = join(one.home, 'data', 'PG_VERSION');
  writeFileSync(version, '17\n');
  const before = execFileSync('ls', ['-lR', '--time-style=full-iso', join(one.home, 'data')], { encoding: 'utf8' });
  await expect(start()).rejects.toThrow(/was made by PostgreSQL 17 and this is PostgreSQL 18: nothing was changed\.$/);
  expect(execFileSync('ls', ['-lR', '--time-style=full-iso', join(one.home, 'data')], { encoding: 'utf8' })).toBe(
    before,
  );
  writeFileSync(version, '18\n');
});

test('a data folder that a killed run left half made is made again', async () => {
  const one = await start();
  await one.stop();
  renameSync(join(one.home, 'data'), join(one.home, 'data.unfinished'));
  rmSync(join(one.home, 'data.unfinished', 'global'), { recursive: true });
  const again = await start();
  expect(await query(again.admin_url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(existsSync(join(one.home, 'data.unfinished'))).toBe(false);
});

test('a process id that was given to another program meanwhile is not taken for the server', async () => {
  const one = await start();
  await one.stop();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  writeFileSync(
    join(one.home, 'data', 'postmaster.pid'),
    `${other.pid}\n${one.home}/data\n1\n${one.port}\n\n127.0.0.1\n\nready\n`,
  );
  const again = await start();
  expect(again.pid()).not.toBe(other.pid);
  expect(again.alive()).toBe(true);
  other.kill();
});

test('the log tells nothing of what statements hold', async () => {
  const { admin_url, home } = await start();
  await query(admin_url, `create table people (email text primary key)`);
  await query(admin_url, `insert into people values ('ana@example.com')`);
  await expect(query(admin_url, `insert into people values ('ana@example.com')`)).rejects.toThrow(/duplicate key/);
  await expect(query(admin_url, `select 'ana@example.com'::uuid`)).rejects.toThrow(/invalid input/);
  expect(readFileSync(join(home, 'postgres.log'), 'utf8')).not.toContain('ana@');
});
