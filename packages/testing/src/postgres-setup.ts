import { rmSync } from 'node:fs';
import { startPostgres } from '@clientela/embedded-postgres';
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
  project.provide('postgres', postgres.adminUrl);
  return async () => {
    await postgres.stop();
    for (const path of [postgres.dataHome, folder]) rmSync(path, { recursive: true, force: true });
  };
}
