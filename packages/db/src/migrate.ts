import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import knex from 'knex';
import type { Knex } from 'knex';
import pg from 'pg';

export type MigrationTarget = {
  /** The owner role's connection. */
  owner_url: string;
  /** The role the service works as: it may read and write rows, and nothing more. */
  app_role: string;
  /** Folders of `0001_….sql` files, in the order in which they run; names are unique over all of them. */
  folders: readonly string[];
};

type Migration = { name: string; sql: string };

const wholeRun = 0x636c_6965; // one advisory lock for the whole run: "clie"
const tries = 20; // at lock_timeout 2 s each, per migration

/**
 * Brings a database to the newest schema. Safe when several processes start at once (one runs, the others wait and find nothing to do)
 * and after a killed run. A file whose first line is `-- no-transaction` holds one rerunnable statement that runs outside a transaction.
 * @returns the names of the migrations that ran
 */
export async function migrate({ owner_url, app_role, folders }: MigrationTarget): Promise<string[]> {
  const lock = new pg.Client({ connectionString: owner_url, application_name: 'clientela migrations' });
  lock.on('error', () => {}); // a lost connection fails the next statement, which reports it
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [wholeRun]);
    const role = lock.escapeIdentifier(app_role);
    await lock.query(`grant usage on schema public to ${role}`);
    await lock.query(
      `alter default privileges in schema public grant select, insert, update, delete on tables to ${role}`,
    );
    await lock.query(`alter default privileges in schema public grant usage on sequences to ${role}`);
    await lock.query('create schema if not exists migrations');
    return await runAll(owner_url, app_role, folders);
  } finally {
    await lock.end();
  }
}

async function runAll(owner_url: string, app_role: string, folders: readonly string[]): Promise<string[]> {
  const db = knex({
    client: 'pg',
    connection: {
      connectionString: owner_url,
      // `clientela.app_role` lets a migration narrow what the app role may do to a table.
      options: `-c timezone=UTC -c statement_timeout=0 -c lock_timeout=2000 -c clientela.app_role=${app_role}`,
    },
    pool: { min: 0, max: 2 },
    // What goes wrong is thrown: the caller says it.
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
    migrations: { migrationSource: sourceOf(folders), schemaName: 'migrations', tableName: 'done' },
  });
  try {
    // Knex's own lock is a row that a killed run leaves behind; the advisory lock above is the one that counts.
    await db.migrate.forceFreeMigrationsLock();
    const [, names] = (await db.migrate.latest()) as [number, string[]];
    return names;
  } finally {
    await db.destroy();
  }
}

const sourceOf = (folders: readonly string[]): Knex.MigrationSource<Migration> => ({
  getMigrations: async () =>
    folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.sql'))
        .toSorted()
        .map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') })),
    ),
  getMigrationName: ({ name }) => name,
  getMigration: async ({ sql }) => ({
    up: (db: Knex) => run(db, sql),
    down: () => Promise.reject(new Error('Migrations only go forward')),
    config: { transaction: !sql.startsWith('-- no-transaction') },
  }),
});

/** Runs a file through the driver itself: `knex.raw` would turn every `?` of it into a parameter. */
async function run(db: Knex, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const connection = (await db.client.acquireConnection()) as pg.Client;
    try {
      await connection.query(`savepoint migration`).catch(() => {});
      await connection.query(sql);
      return;
    } catch (error) {
      if (attempt === tries || !(error instanceof Error) || !('code' in error) || error.code !== '55P03') throw error;
      await connection.query('rollback to savepoint migration').catch(() => {});
      await sleep(100 * attempt);
    } finally {
      await db.client.releaseConnection(connection);
    }
  }
}
