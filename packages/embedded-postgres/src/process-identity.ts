import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Identifies a process permanently: systems reuse process ids, but not an id together with its start time. */
export type ProcessIdentity = { pid: number; started: string };

/** The start time of a process in the system's own unit. Undefined when it does not exist or is a zombie. */
export function startedAt(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // The name, in parentheses, may contain spaces: field 3 (state) follows it, and field 22 is the start time.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') return isAlive(pid) ? 'unknown' : undefined;
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}

export const isStillThere = ({ pid, started }: ProcessIdentity): boolean => startedAt(pid) === started;

export function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
