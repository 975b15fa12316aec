import { isDeepStrictEqual } from 'node:util';
import type { Case, Side } from './cases.ts';
import { cpuTime } from './cpu.ts';
import type { Load } from './load.ts';

/** Requests a second, and microseconds of processor time a request: of each process, and of all of them. */
export type Figures = { rate: number; cpu: number; of: Record<string, number> };
export type Round = { measured: Figures; reference: Figures };
export type Measured = {
  name: string;
  measured: Figures & { name: string };
  reference: Figures & { name: string };
  /** Processor time of the measured side over the reference's: the median of the rounds. */
  ratio: number;
  rounds: Round[];
};

/** `warm_up` in requests: code is fast after so many calls, however slow the machine. */
export type Effort = { rounds: number; seconds: number; warm_up: number };

/** Measures both sides by turns, so that what else the machine does at a time meets both alike. */
export async function measure(
  { name, measured, reference }: Case,
  load: Load,
  effort: Effort,
  signal: AbortSignal,
): Promise<Measured> {
  await sameAnswer(measured, reference);
  for (const side of [measured, reference]) await load.run(side, { requests: effort.warm_up });
  const rounds: Round[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    signal.throwIfAborted();
    rounds.push({
      measured: await once(measured, load, effort.seconds),
      reference: await once(reference, load, effort.seconds),
    });
  }
  return {
    name,
    measured: { name: measured.name, ...middle(rounds.map((round) => round.measured)) },
    reference: { name: reference.name, ...middle(rounds.map((round) => round.reference)) },
    ratio: median(rounds.map((round) => round.measured.cpu / round.reference.cpu)),
    rounds,
  };
}

/** @throws Error unless both sides do the same work */
async function sameAnswer(...sides: readonly Side[]): Promise<void> {
  const answers = await Promise.all(
    sides.map(async ({ url, headers }) => {
      const answer = await fetch(url, { headers });
      return { status: answer.status, body: await answer.json() };
    }),
  );
  const [first, second] = answers;
  if (first?.status === 200 && isDeepStrictEqual(first, second)) return;
  throw new Error(`Two different answers cannot be compared:\n${JSON.stringify(first)}\n${JSON.stringify(second)}`);
}

async function once({ pids, ...target }: Side, load: Load, seconds: number): Promise<Figures> {
  const used = () => Object.entries(pids).map(([name, pid]) => [name, cpuTime(pid)] as const);
  const before = new Map(used());
  const outcome = await load.run(target, { seconds });
  const of = Object.fromEntries(
    used().map(([name, time]) => [name, (time - (before.get(name) ?? 0)) / outcome.requests]),
  );
  const cpu = Object.values(of).reduce((sum, time) => sum + time, 0);
  return { rate: outcome.requests / outcome.seconds, cpu, of };
}

function middle(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0]?.of ?? {});
  return {
    rate: median(rounds.map(({ rate }) => rate)),
    cpu: median(rounds.map(({ cpu }) => cpu)),
    of: Object.fromEntries(names.map((name) => [name, median(rounds.map(({ of }) => of[name] ?? 0))])),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
