import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { stopSharedBroker } from './rabbitmq.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder for the files of this run, removed at its end. */
    folder: string;
    /** Id of the process at whose end a shared broker stops. */
    pid: number;
  }
}

/** Provides a folder for the run. `run-tests.ts` shares one folder, and so one broker, among the projects that it starts. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const sharedFolder = process.env['TEST_RUN_FOLDER'];
  const folder = sharedFolder ?? (await mkdtemp(join(tmpdir(), 'clientela-test-')));
  project.provide('folder', folder);
  project.provide('pid', sharedFolder ? process.ppid : process.pid);
  return async () => {
    if (sharedFolder) return;
    await stopSharedBroker(folder);
    rmSync(folder, { recursive: true, force: true });
  };
}
