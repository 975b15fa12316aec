import { join } from 'node:path';
import { environment, runCommand } from '@clientela/runtime';
import { repoRoot } from '../launcher/services.ts';
import { readSettings, type Settings } from '../launcher/settings.ts';

/** Folder of this checkout's installation. */
export const installationFolder = join(repoRoot, '.data');

/** Runs an admin command with this checkout's settings. */
export const runAdminCommand = (command: (settings: Settings) => Promise<void>): Promise<void> =>
  runCommand(async () => command(await readSettings(environment(join(repoRoot, '.env')))));
