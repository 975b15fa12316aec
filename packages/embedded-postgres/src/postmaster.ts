import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunAs } from './locate-postgres.ts';
import { isListening } from './ports.ts';
import { isAlive } from './process-identity.ts';

const timeoutMs = 30_000; // for a server that recovers or stops

/**
 * Finds the server of a data folder, once it accepts connections. Waits for one that is stopping, which counts as none.
 * Removes a `postmaster.pid` whose process id now belongs to another program or to a zombie, since PostgreSQL would refuse to start.
 */
export async function runningServer(data: string, { uid }: RunAs): Promise<{ port: number } | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const postmaster = readPidFile(data);
    if (!postmaster) return undefined;
    if (!isServer(postmaster.pid, uid)) {
      if (isAlive(postmaster.pid)) rmSync(join(data, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (postmaster.status === 'ready' && (await isListening(postmaster.port))) return { port: postmaster.port };
    if (Date.now() > deadline)
      throw new Error(`The PostgreSQL server with process id ${postmaster.pid} neither accepts connections nor ends.`);
    await sleep(20);
  }
}

/** Reads `postmaster.pid`: line 1 is the process id, 4 the port, 8 the status. */
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

/** Whether the server's process exists, without connecting to it. */
export function hasServerProcess(data: string, { uid }: RunAs): boolean {
  const postmaster = readPidFile(data);
  return postmaster !== undefined && isServer(postmaster.pid, uid);
}
