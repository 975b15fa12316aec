import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { repoRoot } from '@clientela/fleet';
import { cases } from './cases.ts';
import { startLoad } from './load.ts';
import { type Effort, measure, type Measured } from './measure.ts';
import { startReference } from './reference.ts';
import { loadNow, markdown, report, writeReport } from './report.ts';
import { benchStreet } from './bench-fleet.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const effort: Effort = values.quick
  ? { rounds: 5, seconds: 3, warm_up: 5_000 }
  : { rounds: 15, seconds: 5, warm_up: 20_000 };
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Ends the run at the next step, so that nothing is left behind. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Error('The benchmark was stopped.')));

const closings: (() => Promise<void> | void)[] = [];
try {
  const load_before = loadNow();
  const street = await benchStreet(stopping.signal);
  closings.push(street.end);
  const bare = await startReference(street.fleet.databases.customer.url, street.company_id);
  closings.push(bare.stop);
  const load = await startLoad();
  closings.push(load.stop);

  const found: Measured[] = [];
  for (const one of cases(street, bare)) {
    say(`measuring: ${one.name}`);
    found.push(await measure(one, load, effort, stopping.signal));
  }
  const finished = report(found, effort, load_before);
  say(
    `\n${markdown(finished)}\nwritten to ${relative(repoRoot, writeReport(join(repoRoot, '.data', 'bench'), finished))}, and as JSON beside it`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const close of closings.toReversed()) await close();
}
