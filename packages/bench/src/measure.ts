import { isDeepStrictEqual } from 'node:util';

/** What one run of a side did: requests, the generator's share of a core, and durations in milliseconds. */
export type Run = { requests: number; seconds: number; generatorShare?: number; durations?: readonly number[] };

/** One implementation of a case: ours, through the gateway or at its service, or a reference. */
export type Side = {
  name: string;
  run: (seconds: number) => Promise<Run>;
  /** CPU time so far of each group of processes, in microseconds. */
  groups: Readonly<Record<string, () => number>>;
  /** Waits until all effects of its requests are done. */
  settle?: () => Promise<void>;
  /** A response to compare with that of the other sides. */
  sample?: () => Promise<unknown>;
  /** For a reference: name of the side of ours that it is compared with; default the first. */
  against?: string;
};

export type BenchCase = { name: string; sides: readonly Side[]; statements?: StatementCount; note?: string };
/** Statements of one request: until its response, and until all its effects are done. */
export type StatementCount = { route: number; all: number };

/** Per request: CPU time in microseconds by group; rate in requests a second; durations in milliseconds. */
export type Figures = {
  rate: number;
  median: number | undefined;
  p99: number | undefined;
  generatorShare: number | undefined;
  cpu: Record<string, number>;
};
/** Ours divided by the reference. */
export type Ratios = { against: string; node: number; postgres: number | undefined };
export type MeasuredSide = Figures & {
  name: string;
  /** Difference of the highest and the lowest round, of the median. */
  spread: number;
  ratios: Ratios | undefined;
  rounds: Figures[];
};
export type Measured = { name: string; sides: MeasuredSide[]; statements?: StatementCount; note?: string };

/**
 * Each side is warmed up by that many requests, because code is optimized after a number of calls on any machine, or for that many seconds:
 * a server runs for days, and one with more code needs more of them until it is as fast as it stays.
 */
export type WarmUp = { requests: number; seconds: number };
export type Effort = { rounds: number; seconds: number; warm_up: WarmUp };

export const postgres = 'PostgreSQL';
/** CPU time of everything but PostgreSQL. */
export const nodeTime = (cpu: Readonly<Record<string, number>>): number =>
  Object.entries(cpu).reduce((sum, [group, time]) => (group === postgres ? sum : sum + time), 0);

/** Measures all sides of a case in turn, several times, so that other load on the machine affects all equally. */
export async function measure(benchCase: BenchCase, effort: Effort, signal: AbortSignal): Promise<Measured> {
  const { name, sides, statements, note } = benchCase;
  await assertSameResponse(sides);
  for (const side of sides) {
    await warmUp(side, effort.warm_up);
  }
  const rounds = new Map<Side, Figures[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < effort.rounds; round += 1) {
    for (const side of sides) {
      signal.throwIfAborted();
      rounds.get(side)?.push(await runOnce(side, effort.seconds));
    }
  }
  const roundsOf = (side: Side | undefined) => (side && rounds.get(side)) ?? [];
  const measured: MeasuredSide[] = [];
  for (const side of sides) {
    const own = roundsOf(side);
    const against = sides.find((other) => other.name === side.against) ?? sides[0];
    const times = own.map(({ cpu }) => nodeTime(cpu));
    measured.push({
      name: side.name,
      ...medians(own),
      spread: (Math.max(...times) - Math.min(...times)) / median(times),
      ratios: against && against !== side ? ratiosOf(against.name, roundsOf(against), own) : undefined,
      rounds: own,
    });
  }
  return { name, sides: measured, ...(statements && { statements }), ...(note && { note }) };
}

async function warmUp({ run, settle }: Side, { requests, seconds }: WarmUp): Promise<void> {
  for (let [sent, second] = [0, 0]; sent < requests && second < seconds; second += 1) sent += (await run(1)).requests;
  await settle?.();
}

/** The median of the rounds' ratios. */
function ratiosOf(against: string, ours: readonly Figures[], reference: readonly Figures[]): Ratios {
  const ratio = (value: (figures: Figures) => number) =>
    median(ours.flatMap((figures, round) => (reference[round] ? [value(figures) / value(reference[round])] : [])));
  const hasPostgres = [ours, reference].every((side) => side.every(({ cpu }) => (cpu[postgres] ?? 0) > 0));
  return {
    against,
    node: ratio(({ cpu }) => nodeTime(cpu)),
    postgres: hasPostgres ? ratio(({ cpu }) => cpu[postgres] ?? Number.NaN) : undefined,
  };
}

/** @throws Error unless all sides that have a sample return the same */
async function assertSameResponse(sides: readonly Side[]): Promise<void> {
  const samples: unknown[] = [];
  for (const { sample } of sides) if (sample) samples.push(await sample());
  const different = samples.find((sample) => !isDeepStrictEqual(sample, samples[0]));
  if (different === undefined) return;
  throw new Error(
    `Two different responses cannot be compared:\n${JSON.stringify(samples[0])}\n${JSON.stringify(different)}`,
  );
}

async function runOnce({ run, groups, settle }: Side, seconds: number): Promise<Figures> {
  const times = () => Object.entries(groups).map(([group, time]) => [group, time()] as const);
  const before = new Map(times());
  const { requests, seconds: took, generatorShare, durations } = await run(seconds);
  await settle?.();
  const cpu = Object.fromEntries(times().map(([group, time]) => [group, (time - (before.get(group) ?? 0)) / requests]));
  const sorted = durations?.toSorted((a, b) => a - b);
  return {
    rate: requests / took,
    median: sorted && median(sorted),
    p99: sorted?.[Math.floor(sorted.length * 0.99)],
    generatorShare,
    cpu,
  };
}

function medians(rounds: readonly Figures[]): Figures {
  const of = (value: (figures: Figures) => number | undefined) => {
    const values = rounds.map(value).filter((each) => each !== undefined);
    return values.length > 0 ? median(values) : undefined;
  };
  const groups = Object.keys(rounds[0]?.cpu ?? {});
  return {
    rate: of(({ rate }) => rate) ?? Number.NaN,
    median: of((figures) => figures.median),
    p99: of(({ p99 }) => p99),
    generatorShare: of(({ generatorShare }) => generatorShare),
    cpu: Object.fromEntries(groups.map((group) => [group, of(({ cpu }) => cpu[group]) ?? Number.NaN])),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
