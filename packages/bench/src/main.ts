import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { highLimits, startBenchFleet, type BenchFleet } from './bench-fleet.ts';
import { cases, hopCase, throughGateway, type BenchContext } from './cases.ts';
import { prepareContext } from './context.ts';
import { layersOf, profileOf } from './cpu-profile.ts';
import { startEventFleets } from './event-fleets.ts';
import { measureEvents, type EventFigures } from './events.ts';
import { measure, type Effort, type Measured } from './measure.ts';
import { memoryOf } from './memory.ts';
import { measureOpenLoop, type OpenLoopFigures } from './open-loop-cases.ts';
import { loadNow, machine, markdown, writeReport, type Layer, type Report } from './report.ts';
import { connections } from './sides.ts';
import { measureSignInCrowd } from './sign-in-crowd.ts';
import { measureSizes, type SizeRow } from './sizes.ts';
import { measureTransfers, type Figure } from './transfers.ts';
import { versionsOf } from './versions.ts';

const { values } = readCommandLine(
  `Usage: npm run bench [-- options]

  --quick              one round, the most important cases, in about a minute
  --customers NUMBER   the largest number of customers (default: 1000000)
  --only PARTS         parts of names of cases, or crowd, events, sizes, transfers; separated by |
  --beside CHECKOUT    another checkout, whose events are measured in the same run
  --peer directus      installs Directus in a temporary folder and measures it on the same rows`,
  {
    options: {
      quick: { type: 'boolean', default: false },
      customers: { type: 'string', default: '1000000' },
      only: { type: 'string', default: '' },
      beside: { type: 'string' },
      peer: { type: 'string' },
    },
  },
);
if (values.peer !== undefined && values.peer !== 'directus') {
  process.stderr.write('--peer can be directus only\n');
  process.exit(2);
}
const effort: Effort = values.quick
  ? { rounds: 1, seconds: 1, warm_up: { requests: 500, seconds: 4 } }
  : { rounds: 5, seconds: 2, warm_up: { requests: 20_000, seconds: 10 } };
const quickCases = 'gateway hop|get|list of 20|create|patch';
const only = (values.only || (values.quick ? quickCases : '')).split('|');
const isWanted = (name: string) =>
  only.some((part) => (values.only === '' && values.quick ? name === part : name.includes(part)));
const base = 10_000; // customers while the cases are measured
const sizes = [base, 100_000, 1_000_000].filter((size) => size <= Math.max(base, Number(values.customers)));
const writeLine = (line: string) => process.stdout.write(`${line}\n`);

/** Ends the run at the next step, so that it can clean up. */
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopping.abort(new Error('The benchmark was stopped.')));
const { signal } = stopping;

const failures: string[] = [];
const shutdownHooks: (() => Promise<void> | void)[] = [];
const onShutdown = (hook: () => Promise<void> | void) => void shutdownHooks.push(hook);
try {
  const load_before = loadNow();
  const figures: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'clientela-bench-'));
  onShutdown(() => rmSync(folder, { recursive: true, force: true }));
  const benchFleet = await startMeasured(folder, figures);
  const idle = memoryOf(benchFleet.fleet);

  const context = await prepareContext(benchFleet, base, onShutdown, values.peer);
  const measured: Measured[] = [];
  for (const { name, make } of cases(context).filter((each) => isWanted(each.name))) {
    writeLine(`measuring ${name}`);
    measured.push(...(await attempt(name, async () => [await measure(await make(), effort, signal)])));
  }
  const layers = await attempt('layers', () => layersOfHop(context, measured));
  const openLoop = await attempt('open loop', () => openLoopOf(context, measured));
  const loaded = memoryOf(benchFleet.fleet);

  const crowd = async () => [await measureSignInCrowd(2 * effort.rounds, signal)]; // 99 % of 600 reads varies much
  const crowds = isWanted('crowd') ? await attempt('crowd', crowd) : [];
  const transfers = () => measureTransfers(benchFleet, values.quick ? 2000 : 20_000);
  if (isWanted('transfers')) figures.push(...(await attempt('transfers', transfers)));
  const bySize = isWanted('sizes') ? await attempt('sizes', () => sizeRows(context)) : [];
  const events: EventFigures[] = isWanted('events') ? await attempt('events', eventFigures) : [];

  const report: Report = {
    at: new Date().toISOString(),
    machine: machine(load_before),
    versions: await versionsOf(benchFleet.fleet),
    effort: { ...effort, connections, customers: base },
    cases: measured,
    layers,
    openLoop,
    crowds,
    events,
    sizes: bySize,
    figures,
    memory: { idle, loaded },
    notMeasured: [...notMeasured(context), ...failures],
  };
  writeLine(`\n${markdown(report)}`);
  const path = writeReport(join(repoRoot, '.data', 'bench'), report);
  writeLine(`written to ${relative(repoRoot, path)}, and as JSON next to it`);
  if (!values.quick && values.only === '' && failures.length === 0) {
    const file = join(repoRoot, 'docs', 'benchmarks.md');
    const console = /^## Web console$.*/ms.exec(readFileSync(file, 'utf8'))?.[0] ?? ''; // npm run bench:console and bench:tracing
    writeFileSync(file, `${markdown(report)}\n${console}`);
    writeLine('written to docs/benchmarks.md');
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const hook of shutdownHooks.toReversed()) await hook();
}
process.exit(); // a reference that failed to start must not keep the others running

/** Measures a part of the report. What fails is named there, so that it does not cost the figures of the others. */
async function attempt<Row>(name: string, measurePart: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await measurePart();
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = `${name}, which failed: ${error instanceof Error ? error.message : String(error)}`;
    writeLine(reason);
    failures.push(reason);
    process.exitCode = 1;
    return [];
  }
}

function notMeasured({ references: { nginx, directus } }: BenchContext): string[] {
  return [
    ...(nginx ? [] : ['nginx, which is not installed']),
    directus
      ? 'isolated-vm of Directus, which runs scripts of operations and would have to be compiled'
      : 'Directus, which --peer directus installs',
  ];
}

/** Starts the fleet on an empty folder, and again on its data. */
async function startMeasured(folder: string, figures: Figure[]): Promise<BenchFleet> {
  const start = async (name: string) => {
    const startedAt = performance.now();
    const started = await startBenchFleet(signal, folder, { env: highLimits });
    figures.push({ name, value: `${((performance.now() - startedAt) / 1000).toFixed(1)} s` });
    return started;
  };
  if (!values.quick && isWanted('transfers')) await (await start('from start to ready, on an empty folder')).end();
  const benchFleet = await start('from start to ready and signed in');
  onShutdown(() => benchFleet.end());
  return benchFleet;
}

/** Splits the measured cost of the gateway among its layers by a profile of it, which would itself distort the figures of a case. */
async function layersOfHop(context: BenchContext, measured: readonly Measured[]): Promise<Layer[]> {
  const cost = measured.find(({ name }) => name === hopCase)?.sides.find(({ name }) => name === throughGateway)?.cpu[
    'gateway'
  ];
  const hop = cases(context).find(({ name }) => name === hopCase);
  if (cost === undefined || !hop) return [];
  writeLine(`profiling ${hopCase}`);
  const side = (await hop.make()).sides.find(({ name }) => name === throughGateway);
  const profiled = await profileOf(context.benchFleet.fleet.pid('gateway') ?? 0, async () => side?.run(effort.seconds));
  return layersOf(profiled).map(([layer, share]) => ({ layer, share, microseconds: share * cost }));
}

async function openLoopOf({ generator, benchFleet, customers }: BenchContext, measured: readonly Measured[]) {
  const { fleet, bearer } = benchFleet;
  const found: OpenLoopFigures[] = [];
  const target = { port: fleet.ports.gateway, headers: bearer };
  const rateOf = (name: string) =>
    (measured.find((each) => each.name === name)?.sides.find((side) => side.name === throughGateway)?.rate ?? 0) / 2;
  const requests = {
    get: (n: number) => ({ method: 'GET', path: `/api/customers/${customers[n % customers.length]?.id}` }),
    'list of 20': () => ({ method: 'GET', path: '/api/customers?per_page=20' }),
    patch: (n: number) => ({
      method: 'PATCH',
      path: `/api/customers/${customers[n % customers.length]?.id}`,
      body: { firstname: `Amelia ${n}` },
    }),
  };
  for (const [name, request] of Object.entries(requests)) {
    const rate = rateOf(name);
    if (rate > 0) found.push(await measureOpenLoop(generator, { name, rate, ...target, request }, effort.seconds));
  }
  return found;
}

/** Measures in fleets of their own: the cases and the import have added customers who resemble each other more than people do. */
async function sizeRows({ generator }: BenchContext): Promise<SizeRow[]> {
  const fleets: { size: number; benchFleet: BenchFleet }[] = [];
  try {
    for (const size of sizes)
      fleets.push({ size, benchFleet: await startBenchFleet(signal, undefined, { env: highLimits }) });
    const amount = values.quick ? { rounds: 1, seconds: 0.3 } : { rounds: 3, seconds: 0.7 };
    return await measureSizes(fleets, generator, { ...amount, print: writeLine, signal });
  } finally {
    for (const { benchFleet } of fleets) await benchFleet.end();
  }
}

async function eventFigures(): Promise<EventFigures[]> {
  writeLine('measuring events on both transports');
  const fleets = await startEventFleets(signal, values.beside && resolve(values.beside));
  try {
    const amount = values.quick ? { backlog: 1000, changes: 10 } : { backlog: 10_000, changes: 40 };
    return await measureEvents(fleets.all, { rounds: values.quick ? 1 : 3, ...amount }, signal);
  } finally {
    await fleets.end();
  }
}
