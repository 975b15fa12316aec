import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

/**
 * Runs a function while no other worker of this run does.
 * @param name what they must not do at the same time
 */
export async function withLock<T>(name: string, run: () => Promise<T>): Promise<T> {
  const path = join(inject('folder'), `${name}.lock`); // a folder, which only one process can create
  const isAcquired = () => {
    try {
      mkdirSync(path);
      return true;
    } catch {
      return false;
    }
  };
  while (!isAcquired()) await sleep(100);
  try {
    return await run();
  } finally {
    rmdirSync(path);
  }
}
