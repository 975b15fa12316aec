import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { startBenchFleet, type BenchFleet } from './bench-fleet.ts';
import { newCustomer } from './cases.ts';
import { profile, sharesOf } from './cpu-profile.ts';
import { openInspector, type Inspector } from './inspector.ts';
import { median } from './measure.ts';
import { startGenerator } from './open-loop.ts';
import { loadNow } from './report.ts';
import { closedLoop, type MakeRequest } from './sides.ts';

// Measures what traces cost at the gateway and at its service, off, at 5 % and at 100 %: the CPU time of a request, and the share of the code
// of traces in profiles. One fleet is switched to and fro while it runs, because two processes of the same code differ by more than that.

const { values } = readCommandLine('Usage: npm run bench:tracing [-- [--quick]]', {
  options: { quick: { type: 'boolean', default: false } },
});
const effort = values.quick ? { rounds: 4, warm_up: 3, profile: 15 } : { rounds: 50, warm_up: 10, profile: 10 }; // seconds
/** Twice the interval in which spans are sent, and no longer, because the speed of a machine drifts. */
const seconds = 2;
const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error('stopped')));

/** An endpoint that accepts everything, in this process, whose CPU time is not counted. */
let exports = 0;
const collector = createServer((request, response) => {
  exports += 1;
  request.resume();
  request.on('end', () => response.end());
});
await new Promise<void>((done) => {
  collector.listen(0, '127.0.0.1', done);
});
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

/** Share of the requests that are sampled, by name; undefined: off. What a control differs from its twin by, the method itself adds. */
const variants: Record<string, number | undefined> = {
  off: undefined,
  'off, the control': undefined,
  '5 %': 0.05,
  '5 %, the control': 0.05,
  '100 %': 1,
};
const processes = ['gateway', 'customer'] as const;
const tracingCode = /\/trac(?:e|ing)[a-z-]*\.ts$|\/@opentelemetry\//;

/** Microseconds of CPU time per request. */
type Cost = Record<(typeof processes)[number], number>;

const requests: Record<string, (benchFleet: BenchFleet) => MakeRequest> = {
  'read a customer':
    ({ customer_id }) =>
    () => ({ method: 'GET', path: `/api/customers/${customer_id}` }),
  'create a customer': () => (n) => ({ method: 'POST', path: '/api/customers', body: newCustomer(n) }),
};

const hooks: (() => Promise<void> | void)[] = [() => void collector.close()];
try {
  const generator = await startGenerator({ isNiced: false });
  hooks.push(generator.stop);
  const benchFleet = await startBenchFleet(stopping.signal, undefined, {
    env: { RATE_LIMITS: 'off', ACCESS_TOKEN_EXPIRE_MINUTES: '60' },
  });
  hooks.push(benchFleet.end);
  const { fleet, bearer: headers } = benchFleet;
  const inspectors = new Map<string, Inspector>();
  for (const name of processes) {
    const inspector = await openInspector(fleet.pid(name) ?? 0);
    hooks.push(inspector.close); // before the fleet stops: a process does not end while somebody inspects it
    inspectors.set(name, inspector);
  }

  // A core for each keeps the cost of a request more alike from round to round.
  pinToCore(fleet.pid('gateway'), 0);
  for (const pid of [fleet.pid('customer'), generator.pid]) pinToCore(pid, 1);

  const setShare = async (share: number | undefined) => {
    for (const [name, { evaluate }] of inspectors) await evaluate(startTracingIn(name, share));
  };
  /** Microseconds, exactly: the system's tables count ticks of 10 ms. */
  const cpu = () =>
    Promise.all(
      processes.map(async (name) => {
        const usage = await inspectors.get(name)?.evaluate('process.cpuUsage()');
        const { user, system } = usage as NodeJS.CpuUsage;
        return user + system;
      }),
    );
  const run = async (request: MakeRequest, seconds: number, share: number | undefined): Promise<Cost> => {
    await setShare(share);
    const before = await cpu();
    const { requests: count } = await closedLoop(generator, { port: fleet.ports.gateway, headers, request }, seconds);
    // Waits for the last batch, which is part of the cost of traces; starting and ending them is not: a process does it once.
    await sleep(100);
    const [gateway = 0, customer = 0] = (await cpu()).map((time, index) => (time - (before[index] ?? 0)) / count);
    await setShare(undefined);
    return { gateway, customer };
  };
  const measureAll = async (request: MakeRequest) => {
    const shares = Object.entries(variants);
    const costs = new Map<string, Cost[]>(shares.map(([name]) => [name, []]));
    for (const [, share] of shares) await run(request, effort.warm_up, share);
    for (let round = 0; round < effort.rounds; round += 1) {
      // Any order, so that none always bears what another one leaves behind.
      for (const [name, share] of shuffle(shares)) {
        stopping.signal.throwIfAborted();
        costs.get(name)?.push(await run(request, seconds, share));
      }
    }
    return costs;
  };

  const print = (costs: ReadonlyMap<string, readonly Cost[]>) => {
    const [off = [], control = []] = costs.values();
    const reference = off.map((cost, round) => meanCost(cost, control[round] ?? cost));
    writeLine(`| traces | ${processes.map((name) => `${name} µs | more`).join(' | ')} |`);
    writeLine(`| --- |${' --- | --- |'.repeat(processes.length)}`);
    for (const [name, rounds] of costs) {
      const cells = processes.flatMap((side) => [
        Math.round(median(rounds.map((cost) => cost[side]))),
        medianWithInterval(rounds.map((cost, round) => (cost[side] / (reference[round]?.[side] ?? 0) - 1) * 100)),
      ]);
      writeLine(`| ${[name, ...cells].join(' | ')} |`);
    }
  };
  for (const [name, makeRequest] of Object.entries(requests)) {
    const request = makeRequest(benchFleet);
    const costs = await measureAll(request);
    writeLine(`\n${name}, ${effort.rounds} rounds of ${seconds} s, load of the machine ${loadNow()}\n`);
    print(costs);
    writeLine(
      `\n| traces | ${processes.map((name) => `${name}: time in the code of traces | in garbage collection`).join(' | ')} |`,
    );
    writeLine(`| --- |${' --- | --- |'.repeat(processes.length)}`);
    for (const [variant, share] of Object.entries(variants)) {
      const cells: string[] = [];
      for (const { call } of inspectors.values()) {
        const found = await profile(call, () => run(request, effort.profile, share));
        const { code, garbage } = sharesOf(found, tracingCode);
        cells.push(`${(code * 100).toFixed(2)} % | ${(garbage * 100).toFixed(2)} %`);
      }
      writeLine(`| ${[variant, ...cells].join(' | ')} |`);
    }
  }
  if (exports === 0) throw new Error('no span was exported: nothing was measured');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const hook of hooks.toReversed()) await hook();
}

/** Returns code that starts tracing in a process of the fleet, or ends it, in the module that its own code has loaded. */
function startTracingIn(service: string, share: number | undefined): string {
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: share,
  };
  const runtime = realpathSync(join(repoRoot, 'packages', 'runtime', 'src', 'index.ts'));
  return `(async () => {
    const { startTracing } = process.getBuiltinModule('node:module').createRequire(${JSON.stringify(runtime)})('./tracing.ts');
    await globalThis.stopTracing?.();
    globalThis.stopTracing = ${share === undefined ? 'undefined' : `await startTracing(${JSON.stringify(service)}, ${JSON.stringify(settings)}, console)`};
  })()`;
}

function meanCost(a: Cost, b: Cost): Cost {
  return { gateway: (a.gateway + b.gateway) / 2, customer: (a.customer + b.customer) / 2 };
}

/** Returns the items in a random order. */
function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** The median and its 95 % interval, by ranks: rounds in which the machine did something else do not move it. */
function medianWithInterval(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (rank: number) => (sorted[Math.min(Math.max(Math.round(rank), 0), sorted.length - 1)] ?? 0).toFixed(1);
  const [middle, reach] = [(sorted.length - 1) / 2, 0.98 * Math.sqrt(sorted.length)];
  return `${median(values).toFixed(1)} % (${at(middle - reach)} to ${at(middle + reach)})`;
}

/** Keeps all threads of a process on one core. @throws Error where there is no `taskset`, or no such core */
function pinToCore(pid: number | undefined, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' });
}
