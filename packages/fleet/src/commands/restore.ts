import { join, resolve } from 'node:path';
import { readCommandLine } from '@clientela/runtime';
import { nextStep, restore } from '../backup/restore.ts';
import { repoRoot } from '../launcher/services.ts';
import { installationFolder, runAdminCommand } from './admin-command.ts';

const usage = `Usage: npm run restore -- BACKUP [--replace] [--erasures FILE]…
Verifies the folder BACKUP and makes it this installation, which must be empty and must not run.

  --replace         puts the installation that is there aside; nothing of it is deleted
  --erasures FILE   a list of erasures since the backup (erasures.jsonl of a later one); that beside BACKUP is used by itself`;

const {
  values,
  positionals: [backup = ''],
} = readCommandLine(usage, {
  options: {
    replace: { type: 'boolean', default: false },
    erasures: { type: 'string', multiple: true, default: [] },
  },
  positionals: [1, 1],
});
const print = (line: string) => process.stdout.write(`${line}\n`);

await runAdminCommand(async (settings) => {
  const startTime = performance.now();
  const { catalogue, replayed, endedSessions, redelivered, aside, listedAt } = await restore({
    backup: resolve(backup),
    folder: installationFolder,
    settings,
    replace: values.replace,
    erasures: values.erasures.map((list) => resolve(list)),
    onProgress: print,
  });
  print(
    `Restored in ${((performance.now() - startTime) / 1000).toFixed(1)} s: all of ${catalogue.consistent_at} is there.`,
  );
  if (aside !== undefined) print(`What was there before is in ${aside}`);
  print(
    listedAt
      ? `${replayed} erasures since the backup begin again with the next start; the list is of ${listedAt.toISOString()}.`
      : 'No list of erasures was found: who was erased since the backup is back. Erase them again (docs/operations.md, "Backup").',
  );
  if (redelivered > 0)
    print(`${redelivered} events that the broker had may be delivered again; each takes effect once.`);
  print(`${endedSessions} sessions are ended: everybody signs in again, with the password of that time.`);
  print(nextStep(resolve(backup), join(repoRoot, '.env')));
});
