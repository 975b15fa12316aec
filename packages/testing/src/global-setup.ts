import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@clientela/embedded-postgres';
import type { TestProject } from 'vitest/node';
import { endShared } from './rabbitmq.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: string;
    /** For what belongs to this run; removed at its end. */
    folder: string;
    /** Of the process whose end is the run's. */
    pid: number;
  }
}

/** One PostgreSQL for the whole run, without fsync: its data may be lost. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'clientela-test-'));
  const postgres = await startPostgres({ folder, fsync: false });
  project.provide('postgres', postgres.adminUrl);
  project.provide('folder', folder);
  project.provide('pid', process.pid);
  return async () => {
    await endShared(folder);
    await postgres.stop();
    rmSync(postgres.dataHome, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  };
}
