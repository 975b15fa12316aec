import { rmSync } from 'node:fs';
import { startPostgres } from '@clientela/embedded-postgres';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { dataFolder } from './data-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection of the superuser role. */
    postgres: string;
  }
}

/** Starts one PostgreSQL for the whole run, without fsync. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = dataFolder('clientela-test-postgres-');
  const postgres = await startPostgres({ folder, fsync: false });
  await lowerPasswordCost(postgres.adminUrl);
  project.provide('postgres', postgres.adminUrl);
  return async () => {
    await postgres.stop();
    for (const path of [postgres.dataHome, folder]) rmSync(path, { recursive: true, force: true });
  };
}

/** Lowers the cost of passwords of new roles, because every test file opens several connections. */
async function lowerPasswordCost(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query('alter system set scram_iterations = 1');
  await client.query('select pg_reload_conf()');
  await client.end();
}
