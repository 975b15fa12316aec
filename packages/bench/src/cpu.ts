import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Microseconds of processor time, user's and system's, that a running process has used with all its threads. Exact to a
 * hundredth of a second on Linux and macOS.
 * @throws Error when there is no such process, or no way to ask
 */
export function cpuTime(pid: number): number {
  if (process.platform === 'linux') return fromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (process.platform === 'win32')
    throw new Error('The benchmark asks for processor times as Linux and macOS give them.');
  return fromClock(execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }));
}

const tick = 10_000; // microseconds: USER_HZ is 100 on every architecture that Node runs on

/** proc_pid_stat(5), fields 14 and 15. The second field is the program's name in parentheses, and may hold anything. */
export function fromStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tick;
}

/** ps(1): `[[days-]hours:]minutes:seconds[.hundredths]`. */
export function fromClock(time: string): number {
  const [, days = '0', clock = ''] = /^\s*(?:(\d+)-)?([\d:.]+)\s*$/.exec(time) ?? [];
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1_000_000);
}
