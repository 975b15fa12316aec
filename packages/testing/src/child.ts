import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';

/** Node's compile cache, shared by all processes and runs. */
export const compileCache = join(resolve(import.meta.dirname, '../../..'), '.data', 'compile-cache');

/** The environment of a child process, to which its settings are added. */
export const childEnv: NodeJS.ProcessEnv = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache };

/** Waits until a child process has ended. @param signal sent first, if given */
export function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    if (signal) child.kill(signal);
  });
}

/** Kills a server when this process ends for any reason, SIGKILL included. */
export function endWithThisProcess(server: ChildProcess): void {
  if (server.pid === undefined) return;
  // The system closes the pipe with this process. Detached, because Ctrl-C and a kill of the group must not end the watchdog first.
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0" 2>/dev/null', String(server.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  server.once('exit', () => watchdog.kill('SIGKILL'));
  watchdog.on('error', () => {});
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void }).unref?.();
}
