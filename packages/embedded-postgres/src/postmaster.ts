import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isListening } from './ports.ts';
import type { RunAs } from './locate-postgres.ts';
import { isAlive } from './process-identity.ts';

const limit = 30_000; // milliseconds for a server that recovers or ends

/**
 * The server that runs on this data folder, once it takes connections; one that is stopping is waited for and is none.
 * A `postmaster.pid` whose process is another program, or only waits to be reaped, is removed: PostgreSQL would refuse to start.
 */
export async function runningServer(data: string, { uid }: RunAs): Promise<{ port: number } | undefined> {
  const until = Date.now() + limit;
  for (;;) {
    const found = readPidFile(data);
    if (!found) return undefined;
    if (!isServer(found.pid, uid)) {
      if (isAlive(found.pid)) rmSync(join(data, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (found.status === 'ready' && (await isListening(found.port))) return { port: found.port };
    if (Date.now() > until) throw new Error(`The PostgreSQL with process id ${found.pid} neither works nor ends.`);
    await sleep(20);
  }
}

/** PostgreSQL's own account of its process: line 1 its id, 4 its port, 8 its state. */
export function readPidFile(data: string): { pid: number; port: number; status: string } | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

function isServer(pid: number, uid: number | undefined): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const owner = /^Uid:\s+(\d+)/m.exec(status)?.[1];
    return (
      /^Name:\s+postgres$/m.test(status) && !/^State:\s+Z/m.test(status) && (uid === undefined || owner === String(uid))
    );
  } catch {
    return false;
  }
}

/** Whether the server's process is there, without asking it anything. */
export function isThere(data: string, { uid }: RunAs): boolean {
  const found = readPidFile(data);
  return found !== undefined && isServer(found.pid, uid);
}
