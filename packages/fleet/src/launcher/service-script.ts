import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { folderOf, type Service } from './services.ts';

export type ScriptOptions = {
  /** The script's settings, which are all that it sees of them. */
  env: Record<string, string>;
  args?: readonly string[];
  /** Its standard input. */
  input?: Readable;
  /** Milliseconds until it is ended. */
  timeout: number;
};

/**
 * Runs a script of a service in its own process. Secrets travel in the environment, where no process list shows them.
 * @returns what it wrote, and its status
 * @throws Error when it was ended, by its deadline or by the system
 */
export async function runServiceScript(
  service: Service,
  script: string,
  { env, args = [], input, timeout }: ScriptOptions,
): Promise<{ status: number; stdout: string; stderr: string }> {
  const cwd = folderOf(service);
  const child = spawn(process.execPath, [join(cwd, 'src', script), ...args], {
    cwd,
    env: scriptEnv(env),
    stdio: 'pipe',
    timeout,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close') as Promise<[status: number | null, signal: string | null]>;
  const [stdout, stderr, [status, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
    // A script that ends early closes its input; its own reason counts.
    input ? pipeline(input, child.stdin).catch(() => {}) : child.stdin.end(),
  ]);
  if (child.killed) throw new Error(`${service}'s ${script} did not end within ${timeout / 1000} s`);
  if (status === null) throw new Error(`${service}'s ${script} was ended by ${signal ?? 'the system'}`);
  return { status, stdout, stderr: stderr.trim() };
}

/** The environment of a service's script: what Node needs, and its own settings. */
export function scriptEnv(settings: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, NODE_COMPILE_CACHE } = process.env;
  return {
    ...(PATH && { PATH }),
    ...(SystemRoot && { SystemRoot }),
    ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
    ...settings,
  };
}
