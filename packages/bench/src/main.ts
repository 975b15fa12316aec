import { join, relative } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { cases } from './cases.ts';
import { startLoad } from './load.ts';
import { type Effort, measure, type Measured } from './measure.ts';
import { startReference } from './reference.ts';
import { loadNow, markdown, report, writeReport } from './report.ts';
import { startBenchFleet } from './bench-fleet.ts';

const { values } = readCommandLine('Usage: npm run bench [-- --quick]', {
  options: { quick: { type: 'boolean', default: false } },
});
const effort: Effort = values.quick
  ? { rounds: 5, seconds: 3, warm_up: 5_000 }
  : { rounds: 15, seconds: 5, warm_up: 20_000 };
const writeLine = (line: string) => process.stdout.write(`${line}\n`);

/** Ends the run at the next step, so that it can clean up. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Error('The benchmark was stopped.')));

const shutdownHooks: (() => Promise<void> | void)[] = [];
try {
  const load_before = loadNow();
  const benchFleet = await startBenchFleet(stopping.signal);
  shutdownHooks.push(benchFleet.end);
  const bare = await startReference(benchFleet.fleet.databases.customer.url, benchFleet.company_id);
  shutdownHooks.push(bare.stop);
  const load = await startLoad();
  shutdownHooks.push(load.stop);

  const results: Measured[] = [];
  for (const benchCase of cases(benchFleet, bare)) {
    writeLine(`measuring: ${benchCase.name}`);
    results.push(await measure(benchCase, load, effort, stopping.signal));
  }
  const finished = report(results, effort, load_before);
  writeLine(
    `\n${markdown(finished)}\nwritten to ${relative(repoRoot, writeReport(join(repoRoot, '.data', 'bench'), finished))}, and as JSON next to it`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const hook of shutdownHooks.toReversed()) await hook();
}
