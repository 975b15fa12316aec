import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Reads the CPU time, user and system, of a running process with all its threads in microseconds, with a resolution of 10 ms.
 * @throws Error when the process does not exist, or on Windows
 */
export function cpuTime(pid: number): number {
  if (process.platform === 'linux') return fromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (process.platform === 'win32') throw new Error('The benchmark reads CPU times on Linux and macOS only.');
  return fromClock(execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }));
}

/**
 * Reads the CPU time of a process and its descendants in microseconds, with that of descendants that have ended: of PostgreSQL's
 * server with its backends, for example. Linux only.
 */
export function treeCpuTime(pid: number): number {
  let total = fromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'), { withEnded: true });
  for (const descendant of descendantsOf(pid)) total += cpuTimeOfRunning(descendant);
  return total;
}

function cpuTimeOfRunning(pid: number): number {
  try {
    return fromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return 0; // ended meanwhile: its parent's time includes it from then on
  }
}

/** Finds the processes that a process started, and those that they started. Linux only. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const childrenOf = (parent: number): number[] =>
    [...parents].filter(([, of]) => of === parent).map(([child]) => child);
  const found = childrenOf(pid);
  return [...found, ...found.flatMap((child) => childrenOf(child))];
}

const tick = 10_000; // microseconds: USER_HZ is 100 on every architecture that Node runs on

/** proc_pid_stat(5), fields 14 and 15, and with children that have ended 16 and 17. The second field is the program's name in parentheses, which may contain any character. */
export function fromStat(stat: string, { withEnded = false } = {}): number {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return (user + system + (withEnded ? endedUser + endedSystem : 0)) * tick;
}

/** ps(1): `[[days-]hours:]minutes:seconds[.hundredths]`. */
export function fromClock(time: string): number {
  const [, days = '0', clock = ''] = /^\s*(?:(\d+)-)?([\d:.]+)\s*$/.exec(time) ?? [];
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1_000_000);
}
