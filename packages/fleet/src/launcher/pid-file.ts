import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStillThere, type ProcessIdentity } from '@clientela/embedded-postgres';
import { z } from 'zod';

const PidFile = z.record(
  z.string(),
  z.object({ pid: z.int().positive(), started: z.string(), url: z.string().optional() }),
);
type RecordedProcess = ProcessIdentity & { url?: string };
const pathIn = (folder: string) => join(folder, 'run.json');

/** Records the running processes of an installation in `<folder>/run.json`, so that the next start finds orphans. */
export function openPidFile(folder: string): {
  add: (name: string, process: RecordedProcess) => void;
  remove: () => void;
} {
  const path = pathIn(folder);
  const running: z.infer<typeof PidFile> = {};
  return {
    add: (name, process) => {
      running[name] = process;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, `${JSON.stringify(running, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/**
 * Waits until the processes of a killed run have ended, and kills the rest after the timeout.
 * @returns whether there was such a run; the system may need a moment to free its ports
 */
export async function killOrphans(folder: string, timeoutMs = 3000): Promise<boolean> {
  const wasKilled = existsSync(pathIn(folder));
  const orphans = () => Object.values(read(folder)).filter(isStillThere);
  const deadline = Date.now() + timeoutMs;
  while (orphans().length > 0 && Date.now() < deadline) await sleep(50);
  for (const { pid } of orphans()) process.kill(pid, 'SIGKILL');
  while (orphans().length > 0 && Date.now() < deadline + 5000) await sleep(20);
  return wasKilled;
}

/** Finds the launcher that runs an installation, with the URL of its gateway. */
export const findLauncher = (folder: string): z.infer<typeof PidFile>[string] | undefined => read(folder)['fleet'];

/** Finds the URL of the gateway that runs from a folder; undefined unless its launcher runs. */
export function findGateway(folder: string): string | undefined {
  const launcher = findLauncher(folder);
  return launcher && isStillThere(launcher) ? launcher.url : undefined;
}

function read(folder: string): z.infer<typeof PidFile> {
  try {
    return PidFile.parse(JSON.parse(readFileSync(pathIn(folder), 'utf8')));
  } catch {
    return {}; // missing, or truncated by a crash of the machine, which also ended all processes
  }
}
