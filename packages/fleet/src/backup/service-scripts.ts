import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { folderOf, type Service } from '../launcher/services.ts';
import { scriptEnv } from '../commands/admin-command.ts';

/**
 * Runs a script of a service with its database.
 * @param input its standard input
 * @throws Error with the script's reason
 */
async function runScript(
  service: Service,
  script: string,
  args: readonly string[],
  databaseUrl: string,
  input?: Readable,
): Promise<string> {
  const cwd = folderOf(service);
  const env = scriptEnv({ [`${service.toUpperCase()}_DATABASE_URL`]: databaseUrl });
  const child = spawn(process.execPath, [join(cwd, 'src', script), ...args], { cwd, env, stdio: 'pipe' });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
    // A script that ends early closes its input; its own reason counts.
    input ? pipeline(input, child.stdin).catch(() => {}) : child.stdin.end(),
  ]);
  if (status !== 0) throw new Error(`${service}: ${stderr.trim() || `${script} gave no reason`}`);
  return stdout;
}

/** Returns the list of all erasures, as lines of JSON with ids and fingerprints. */
export const exportErasures = (customerUrl: string): Promise<string> =>
  runScript('customer', 'erasures.ts', ['export'], customerUrl);

/** Requests again the erasures of a list that the database does not know. @returns their number */
export const replayErasures = async (customerUrl: string, list: string): Promise<number> =>
  Number(await runScript('customer', 'erasures.ts', ['replay'], customerUrl, createReadStream(list)));

/** Ends all sessions. @returns their number */
export const endSessions = async (authUrl: string): Promise<number> =>
  Number(await runScript('auth', 'end-sessions.ts', [], authUrl));
