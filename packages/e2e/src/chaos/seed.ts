import { createHash, randomInt } from 'node:crypto';

/** What this run's chances come from: `CHAOS_SEED`, else one that nobody chose. */
export const seed = process.env['CHAOS_SEED'] || String(randomInt(1_000_000_000));

/** For whoever watches, and for the log of a run that failed. */
export const tell = (line: string): void => void process.stdout.write(`chaos ${line}\n`);
tell(`seed ${seed}: the same chances again with CHAOS_SEED=${seed}`);

export type Dice = {
  /** 0 up to, and without, `below`. */
  below: (below: number) => number;
  pick: <T>(of: readonly T[]) => T;
};

/**
 * A row of chances that belongs to one part of a run. Each part has its own, so that none depends on how fast another is: the same seed
 * makes the same decisions, however the processes take their turns.
 */
export function dice(part: string): Dice {
  let state = createHash('sha256').update(`${seed} ${part}`).digest().readUInt32LE();
  // mulberry32, public domain: 32 bits of state are plenty for a few thousand decisions.
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
      if (of.length === 0) throw new Error('there is nothing to choose from');
      return of[below(of.length)] as (typeof of)[number];
    },
  };
}
