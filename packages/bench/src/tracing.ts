import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { readCommandLine } from '@clientela/runtime';
import { startBenchFleet, type BenchFleet } from './bench-fleet.ts';
import { newCustomer } from './cases.ts';
import { cpuTime } from './cpu.ts';
import { median } from './measure.ts';
import { startGenerator } from './open-loop.ts';
import { loadNow } from './report.ts';
import { closedLoop, type MakeRequest } from './sides.ts';

// Measures what traces cost: the CPU time of a request at the gateway and at its service, with traces off, at 5 % and at 100 %, on fleets
// that run side by side and are measured in turns. With --base also on the fleet of another checkout, such as one from before a change.

const { values } = readCommandLine('Usage: npm run bench:tracing [-- [--quick] [--base CHECKOUT]]', {
  options: { quick: { type: 'boolean', default: false }, base: { type: 'string' } },
});
const effort = values.quick ? { rounds: 5, seconds: 1, warm_up: 3 } : { rounds: 20, seconds: 3, warm_up: 10 }; // seconds
const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error('stopped')));

/** An endpoint that accepts everything, in this process, whose CPU time is not counted. */
const collector = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end());
});
await new Promise<void>((done) => {
  collector.listen(0, '127.0.0.1', done);
});
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const traced = (share: number) => ({
  env: { RATE_LIMITS: 'off', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: String(share) },
});

type Variant = { env?: Record<string, string>; repoRoot?: string };
const variants: Record<string, Variant> = {
  ...(values.base !== undefined && { base: { repoRoot: resolve(values.base) } }),
  off: {},
  '5 %': traced(0.05),
  '100 %': traced(1),
};

/** Microseconds of CPU time per request. */
type Cost = { gateway: number; customer: number };
type Fleets = ReadonlyMap<string, BenchFleet>;

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
  const fleets = new Map<string, BenchFleet>();
  for (const [name, variant] of Object.entries(variants)) {
    const fleet = await startBenchFleet(stopping.signal, undefined, variant);
    hooks.push(fleet.end);
    fleets.set(name, fleet);
  }

  const run = async (benchFleet: BenchFleet, request: MakeRequest, seconds: number): Promise<Cost> => {
    const { fleet, bearer: headers } = benchFleet;
    const cpu = () => ({ gateway: cpuTime(fleet.pid('gateway') ?? 0), customer: cpuTime(fleet.pid('customer') ?? 0) });
    const before = cpu();
    const { requests: count } = await closedLoop(generator, { port: fleet.ports.gateway, headers, request }, seconds);
    const after = cpu();
    return {
      gateway: (after.gateway - before.gateway) / count,
      customer: (after.customer - before.customer) / count,
    };
  };
  const measureAll = async (all: Fleets, makeRequest: (benchFleet: BenchFleet) => MakeRequest) => {
    const costs = new Map<string, Cost[]>([...all.keys()].map((name) => [name, []]));
    for (const benchFleet of all.values()) await run(benchFleet, makeRequest(benchFleet), effort.warm_up);
    for (let round = 0; round < effort.rounds; round += 1) {
      // Each round begins with another variant, so that what changes during a round affects all.
      const inTurn = [...all].map((_, place, list) => list[(place + round) % list.length] as [string, BenchFleet]);
      for (const [name, benchFleet] of inTurn) {
        stopping.signal.throwIfAborted();
        costs.get(name)?.push(await run(benchFleet, makeRequest(benchFleet), effort.seconds));
      }
    }
    return costs;
  };

  const print = (costs: ReadonlyMap<string, readonly Cost[]>) => {
    const reference = costs.get(values.base === undefined ? 'off' : 'base') ?? [];
    const more = (rounds: readonly Cost[], side: keyof Cost) =>
      (median(rounds.map((cost, round) => cost[side] / (reference[round]?.[side] ?? 0))) - 1) * 100;
    writeLine('| traces | gateway µs | more | customer µs | more |');
    writeLine('| --- | --- | --- | --- | --- |');
    for (const [name, rounds] of costs) {
      const cells = (['gateway', 'customer'] as const).flatMap((side) => [
        Math.round(median(rounds.map((cost) => cost[side]))),
        `${more(rounds, side).toFixed(1)} %`,
      ]);
      writeLine(`| ${[name, ...cells].join(' | ')} |`);
    }
  };
  for (const [name, makeRequest] of Object.entries(requests)) {
    const costs = await measureAll(fleets, makeRequest);
    writeLine(`\n${name}, ${effort.rounds} rounds of ${effort.seconds} s, load of the machine ${loadNow()}\n`);
    print(costs);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const hook of hooks.toReversed()) await hook();
}
