import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@clientela/embedded-postgres';
import type { TestProject } from 'vitest/node';
import { stopSharedBroker } from './rabbitmq.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: string;
    /** Folder for the files of this run, removed at its end. */
    folder: string;
    /** Process id of the test runner. */
    pid: number;
  }
}

/** Starts one PostgreSQL for the whole run, without fsync. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'clientela-test-'));
  const postgres = await startPostgres({ folder, fsync: false });
  project.provide('postgres', postgres.adminUrl);
  project.provide('folder', folder);
  project.provide('pid', process.pid);
  return async () => {
    await stopSharedBroker(folder);
    await postgres.stop();
    rmSync(postgres.dataHome, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  };
}
