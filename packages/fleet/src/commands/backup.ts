import { setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { readCommandLine } from '@clientela/runtime';
import { backUp } from '../backup/backup.ts';
import { repoRoot } from '../launcher/services.ts';
import { installationFolder, runAdminCommand } from './admin-command.ts';

const usage = `Usage: npm run backup [-- FOLDER] [--textfile FILE] [--erasures-only]
Writes a backup of this installation into FOLDER (default: backups), while it runs or stopped.

  --textfile FILE   also records the time for node exporter's textfile collector
  --erasures-only   only replaces FOLDER/erasures.jsonl, the list that a restore needs to erase again`;

const { values, positionals } = readCommandLine(usage, {
  options: { textfile: { type: 'string' }, 'erasures-only': { type: 'boolean', default: false } },
  positionals: [0, 1],
});
const print = (line: string) => process.stdout.write(`${line}\n`);

await runAdminCommand(async (settings) => {
  setPriority(10); // requests come first
  const startTime = performance.now();
  const target = resolve(positionals[0] ?? join(repoRoot, 'backups'));
  const result = await backUp({
    folder: installationFolder,
    settings,
    target,
    envFile: join(repoRoot, '.env'),
    erasuresOnly: values['erasures-only'],
    ...(values.textfile !== undefined && { textfile: resolve(values.textfile) }),
  });
  if (!result) {
    print(`The list of erasures is in ${join(target, 'erasures.jsonl')}`);
    return;
  }
  const { path, catalogue } = result;
  const megabytes = (catalogue.bytes / 1_000_000).toFixed(1);
  const seconds = ((performance.now() - startTime) / 1000).toFixed(1);
  print(`${path}: ${catalogue.files} files, ${megabytes} MB, ${seconds} s`);
  print(`It has all that was acknowledged before ${catalogue.consistent_at}.`);
  print('It contains personal data and the secrets of this installation: keep it where only you can read it.');
  if (catalogue.avatars === 'in a bucket') print('The avatars are in AVATARS_S3_BUCKET and not in the backup.');
});
