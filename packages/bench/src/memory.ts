import { readFileSync } from 'node:fs';
import { peers, type Fleet } from '@clientela/fleet';
import { descendantsOf } from './cpu.ts';

/** MB of each process: its own and its share of what it shares with others (PSS). */
export type Memory = Record<string, number>;

const pss = (pid: number): number => {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // ended meanwhile
  }
};

/** Reads the memory of the processes of a fleet. Linux only. */
export function memoryOf(fleet: Fleet): Memory {
  const server = fleet.postgres.pid() ?? 0;
  return {
    ...Object.fromEntries(peers.map((peer) => [peer, pss(fleet.pid(peer) ?? 0)])),
    PostgreSQL: [server, ...descendantsOf(server)].reduce((sum, pid) => sum + pss(pid), 0),
  };
}
