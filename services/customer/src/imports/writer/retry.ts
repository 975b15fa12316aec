import { setTimeout as wait } from 'node:timers/promises';
import type { Db, Tx } from '@clientela/db';

/** Another transaction took a value between the lookup and the write. A repetition finds the new state. */
export class LostRaceError extends Error {
  override name = 'LostRaceError';
}

const maxAttempts = 10;
const maxPause = 500; // milliseconds

/** SQLSTATE codes of transactions that lost against another one. */
const retryableCodes = new Set([
  '40P01', // deadlock
  '40001', // serialization failure
  '55P03', // lock timeout
]);

const isRetryable = (error: unknown): boolean => {
  if (error instanceof LostRaceError) return true;
  const { code, constraint } = error as { code?: string; constraint?: string };
  return retryableCodes.has(code ?? '') || (code === '23505' && /^customers_\w+_taken$/.test(constraint ?? ''));
};

/** Runs a chunk in a transaction of its own, and again when it lost against concurrent writes. */
export async function retryChunk<Result>(
  db: Db,
  work: (tx: Tx) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (attempt === maxAttempts || !isRetryable(error)) throw error;
      await wait(Math.random() * Math.min(maxPause, 10 * 2 ** attempt), undefined, signal && { signal });
    }
  }
}
