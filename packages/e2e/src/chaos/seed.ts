import { createHash, randomInt } from 'node:crypto';

/** Seed of this run: `CHAOS_SEED`, otherwise random. */
export const seed = process.env['CHAOS_SEED'] || String(randomInt(1_000_000_000));

/** Prints a line, so that the log of a failed run shows what happened. */
export const log = (line: string): void => void process.stdout.write(`chaos ${line}\n`);
log(`seed ${seed}: repeat with CHAOS_SEED=${seed}`);

export type Random = {
  /** A number from 0 up to, but excluding, `limit`. */
  below: (limit: number) => number;
  pick: <T>(of: readonly T[]) => T;
};

/**
 * Creates a seeded random number generator for one part of a run. Each part has its own, so that a seed gives the same decisions
 * however the processes are scheduled.
 */
export function createRandom(part: string): Random {
  let state = createHash('sha256').update(`${seed} ${part}`).digest().readUInt32LE();
  // mulberry32 (public domain): 32 bits of state suffice for a few thousand decisions.
  const next = () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    pick: (of) => {
      if (of.length === 0) throw new Error('cannot pick from an empty list');
      return of[below(of.length)] as (typeof of)[number];
    },
  };
}
