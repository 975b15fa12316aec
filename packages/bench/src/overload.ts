import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { startBenchFleet } from './bench-fleet.ts';
import { cpuTime } from './cpu.ts';
import { burn, startGenerator, type Outcome, type Sample } from './open-loop.ts';
import { loadNow } from './report.ts';

// Offers five times what the fleet can do, whatever it responds. Nine of ten requests are reads, one creates a customer. The niced
// generator waits for the CPU itself, so times are those of a probe beside it: a client of normal priority with few requests, whose
// connections are open before the overload begins. A second one opens its connections amid the 2,000 of the generator.

const { values } = readCommandLine('Usage: npm run bench:overload [-- --quick]', {
  options: { quick: { type: 'boolean', default: false } },
});
const seconds = values.quick ? 10 : 30;
const overloadFactor = 5;
const probeRate = 100; // requests a second of each probe
const probeConnections = 200; // none is missing while responses take 2 s at most
const required = { goodput: 0.8, refusedWithin: 100, servedP99: 1000, recovery: 5 };
const window = 500; // milliseconds
const writeLine = (line: string) => process.stdout.write(`${line}\n`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error('stopped')));

const isServed = ([, , status]: Sample) => status >= 200 && status < 300;
const isWrite = ([, , , request]: Sample) => request === 0;
const isRefused = ([, , status]: Sample) => status === 503;
const percentile = (samples: readonly Sample[], share: number): number => {
  const sorted = samples.map(([, duration]) => duration).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};
const rateOf = (samples: readonly Sample[], time: number) => samples.length / time;

/** Finds after how many seconds every window is as before the overload: nothing refused, and a median of at most twice that. */
function recoveryTime({ samples }: Outcome, normalMedian: number): number {
  const disturbed = [...Map.groupBy(samples, ([sentAt]) => Math.floor(sentAt / window))]
    .filter(([, within]) => !within.every(isServed) || percentile(within, 0.5) > 2 * normalMedian + 5)
    .map(([index]) => ((index + 1) * window) / 1000);
  return Math.max(0, ...disturbed);
}

const load_before = loadNow();
const benchFleet = await startBenchFleet(stopping.signal, undefined, { gatewayFirst: true });
const generator = await startGenerator({ isNiced: true });
const probe = await startGenerator({ isNiced: false });
const newcomer = await startGenerator({ isNiced: false });
try {
  const { fleet, bearer, customer_id } = benchFleet;
  const port = fleet.ports.gateway;
  const raw = (method: string, path: string, body = '') =>
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${bearer['Authorization']}\r\n` +
    `${body && `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`;
  const requests = Array.from({ length: 10 }, (_, n) =>
    n === 0
      ? raw('POST', '/api/customers', '{"full_name":"Under load"}')
      : raw('GET', n === 1 ? '/api/products' : `/api/customers/${customer_id}`),
  );
  const closed = { port, requests, connections: 32 };
  const open = { port, requests, connections: 2000 };
  const gatewayCpu = () => cpuTime(fleet.pid('gateway') ?? 0);

  writeLine('warming up');
  await generator.run({ ...closed, seconds: values.quick ? 5 : 15 });
  stopping.signal.throwIfAborted();
  const measuredCapacity = await generator.run({ ...closed, seconds: values.quick ? 5 : 10 });
  const capacity = rateOf(measuredCapacity.samples.filter(isServed), values.quick ? 5 : 10);
  const normal = await generator.run({ ...open, rate: capacity / 2, seconds: 5 });
  const normalMedian = percentile(normal.samples, 0.5);
  stopping.signal.throwIfAborted();

  const rate = capacity * overloadFactor;
  writeLine(`capacity ${capacity.toFixed(0)} requests/s; offering ${rate.toFixed(0)} requests/s for ${seconds} s`);
  const cpuBefore = gatewayCpu();
  const [overload, probed, newcomers] = await Promise.all([
    generator.run({ ...open, rate: rate - 2 * probeRate, seconds }),
    probe.run({ ...open, rate: probeRate, connections: probeConnections, opened: probeConnections, seconds }),
    newcomer.run({ ...open, rate: probeRate, seconds }),
  ]);
  const offered = [overload, probed, newcomers];
  const cpuShare = offered.reduce((sum, outcome) => sum + outcome.cpuShare, 0);
  const cpuOfOverload = gatewayCpu() - cpuBefore;
  const after = await generator.run({ ...open, rate: capacity / 2, seconds: 10 });
  stopping.signal.throwIfAborted();

  writeLine('measuring the peak with the same CPU share of the generator');
  const stopBurning = await burn(generator, cpuShare);
  const cpuBeforePeak = gatewayCpu();
  const peak = await generator.run({ ...closed, seconds: 10 });
  const cpuOfServed = (gatewayCpu() - cpuBeforePeak) / peak.samples.length;
  stopBurning();

  const samples = offered.flatMap((outcome) => outcome.samples);
  const served = samples.filter(isServed);
  const refused = samples.filter(isRefused);
  const others = samples.filter((sample) => !isServed(sample) && !isRefused(sample));
  const failures = offered.flatMap((outcome) => Object.entries(outcome.failures));
  const unanswered = failures.reduce((sum, [, count]) => sum + count, 0);
  const goodput = rateOf(served, seconds);
  const peakRate = rateOf(peak.samples.filter(isServed), 10);
  const times = { refused: probed.samples.filter(isRefused), served: probed.samples.filter(isServed) };
  const share = goodput / peakRate;
  const refusedWithin = percentile(times.refused, 0.99);
  const servedP99 = percentile(times.served, 0.99);
  const recovery = recoveryTime(after, normalMedian);
  const cpuOfRefused = (cpuOfOverload - cpuOfServed * served.length) / refused.length;

  const ms = (sampled: readonly Sample[], at: number) => `${percentile(sampled, at).toFixed(0)} ms`;
  const spread = (sampled: readonly Sample[]) =>
    `${ms(sampled, 0.99)} (median ${ms(sampled, 0.5)}, n ${sampled.length})`;
  const bothSpreads = (sampled: readonly Sample[]) =>
    `refused ${spread(sampled.filter(isRefused))}, served ${spread(sampled.filter(isServed))}`;
  const rows: [figure: string, measured: string, required: string, isMet: boolean][] = [
    [
      `goodput, of the peak (${peakRate.toFixed(0)}/s)`,
      `${(share * 100).toFixed(0)} % (${goodput.toFixed(0)}/s)`,
      '≥ 80 %',
      share >= required.goodput,
    ],
    ['refusals, 99 % within', spread(times.refused), '≤ 100 ms', refusedWithin <= required.refusedWithin],
    ['served, 99 % within', spread(times.served), '< 1,000 ms', servedP99 < required.servedP99],
    ['back to normal after', `${recovery.toFixed(1)} s`, '≤ 5 s', recovery <= required.recovery],
    ['without a response', String(unanswered), '0', unanswered === 0],
  ];
  const table = [
    '| figure | measured | required | met |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ([figure, measured, bound, isMet]) => `| ${figure} | ${measured} | ${bound} | ${isMet ? 'yes' : 'NO'} |`,
    ),
    `| gateway's CPU per refused request | ${cpuOfRefused.toFixed(0)} µs (per served one ${cpuOfServed.toFixed(0)} µs) | – | – |`,
  ].join('\n');
  const at = new Date().toISOString();
  const about =
    `${at}: ${availableParallelism()} cores, load average before ${load_before}. Capacity ${capacity.toFixed(0)}/s; due ${rate.toFixed(0)}/s, ` +
    `sent ${((samples.length + unanswered) / seconds).toFixed(0)}/s for ${seconds} s by a niced generator with ${(overload.cpuShare * 100).toFixed(0)} % of a core; ` +
    `${served.length} served (${served.filter(isWrite).length} writes), ${refused.length} refused, ${others.length} others; ` +
    `${offered.reduce((sum, { unsent }) => sum + unsent, 0)} were not sent, because all connections waited. The peak was measured with the same CPU share. ` +
    `Times are those of ${probed.samples.length} requests of a probe with normal priority, ${(probed.cpuShare * 100).toFixed(0)} % of a core and connections ` +
    `that were open before, whose wake-ups were at most ${probed.ownDelay.toFixed(0)} ms late in 99 %. Of one that opened its connections ` +
    `during the overload: ${bothSpreads(newcomers.samples)}. The generator's wake-ups were ${overload.ownDelay.toFixed(0)} ms late, which its own times ` +
    `include: ${bothSpreads(overload.samples)}.` +
    failures.map(([what, count]) => ` ${count} × ${what}.`).join('');
  const folder = join(repoRoot, '.data', 'bench');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `overload-${at.replaceAll(/[:.]/g, '-')}.md`);
  writeFileSync(path, `${table}\n\n${about}\n`);
  writeLine(`\n${table}\n\n${about}\nwritten to ${relative(repoRoot, path)}`);
  if (!rows.every(([, , , isMet]) => isMet)) {
    process.stderr.write('a requirement is not met\n');
    process.exitCode = 1;
  }
} finally {
  generator.stop();
  probe.stop();
  newcomer.stop();
  await benchFleet.end();
}
