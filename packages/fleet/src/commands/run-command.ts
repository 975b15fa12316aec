import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { repoRoot } from '../launcher/services.ts';
import { readSettings, type Settings } from '../launcher/settings.ts';

/** Folder of this checkout's installation. */
export const installationFolder = join(repoRoot, '.data');

/** Runs an admin command with this checkout's settings. An error is printed as one sentence, with exit status 1. */
export async function runCommand(command: (settings: Settings) => Promise<void>): Promise<void> {
  try {
    await command(await readSettings(environment(join(repoRoot, '.env'))));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'The command failed.'}\n`);
    process.exitCode = 1;
  }
}

/** The environment of a service's script: what Node needs, and its own settings. */
export function scriptEnv(settings: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, SystemRoot } = process.env;
  return { ...(PATH && { PATH }), ...(SystemRoot && { SystemRoot }), ...settings };
}
