import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isStillThere, type ProcessIdentity } from '@clientela/embedded-postgres';

const RunFile = z.record(z.string(), z.object({ pid: z.int().positive(), started: z.string() }));

/** Who runs for an installation now, kept in `<folder>/run.json`: a killed supervisor's programs are found by it. */
export function openRunFile(folder: string): {
  note: (name: string, process: ProcessIdentity) => void;
  remove: () => void;
} {
  const path = join(folder, 'run.json');
  const running: z.infer<typeof RunFile> = {};
  return {
    note: (name, process) => {
      running[name] = process;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, `${JSON.stringify(running, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/**
 * Waits until the programs of a run that was killed have ended, and ends those that do not by themselves.
 * @returns whether there was such a run: the system may take another moment to take its ports back
 */
export async function endLeftovers(folder: string, patience = 3000): Promise<boolean> {
  const killed = existsSync(join(folder, 'run.json'));
  const left = () => read(join(folder, 'run.json')).filter(isStillThere);
  const until = Date.now() + patience;
  while (left().length > 0 && Date.now() < until) await sleep(50);
  for (const { pid } of left()) process.kill(pid, 'SIGKILL');
  while (left().length > 0 && Date.now() < until + 5000) await sleep(20);
  return killed;
}

function read(path: string): ProcessIdentity[] {
  try {
    return Object.values(RunFile.parse(JSON.parse(readFileSync(path, 'utf8'))));
  } catch {
    return []; // none, or cut short by a crash of the machine, after which nothing of it runs
  }
}
