import type { ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';

/** What node compiled for one program serves the next one, and the next run, too. */
export const compileCache = join(resolve(import.meta.dirname, '../../..'), '.data', 'compile-cache');

/** What a program of ours gets that a test starts, beside its own settings. */
export const childEnv: NodeJS.ProcessEnv = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache };

/** Ends a process that was started here, and waits until it is gone; without a signal it only waits. */
export function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    if (signal) child.kill(signal);
  });
}
