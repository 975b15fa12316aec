import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Reads the CPU time, user and system, of a running process with all its threads in microseconds, with a resolution of 10 ms.
 * @throws Error when the process does not exist, or on Windows
 */
export function cpuTime(pid: number): number {
  if (process.platform === 'linux') return fromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (process.platform === 'win32') throw new Error('The benchmark reads CPU times on Linux and macOS only.');
  return fromClock(execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }));
}

const tick = 10_000; // microseconds: USER_HZ is 100 on every architecture that Node runs on

/** proc_pid_stat(5), fields 14 and 15. The second field is the program's name in parentheses, which may contain any character. */
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
