import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './files.ts';

const metric = 'clientela_backup_last_success_timestamp_seconds';

const fileIn = (folder: string) => join(folder, 'metrics', 'clientela_backup.prom');

/**
 * Records when the last backup was complete, in Prometheus's text format.
 * @param folder the installation's folder
 * @param textfile a second place, in the folder of node exporter's textfile collector
 */
export async function recordBackup(folder: string, at: Date, textfile?: string): Promise<void> {
  const seconds = Math.floor(at.getTime() / 1000);
  const text = `# HELP ${metric} When the last backup was complete.\n# TYPE ${metric} gauge\n${metric} ${seconds}\n`;
  await mkdir(join(folder, 'metrics'), { recursive: true, mode: 0o700 });
  await replaceFile(fileIn(folder), text, 0o644);
  if (textfile !== undefined) await replaceFile(textfile, text, 0o644);
}

/** Reads when the last backup of an installation was complete. */
export async function lastBackup(folder: string): Promise<Date | undefined> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '');
  const seconds = new RegExp(`^${metric} (\\d+)$`, 'm').exec(text)?.[1];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
}
