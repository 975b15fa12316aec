import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * Lets a process, the leader of its session, have the CPU after others of this machine. Linux may share the CPU among sessions before it
 * looks at the niceness of processes (autogroup), so the session yields too. Without an effect where the system does not allow it.
 * @param niceness how much lower its priority is than that of this process
 */
export function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + niceness));
  } catch {
    return; // it has ended
  }
  if (process.platform === 'linux') lowerSession(pid, niceness, 20);
}

function lowerSession(pid: number, niceness: number, triesLeft: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness), { flag: 'r+' });
  } catch (error) {
    // Linux allows ten changes a second to all users but root.
    const isTooEarly = (error as NodeJS.ErrnoException).code === 'EAGAIN' && triesLeft > 0;
    if (isTooEarly) setTimeout(() => lowerSession(pid, niceness, triesLeft - 1), 110).unref();
  }
}
