import { setTimeout as sleep } from 'node:timers/promises';
import type { TestService } from '@clientela/testing';
import { createJob } from '../actions.ts';

/** A job of `jobs-child.ts`, which writes each of its chunks into a table of its own. */
export type ChunkJob = {
  id: string;
  /** Waits until the job has written this many chunks. @returns the process that wrote the last one */
  pidOfChunk: (count: number) => Promise<number>;
  /** Returns when a process wrote its first chunk, as Unix time in milliseconds. */
  firstChunkOf: (pid: number) => Promise<number>;
  /** Lists the written chunks, in their order. */
  chunks: () => Promise<number[]>;
};

/** Creates the table of the chunks, and queues a job. */
export async function queueChunkJob(
  { database: { db, owner } }: TestService,
  company_id: string,
  input: { chunks: number; hangs_at?: number },
): Promise<ChunkJob> {
  await owner.raw(
    'create table if not exists written_chunks (job_id uuid, chunk integer, pid integer, at timestamptz default now())',
  );
  const author = { id: 'service:test', company_id, request_id: 'request-1' };
  const { id } = await db.transaction((tx) => createJob(tx, author, { kind: 'customers.import', input }));
  const written = (): Promise<{ chunk: number; pid: number }[]> =>
    owner('written_chunks').select('chunk', 'pid').where({ job_id: id }).orderBy('chunk');
  return {
    id,
    pidOfChunk: async (count) => {
      for (;;) {
        const rows = await written();
        if (rows.length >= count) return rows.at(-1)?.pid ?? 0;
        await sleep(20);
      }
    },
    firstChunkOf: async (pid) => {
      const { at } = (await owner('written_chunks').where({ job_id: id, pid }).min('at as at').first()) as {
        at: string;
      };
      return Date.parse(at);
    },
    chunks: async () => (await written()).map(({ chunk }) => chunk),
  };
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
