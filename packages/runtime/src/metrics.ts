import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A set of metrics. Everything but the gauges that a service reads from its own tables is in the set of the process. */
export type Metrics = Registry;

export const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const processMetrics: Metrics = new Registry();

export const newMetrics = (): Metrics => new Registry();

/**
 * The values that each label may have: a list, or the number of different values of a label whose values are known at run time only.
 * Values beyond that number are counted as `other`, so that a metric has a bounded number of series. Never an id, address, user or
 * company.
 */
export type Labels = Readonly<Record<string, readonly string[] | number>>;
export type LabelValues<L extends Labels> = {
  readonly [Name in keyof L]: L[Name] extends readonly (infer Value extends string)[] ? Value : string;
};

const overflow = 'other';

/** Replaces values beyond the number that a label may have. */
function bounded<L extends Labels>(labels: L): (values: LabelValues<L>) => LabelValues<L> {
  const open = Object.entries(labels).filter(([, allowed]) => typeof allowed === 'number') as [string, number][];
  if (open.length === 0) return (values) => values;
  const seen = new Map(open.map(([name]) => [name, new Set<string>()]));
  return (values) => {
    let result: Record<string, string> | undefined;
    for (const [name, max] of open) {
      const known = seen.get(name) as Set<string>;
      const value = values[name] as string;
      if (known.has(value)) continue;
      if (known.size < max) known.add(value);
      else (result ??= { ...(values as Record<string, string>) })[name] = overflow;
    }
    return (result as LabelValues<L> | undefined) ?? values;
  };
}

/** Every combination of the listed values; none when a label has no list. */
function combinations(labels: Labels): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (sets, [name, allowed]) =>
      typeof allowed === 'number' ? [] : sets.flatMap((set) => allowed.map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
}

const definition = (name: string, help: string, labels: Labels, metrics: Metrics = processMetrics) => ({
  name,
  help,
  labelNames: Object.keys(labels),
  registers: [metrics],
});

/** Counts of this process that it has not reported to its parent yet. */
const unreported = new Map<string, Count>();
const counters = new Map<string, (values: Record<string, string>, count: number) => void>();
/** What a child process counted: the name of the counter, its labels, and by how much it grew. */
export type Count = { name: string; values: Record<string, string>; count: number };

/** Creates a counter of this process. Its series start at 0 where every label lists its values. @param name ends in `_total` */
export function counter<const L extends Labels>(
  name: string,
  help: string,
  labels: L,
): { add: (values: LabelValues<L>, count?: number) => void } {
  const metric = new Counter(definition(name, help, labels));
  const bound = bounded(labels);
  for (const values of combinations(labels)) metric.inc(values, 0);
  const add = (values: LabelValues<L>, count = 1) => {
    const within = bound(values);
    metric.inc(within, count);
    if (!isReporting) return;
    const key = JSON.stringify([name, within]);
    unreported.set(key, { name, values: within, count: count + (unreported.get(key)?.count ?? 0) });
  };
  counters.set(name, add as (values: Record<string, string>, count: number) => void);
  return { add };
}

let isReporting = false;

/** Makes this process keep its counts for its parent, which exposes them. @returns a function that takes what was counted since */
export function reportCounts(): () => Count[] {
  isReporting = true;
  return () => {
    const counts = [...unreported.values()];
    unreported.clear();
    return counts;
  };
}

/** Adds what a child process counted. */
export function addCounts(counts: readonly Count[]): void {
  for (const { name, values, count } of counts) counters.get(name)?.(values, count);
}

/** Creates a histogram of this process. @param buckets upper bounds in seconds */
export function histogram<const L extends Labels>(
  name: string,
  help: string,
  labels: L,
  buckets: readonly number[],
): { observe: (values: LabelValues<L>, seconds: number) => void } {
  const metric = new Histogram({ ...definition(name, help, labels), buckets: [...buckets] });
  const bound = bounded(labels);
  return { observe: (values, seconds) => metric.observe(bound(values), seconds) };
}

/** Creates a gauge of this process. */
export function gauge<const L extends Labels>(
  name: string,
  help: string,
  labels: L,
): { set: (values: LabelValues<L>, value: number) => void } {
  const metric = new Gauge(definition(name, help, labels));
  const bound = bounded(labels);
  return { set: (values, value) => metric.set(bound(values), value) };
}

export type Reading = { labels: Readonly<Record<string, string>>; value: number };

const readTimeout = 2000; // milliseconds; a scrape waits 10 s by default

/**
 * Creates a gauge that is read at each scrape. A failed or slow reading leaves out its series, and no others.
 * @param options.metrics the set it belongs to; default that of the process
 */
export function readGauge(options: {
  name: string;
  help: string;
  labelNames?: readonly string[];
  read: () => readonly Reading[] | Promise<readonly Reading[]>;
  metrics?: Metrics;
}): void {
  const { name, help, labelNames = [], read, metrics = processMetrics } = options;
  const metric = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [metrics],
    collect: async () => {
      const readings = await within(readTimeout, read);
      metric.reset();
      if (readings === undefined) metric.remove({});
      else for (const { labels, value } of readings) metric.set(labels, value);
    },
  });
}

/** @returns undefined when the reading failed or took too long */
async function within<T>(milliseconds: number, read: () => T | Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([read(), timeout]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Writes the metrics of this process and of further sets in Prometheus' text format. */
export async function exposeMetrics(...sets: readonly Metrics[]): Promise<{ contentType: string; text: string }> {
  const all = Registry.merge([processMetrics, ...sets]);
  return { contentType: all.contentType, text: await all.metrics() };
}

const eventLoopGauges = { p50: 'p50_seconds', p99: 'p99_seconds', max: 'max_seconds' };
/** What a timer that is never delayed reports: `monitorEventLoopDelay` measures the time between two of its firings. */
const eventLoopResolution = 10; // milliseconds

/**
 * Starts the metrics that every process has: `process_*`, `nodejs_*`, the delay of its event loop since the last scrape, and which
 * build runs.
 */
export function startProcessMetrics(): void {
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults, eventLoopMonitoringPrecision: eventLoopResolution });
  const lag = (suffix: string) => defaults.getSingleMetric(`nodejs_eventloop_lag_${suffix}`) as Gauge;
  readGauge({
    name: 'nodejs_eventloop_delay_seconds',
    help: 'Delay of the event loop since the last scrape',
    labelNames: ['quantile'],
    read: async () => {
      await lag('seconds').get(); // reads all of them
      return Promise.all(
        Object.entries(eventLoopGauges).map(async ([quantile, suffix]) => ({
          labels: { quantile },
          value: Math.max(0, ((await lag(suffix).get()).values[0]?.value ?? 0) - eventLoopResolution / 1000),
        })),
      );
    },
  });
  for (const metric of defaults.getMetricsAsArray()) {
    if (!metric.name.startsWith('nodejs_eventloop_lag') && metric.name !== 'nodejs_version_info')
      processMetrics.registerMetric(metric as unknown as Gauge);
  }
  const build = { version, node: process.versions.node, commit: readCommit() };
  gauge('clientela_build_info', 'The build that runs', { version: 1, node: 1, commit: 1 }).set(build, 1);
}

const root = join(import.meta.dirname, '../../..');

/** Reads the commit of an image (the file COMMIT) or of a checkout. */
function readCommit(): string {
  const read = (file: string) => readFileSync(join(root, file), 'utf8').trim();
  try {
    if (existsSync(join(root, 'COMMIT'))) return read('COMMIT');
    const head = read('.git/HEAD');
    return head.startsWith('ref: ') ? read(`.git/${head.slice(5)}`) : head;
  } catch {
    return 'unknown';
  }
}
