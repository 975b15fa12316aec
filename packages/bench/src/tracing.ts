import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startBenchFleet, type BenchFleet } from './bench-fleet.ts';
import { cpuTime } from './cpu.ts';
import { startLoad } from './load.ts';
import { median } from './measure.ts';
import { loadNow } from './report.ts';

// Measures what traces cost: the CPU time of a request at the gateway and at its service, with traces off, at 5 % and at 100 %, on fleets
// that run side by side and are measured in turns. With --base also on the fleet of another checkout, such as one from before a change.

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, base: { type: 'string' } },
});
const effort = values.quick ? { rounds: 5, seconds: 2, warm_up: 3000 } : { rounds: 20, seconds: 5, warm_up: 20_000 };
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
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: String(share) },
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
const costs = new Map<string, Cost[]>(Object.keys(variants).map((name) => [name, []]));

const hooks: (() => Promise<void> | void)[] = [() => void collector.close()];
try {
  const load = await startLoad();
  hooks.push(load.stop);
  const fleets = new Map<string, BenchFleet>();
  for (const [name, variant] of Object.entries(variants)) {
    const fleet = await startBenchFleet(stopping.signal, undefined, variant);
    hooks.push(fleet.end);
    fleets.set(name, fleet);
  }
  const targetOf = ({ fleet, customer_id, bearer }: BenchFleet) => ({
    url: `${fleet.url}/api/customers/${customer_id}`,
    headers: bearer,
  });
  for (const fleet of fleets.values()) await load.run(targetOf(fleet), { requests: effort.warm_up });
  for (let round = 0; round < effort.rounds; round += 1) {
    // Each round begins with another variant, so that what changes during a round affects all.
    const names = [...fleets.keys()];
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      stopping.signal.throwIfAborted();
      const benchFleet = fleets.get(name) as BenchFleet;
      const cpu = () => ({
        gateway: cpuTime(benchFleet.fleet.pid('gateway') ?? 0),
        customer: cpuTime(benchFleet.fleet.pid('customer') ?? 0),
      });
      const before = cpu();
      const { requests } = await load.run(targetOf(benchFleet), { seconds: effort.seconds });
      const after = cpu();
      costs.get(name)?.push({
        gateway: (after.gateway - before.gateway) / requests,
        customer: (after.customer - before.customer) / requests,
      });
    }
  }

  const reference = costs.get(values.base === undefined ? 'off' : 'base') ?? [];
  const row = (name: string, rounds: readonly Cost[]) => {
    const cells = (['gateway', 'customer'] as const).flatMap((side) => [
      `${Math.round(median(rounds.map((cost) => cost[side])))}`,
      `${((median(rounds.map((cost, round) => cost[side] / (reference[round]?.[side] ?? 0))) - 1) * 100).toFixed(1)} %`,
    ]);
    return `| ${name} | ${cells.join(' | ')} |`;
  };
  writeLine('| traces | gateway µs | more | customer µs | more |');
  writeLine('| --- | --- | --- | --- | --- |');
  for (const [name, rounds] of costs) writeLine(row(name, rounds));
  writeLine(
    `\nGET /api/customers/{customer_id}; ${effort.rounds} rounds of ${effort.seconds} s each; load ${loadNow()}`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const hook of hooks.toReversed()) await hook();
}
