import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Service } from '@clientela/contracts';
import { connect, migrate, provision, type Db } from '@clientela/db';
import pg from 'pg';
import { inject } from 'vitest';

const top = resolve(import.meta.dirname, '../../..');

/** A service's migration folders in the order in which they run. */
export const migrationsOf = (service: Service): string[] =>
  [
    join(top, 'packages/http/migrations'),
    join(top, 'packages/events/migrations'),
    join(top, 'packages/privacy/migrations'),
    join(top, 'services', service, 'migrations'),
  ].filter((folder) => existsSync(folder));

export type TestDatabase = {
  /** Connection of the app role. One connection only, so that a query outside of its transaction fails. */
  db: Db;
  url: string;
  /** Connection of the owner, for data that no route returns or creates. */
  owner: Db;
  /** Ends every connection, like a restart of PostgreSQL. */
  cut: () => Promise<void>;
  drop: () => Promise<void>;
};

/**
 * Creates a database from the service's migrated template.
 * @param options.pool connections of the app role; more than one for concurrency tests
 */
export async function testDatabase(service: Service, options: { pool?: number } = {}): Promise<TestDatabase> {
  const admin = inject('postgres');
  const template = await templateOf(admin, service);
  const name = `test_${service}_${randomBytes(6).toString('hex')}`;
  await asAdmin(`create database ${name} template ${template} owner ${template}_owner strategy file_copy`);
  await asAdmin(`revoke all on database ${name} from public; grant connect on database ${name} to ${template}_app`);
  const at = (role: string) => {
    const url = new URL(admin);
    url.pathname = `/${name}`;
    url.username = `${template}_${role}`;
    url.password = password;
    return url.href;
  };
  const db = connect(at('app'), { pool: options.pool ?? 1, name: 'test' });
  // Some tests insert 100,000 rows at once, and a busy machine may take seconds to open a connection.
  const limits = { statementTimeout: 120_000, connectionTimeout: 60_000 };
  const owner = connect(at('owner'), { pool: 2, name: 'test owner', ...limits });
  return {
    db,
    url: at('app'),
    owner,
    drop: async () => {
      await Promise.all([db.destroy(), owner.destroy()]);
      await asAdmin(`drop database if exists ${name} with (force)`);
    },
    // Ends all at once, then waits for each, so that no pool gives one of them to the next query.
    cut: () =>
      asAdmin(`
        with ended as (
          select array_agg(pid) as pids, count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '${name}'
        )
        select pg_terminate_backend(pid, 10000) from ended, unnest(pids) as pid`),
  };
}

/** A database with rows in an older shape. */
export type OldDatabase = { owner: Db; url: string; migrate: () => Promise<string[]>; drop: () => Promise<void> };

/**
 * Creates a database without one of a service's migrations and later ones, to test it on existing rows; `migrate` runs them.
 * @param migration file name, such as `customer-0002_compared_forms.sql`
 */
export async function databaseBefore(service: Service, migration: string): Promise<OldDatabase> {
  const admin = inject('postgres');
  const name = `before_${service}_${randomBytes(6).toString('hex')}`;
  const passwords = { owner: password, app: password };
  const { ownerUrl, url, appRole } = await provision(admin, name, passwords, { ownServer: true });
  const folders = migrationsOf(service);
  const own = folders.at(-1) ?? '';
  const earlier = mkdtempSync(join(tmpdir(), 'migrations-'));
  for (const file of readdirSync(own).filter((one) => one < migration))
    copyFileSync(join(own, file), join(earlier, file));
  await migrate({ ownerUrl, appRole, folders: [...folders.slice(0, -1), earlier] });
  rmSync(earlier, { recursive: true });
  const owner = connect(ownerUrl, { pool: 2, name: 'test owner' });
  return {
    owner,
    url,
    migrate: () => migrate({ ownerUrl, appRole, folders }),
    drop: async () => {
      await owner.destroy();
      await asAdmin(`drop database if exists ${name} with (force)`);
    },
  };
}

let connected: Promise<pg.Client> | undefined;

/** Returns this worker's connection of the superuser role, which all its files share, because a new one loads PostgreSQL's catalog. */
function adminClient(): Promise<pg.Client> {
  connected ??= (async () => {
    const client = new pg.Client({ connectionString: inject('postgres') });
    client.on('error', () => (connected = undefined)); // the server stops at the end of the run
    await client.connect();
    (client as pg.Client & { unref: () => void }).unref(); // does not keep the worker alive
    return client;
  })();
  return connected;
}

const asAdmin = async (sql: string): Promise<void> => void (await (await adminClient()).query(sql));

const password = 'only-for-tests';

const templates = new Map<Service, Promise<string>>();

/** Returns the template of a service, which each worker looks for once. */
function templateOf(admin: string, service: Service): Promise<string> {
  const template = templates.get(service) ?? createTemplate(admin, service);
  templates.set(service, template);
  return template;
}

/** Creates the template once per run, under a lock, which needs a connection of its own. */
async function createTemplate(admin: string, service: Service): Promise<string> {
  const template = `template_${service}`;
  const server = new pg.Client({ connectionString: admin });
  await server.connect();
  try {
    await server.query('select pg_advisory_lock(hashtext($1))', [template]);
    const ready = await server.query('select 1 from pg_database where datname = $1 and datistemplate', [template]);
    if (ready.rowCount) return template;
    const database = await provision(admin, template, { owner: password, app: password }, { ownServer: true });
    await migrate({ ownerUrl: database.ownerUrl, appRole: database.appRole, folders: migrationsOf(service) });
    await server.query(`alter database ${template} is_template true`);
    return template;
  } finally {
    await server.end(); // releases the lock
  }
}
