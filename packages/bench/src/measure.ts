import { isDeepStrictEqual } from 'node:util';
import type { Case, Side } from './cases.ts';
import { cpuTime } from './cpu.ts';
import type { Load } from './load.ts';

/** Requests per second, and microseconds of CPU time per request: in total and by process. */
export type Figures = { rate: number; cpu: number; cpuByProcess: Record<string, number> };
export type Round = { measured: Figures; reference: Figures };
export type Measured = {
  name: string;
  measured: Figures & { name: string };
  reference: Figures & { name: string };
  /** CPU time of the measured side divided by the reference's: the median of the rounds. */
  ratio: number;
  rounds: Round[];
};

/** `warm_up` in requests, because code is optimized after a number of calls on any machine. */
export type Effort = { rounds: number; seconds: number; warm_up: number };

/** Measures both sides alternately, so that other load on the machine affects both equally. */
export async function measure(
  { name, measured, reference }: Case,
  load: Load,
  effort: Effort,
  signal: AbortSignal,
): Promise<Measured> {
  await assertSameResponse(measured, reference);
  for (const side of [measured, reference]) await load.run(side, { requests: effort.warm_up });
  const rounds: Round[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    signal.throwIfAborted();
    rounds.push({
      measured: await runOnce(measured, load, effort.seconds),
      reference: await runOnce(reference, load, effort.seconds),
    });
  }
  return {
    name,
    measured: { name: measured.name, ...medians(rounds.map((round) => round.measured)) },
    reference: { name: reference.name, ...medians(rounds.map((round) => round.reference)) },
    ratio: median(rounds.map((round) => round.measured.cpu / round.reference.cpu)),
    rounds,
  };
}

/** @throws Error unless both sides return the same response */
async function assertSameResponse(...sides: readonly Side[]): Promise<void> {
  const responses = await Promise.all(
    sides.map(async ({ url, headers }) => {
      const response = await fetch(url, { headers });
      return { status: response.status, body: await response.json() };
    }),
  );
  const [first, second] = responses;
  if (first?.status === 200 && isDeepStrictEqual(first, second)) return;
  throw new Error(`Two different responses cannot be compared:\n${JSON.stringify(first)}\n${JSON.stringify(second)}`);
}

async function runOnce({ pids, ...target }: Side, load: Load, seconds: number): Promise<Figures> {
  const cpuTimes = () => Object.entries(pids).map(([name, pid]) => [name, cpuTime(pid)] as const);
  const before = new Map(cpuTimes());
  const outcome = await load.run(target, { seconds });
  const cpuByProcess = Object.fromEntries(
    cpuTimes().map(([name, time]) => [name, (time - (before.get(name) ?? 0)) / outcome.requests]),
  );
  const cpu = Object.values(cpuByProcess).reduce((sum, time) => sum + time, 0);
  return { rate: outcome.requests / outcome.seconds, cpu, cpuByProcess };
}

function medians(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0]?.cpuByProcess ?? {});
  return {
    rate: median(rounds.map(({ rate }) => rate)),
    cpu: median(rounds.map(({ cpu }) => cpu)),
    cpuByProcess: Object.fromEntries(
      names.map((name) => [name, median(rounds.map(({ cpuByProcess }) => cpuByProcess[name] ?? 0))]),
    ),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
