import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@clientela/embedded-postgres';
import pg from 'pg';
import { sendOnce, type Headers, type HttpRequest } from '../sides.ts';
import { referenceColumns, referenceTable } from './reference-data.ts';

const run = promisify(execFile);

export const directusVersion = '12.4.0';
const database = 'bench_directus';
const startTimeout = 120_000; // milliseconds

export type Directus = { pid: number; port: number; headers: Headers; stop: () => Promise<void> };

/**
 * Installs Directus in a temporary folder, which the next run uses again, and starts it on the rows of the other references in a database of its
 * own. A user with a policy for the customers, and not its administrator, sends the requests. Its activity rows and revisions are on.
 * @param options.adminUrl of the PostgreSQL server
 * @param options.ownerUrl of the database with the rows
 */
export async function startDirectus({ adminUrl, ownerUrl }: { adminUrl: string; ownerUrl: string }): Promise<Directus> {
  const folder = join(tmpdir(), `clientela-bench-directus-${directusVersion}`);
  await install(folder);
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  await createDatabase(adminUrl, url.href, ownerUrl);
  const port = await freePort();
  const admin = { email: 'admin@example.com', password: randomBytes(16).toString('hex') };
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    KEY: randomBytes(16).toString('hex'),
    SECRET: randomBytes(32).toString('hex'),
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    DB_CLIENT: 'pg',
    DB_CONNECTION_STRING: url.href,
    ACCESS_TOKEN_TTL: '1d',
    RATE_LIMITER_ENABLED: 'true',
    RATE_LIMITER_POINTS: '1000000',
    RATE_LIMITER_DURATION: '1',
    TELEMETRY: 'false',
    EXTENSIONS_PATH: join(folder, 'extensions'),
    STORAGE_LOCAL_ROOT: join(folder, 'uploads'),
  };
  const cli = join(folder, 'node_modules', 'directus', 'cli.js');
  await run(process.execPath, [cli, 'bootstrap'], { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 });
  const child = spawn(process.execPath, [cli, 'start'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL'); // nothing of it is kept
    await ended;
  };
  try {
    await untilReady(port, child);
    return { pid: child.pid as number, port, headers: await signIn(port, admin), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The same request in the routes of Directus. */
export function toDirectus({ method, path, body }: HttpRequest): HttpRequest {
  const renamed = path.replace('/api/customers', '/items/customers');
  const query = 'limit=20&sort=-created_at,-id&filter[status][_neq]=deleted';
  return { method, path: renamed.replace('per_page=20', query), ...(body && { body }) };
}

/** Install scripts are off, as isolated-vm would be compiled. Only operations that run scripts need it. */
async function install(folder: string): Promise<void> {
  const installed = join(folder, 'installed');
  if (existsSync(installed)) return;
  mkdirSync(join(folder, 'extensions'), { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies: { directus: directusVersion } }),
  );
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', '--loglevel=error'];
  await run('npm', ['install', ...options], { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  const isolatedVm = join(folder, 'node_modules', 'isolated-vm', 'isolated-vm.js');
  writeFileSync(isolatedVm, 'module.exports = {};\n');
  writeFileSync(installed, '');
}

/** Copies the rows of the references, with lists as JSON, which Directus knows, and one key column. */
async function createDatabase(adminUrl: string, url: string, ownerUrl: string): Promise<void> {
  const columns = referenceColumns.map((column) => (column === 'tags' ? 'to_json(tags) as tags' : column)).join(', ');
  await withClient(adminUrl, async (client) => {
    await client.query(`drop database if exists ${database} with (force)`);
    await client.query(`create database ${database}`);
  });
  const { types, rows } = await withClient(ownerUrl, async (client) => {
    const selected = await client.query<{ row: string }>({
      text: `select row_to_json(c)::text as row from (select ${columns} from ${referenceTable}) as c`,
    });
    const found = await client.query<{ column: string; type: string }>(
      `select attname as column, case when attname = 'tags' then 'json' else format_type(atttypid, atttypmod) end as type
         from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
      [referenceTable],
    );
    return { types: found.rows, rows: selected.rows };
  });
  await withClient(url, async (client) => {
    await client.query(`
      create table customers (${types.map(({ column, type }) => `${column} ${type}`).join(', ')}, primary key (id));
      create sequence customer_number start 100000000;
      alter table customers alter id set default uuidv7(), alter status set default 'active', alter type set default 'regular',
        alter is_active set default true, alter created_at set default now(), alter updated_at set default now(),
        alter version set default 1, alter currency set default 'EUR', alter number set default nextval('customer_number')`);
    const chunk = 1000;
    for (let at = 0; at < rows.length; at += chunk)
      await client.query('insert into customers select * from json_populate_recordset(null::customers, $1)', [
        `[${rows
          .slice(at, at + chunk)
          .map(({ row }) => row)
          .join(',')}]`,
      ]);
    await client.query(
      'create unique index on customers (email); create index on customers (created_at desc, id desc)',
    );
    await client.query('vacuum analyze customers');
  });
}

async function withClient<T>(connectionString: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, options: '-c statement_timeout=0' });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function untilReady(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startTimeout;
  for (;;) {
    const isUp = await fetch(`http://127.0.0.1:${port}/server/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('Directus did not start.');
    await sleep(200);
  }
}

/** Creates a user who may read and write customers, and signs it in. */
async function signIn(port: number, admin: { email: string; password: string }): Promise<Headers> {
  type Item<T> = { data: T };
  const login = async (credentials: object): Promise<Headers> => {
    const { data } = (await sendOnce(
      port,
      {},
      { method: 'POST', path: '/auth/login', body: { ...credentials, mode: 'json' } },
    )) as Item<{ access_token: string }>;
    return { Authorization: `Bearer ${data.access_token}` };
  };
  const asAdmin = await login(admin);
  const create = async (path: string, body: object) =>
    ((await sendOnce(port, asAdmin, { method: 'POST', path, body })) as Item<{ id: string }>).data.id;
  const collection = { meta: { accountability: 'all' } };
  await sendOnce(port, asAdmin, { method: 'PATCH', path: '/collections/customers', body: collection });
  const policy = await create('/policies', { name: 'Staff', app_access: false, admin_access: false });
  for (const action of ['create', 'read', 'update'])
    await create('/permissions', { collection: 'customers', action, fields: ['*'], permissions: {}, policy });
  const role = await create('/roles', { name: 'Staff', policies: [{ policy }] });
  const user = { email: 'staff@example.com', password: admin.password };
  await create('/users', { ...user, role });
  return login(user);
}
