import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { startBenchFleet } from './bench-fleet.ts';
import { burn, startGenerator, type Outcome, type Sample } from './open-loop.ts';
import { loadNow } from './report.ts';

// Offers five times what the fleet can do, whatever it responds. Nine of ten requests are reads, one creates a customer.

const { values } = readCommandLine('Usage: npm run bench:overload [-- --quick]', {
  options: { quick: { type: 'boolean', default: false } },
});
const seconds = values.quick ? 10 : 30;
const overloadFactor = 5;
const required = { goodput: 0.8, refusedWithin: 100, servedP99: 1000, recovery: 5 };
const window = 500; // milliseconds
const writeLine = (line: string) => process.stdout.write(`${line}\n`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error('stopped')));

const isServed = ([, , status]: Sample) => status >= 200 && status < 300;
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
const benchFleet = await startBenchFleet(stopping.signal);
const generator = await startGenerator();
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
  const overload = await generator.run({ ...open, rate, seconds });
  const after = await generator.run({ ...open, rate: capacity / 2, seconds: 10 });
  stopping.signal.throwIfAborted();

  writeLine('measuring the peak with the same CPU share of the generator');
  const stopBurning = await burn(generator, overload.cpuShare);
  const peak = await generator.run({ ...closed, seconds: 10 });
  stopBurning();

  const served = overload.samples.filter(isServed);
  const refused = overload.samples.filter(isRefused);
  const others = overload.samples.filter((sample) => !isServed(sample) && !isRefused(sample));
  const goodput = rateOf(served, seconds);
  const peakRate = rateOf(peak.samples.filter(isServed), 10);
  const results = {
    goodput: goodput / peakRate,
    refusedWithin: percentile(refused, 0.99),
    servedP99: percentile(served, 0.99),
    recovery: recoveryTime(after, normalMedian),
  };
  const isMet =
    results.goodput >= required.goodput &&
    results.refusedWithin <= required.refusedWithin &&
    results.servedP99 < required.servedP99 &&
    results.recovery <= required.recovery &&
    overload.unanswered === 0;
  const sent = overload.samples.length + overload.unanswered;
  const table = [
    '| figure | measured | required |',
    '| --- | --- | --- |',
    `| goodput, of the peak (${peakRate.toFixed(0)}/s) | ${(results.goodput * 100).toFixed(0)} % (${goodput.toFixed(0)}/s) | ≥ 80 % |`,
    `| refusals, 99 % within | ${results.refusedWithin.toFixed(0)} ms (median ${percentile(refused, 0.5).toFixed(0)} ms) | ≤ 100 ms |`,
    `| served, 99 % within | ${results.servedP99.toFixed(0)} ms (median ${percentile(served, 0.5).toFixed(0)} ms) | < 1,000 ms |`,
    `| back to normal after | ${results.recovery.toFixed(1)} s | ≤ 5 s |`,
  ].join('\n');
  const at = new Date().toISOString();
  const about =
    `${at}: ${availableParallelism()} cores, load average before ${load_before}. Capacity ${capacity.toFixed(0)}/s; due ${rate.toFixed(0)}/s, ` +
    `sent ${(sent / seconds).toFixed(0)}/s for ${seconds} s by a niced generator with ${(overload.cpuShare * 100).toFixed(0)} % of a core; ` +
    `${served.length} served, ${refused.length} refused, ${others.length} others, ${overload.unanswered} without a response. ` +
    `The peak was measured with the same CPU share.`;
  const folder = join(repoRoot, '.data', 'bench');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `overload-${at.replaceAll(/[:.]/g, '-')}.md`);
  writeFileSync(path, `${table}\n\n${about}\n`);
  writeLine(`\n${table}\n\n${about}\nwritten to ${relative(repoRoot, path)}`);
  if (!isMet) {
    process.stderr.write('a requirement is not met\n');
    process.exitCode = 1;
  }
} finally {
  generator.stop();
  await benchFleet.end();
}
