import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import knex from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';
import { assertServerVersion } from './server-version.ts';

export type MigrationTarget = {
  /** Connection of the owner role. */
  ownerUrl: string;
  /** The role the service works as: it reads and writes rows and has no DDL. */
  appRole: string;
  /** Folders of `….sql` files, in the order in which they run; names are unique across all folders. */
  folders: readonly string[];
};

type Migration = { name: string; sql: string };

const migrationsLock = 0x636c_6965; // advisory lock of a whole run: "clie"
const maxAttempts = 20; // per migration, each waiting up to lock_timeout (2 s) for a lock

/**
 * Classifies bare technical columns. A migration calls it once per table instead of repeating `comment on column`:
 * `select migrations.comment_technical('outbox_deliveries', 'event_id', 'subscriber', 'attempts');`
 * Columns are listed by name so that a new column fails the architecture test until someone chooses its class.
 * A class with a reason, or any other class, is written as a plain `comment on column`.
 */
const commentTechnical = `
  create or replace function migrations.comment_technical(target regclass, variadic columns text[]) returns void
  language plpgsql as $$
  declare
    name text;
  begin
    foreach name in array columns loop
      execute format('comment on column %s.%I is %L', target, name, 'technical');
    end loop;
  end $$`;

/**
 * Brings a database to the newest schema. Safe when several processes start together (one runs, the others wait and find nothing to do)
 * and after a killed run. A file whose first line is `-- no-transaction` holds one rerunnable statement that runs outside a transaction.
 * @returns the names of the migrations that ran
 * @throws Error in one sentence, before any change, when the database has a migration that no file has, or its server is too old
 */
export async function migrate({ ownerUrl, appRole, folders }: MigrationTarget): Promise<string[]> {
  const migrations = readMigrations(folders);
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'clientela migrations' });
  client.on('error', () => {}); // a lost connection fails the next statement, which reports it
  await client.connect();
  try {
    await assertServerVersion(client);
    await client.query('select pg_advisory_lock($1)', [migrationsLock]);
    await assertKnownMigrations(client, migrations);
    const role = client.escapeIdentifier(appRole);
    await client.query(`grant usage on schema public to ${role}`);
    await client.query(
      `alter default privileges in schema public grant select, insert, update, delete on tables to ${role}`,
    );
    await client.query(`alter default privileges in schema public grant usage on sequences to ${role}`);
    await client.query('create schema if not exists migrations');
    await client.query(commentTechnical);
    const names = await runPending(ownerUrl, appRole, migrations);
    // A service waits for the migrations that it needs.
    await client.query(`grant usage on schema migrations to ${role}`);
    await client.query(`grant select (name) on migrations.done to ${role}`);
    return names;
  } finally {
    await client.end();
  }
}

/** Rejects a database whose schema these files did not create. */
async function assertKnownMigrations(client: pg.Client, migrations: readonly Migration[]): Promise<void> {
  const { rows: tables } = await client.query<{ found: boolean; database: string }>(
    `select to_regclass('migrations.done') is not null as found, current_database() as database`,
  );
  if (!tables[0]?.found) return;
  const knownNames = new Set(migrations.map(({ name }) => name));
  const { rows: applied } = await client.query<{ name: string }>('select name from migrations.done order by id');
  const unknown = applied.find(({ name }) => !knownNames.has(name));
  if (!unknown) return;
  throw new Error(
    `Database ${tables[0].database} was created by another development version (it has the unknown migration ${unknown.name}) ` +
      'and was left unchanged: start this version with an empty data folder or empty databases',
  );
}

async function runPending(ownerUrl: string, appRole: string, migrations: readonly Migration[]): Promise<string[]> {
  const db = knex({
    client: 'pg',
    connection: {
      connectionString: ownerUrl,
      // A migration reads `clientela.app_role` to narrow the app role's privileges on a table.
      options: `-c timezone=UTC -c statement_timeout=0 -c lock_timeout=2000 -c clientela.app_role=${appRole}`,
    },
    pool: { min: 0, max: 2 },
    // Errors are thrown; the caller reports them.
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
    migrations: { migrationSource: migrationSource(migrations), schemaName: 'migrations', tableName: 'done' },
  });
  try {
    // A killed run leaves Knex's own lock row behind; the advisory lock above is the one that excludes other runs.
    await db.migrate.forceFreeMigrationsLock();
    const [, names] = (await db.migrate.latest()) as [number, string[]];
    return names;
  } finally {
    await db.destroy();
  }
}

const readMigrations = (folders: readonly string[]): Migration[] =>
  folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .toSorted()
      .map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') })),
  );

const migrationSource = (migrations: readonly Migration[]): Knex.MigrationSource<Migration> => ({
  getMigrations: async () => [...migrations],
  getMigrationName: ({ name }) => name,
  getMigration: async ({ sql }) => ({
    up: (db: Knex) => runFile(db, sql),
    down: () => Promise.reject(new Error('Migrations only go forward')),
    config: { transaction: !sql.startsWith('-- no-transaction') },
  }),
});

/** Runs a file through the driver itself, because `knex.raw` turns every `?` into a parameter. */
async function runFile(db: Knex, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const connection = (await db.client.acquireConnection()) as pg.Client;
    try {
      await connection.query(`savepoint migration`).catch(() => {});
      await connection.query(sql);
      return;
    } catch (error) {
      if (attempt === maxAttempts || !(error instanceof Error) || !('code' in error) || error.code !== '55P03')
        throw error;
      await connection.query('rollback to savepoint migration').catch(() => {});
      await sleep(100 * attempt);
    } finally {
      await db.client.releaseConnection(connection);
    }
  }
}
