import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { runServiceScript } from '../launcher/service-script.ts';
import type { Service } from '../launcher/services.ts';

const timeout = 600_000; // milliseconds; a list of millions takes minutes

/** Runs a script of a service with its database. @throws Error with the script's reason */
async function runScript(
  service: Service,
  script: string,
  databaseUrl: string,
  { args = [], input }: { args?: readonly string[]; input?: Readable } = {},
): Promise<string> {
  const env = { [`${service.toUpperCase()}_DATABASE_URL`]: databaseUrl };
  const options = { env, args, timeout, ...(input && { input }) };
  const { status, stdout, stderr } = await runServiceScript(service, script, options);
  if (status !== 0) throw new Error(`${service}: ${stderr || `${script} gave no reason`}`);
  return stdout;
}

/** Returns the list of all erasures, as lines of JSON with ids and fingerprints. */
export const exportErasures = (customerUrl: string): Promise<string> =>
  runScript('customer', 'erasures.ts', customerUrl, { args: ['export'] });

/** Requests again the erasures of a list that the database does not know. @returns their number */
export const replayErasures = async (customerUrl: string, list: string): Promise<number> =>
  Number(await runScript('customer', 'erasures.ts', customerUrl, { args: ['replay'], input: createReadStream(list) }));

/** Ends all sessions. @returns their number */
export const endSessions = async (authUrl: string): Promise<number> =>
  Number(await runScript('auth', 'end-sessions.ts', authUrl));
