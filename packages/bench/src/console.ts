import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildConsole, repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
// oxlint-disable-next-line no-restricted-imports -- the index of the package needs vitest
import { chromiumPath } from '@clientela/testing/chromium';
import { chromium } from 'playwright-core';
import { startBenchFleet } from './bench-fleet.ts';
import { measureConsole, type Budget } from './console-measures.ts';
import { amounts, loadCustomers } from './customers-data.ts';
import { loadNow } from './report.ts';

// Measures the web console in Chromium against the budgets that it was designed for. Compare runs of one quiet machine only.

const { values } = readCommandLine(
  `Usage: npm run bench:console [-- options]

  --million       with 1,000,000 customers instead of 25,000
  --keep FOLDER   keeps the loaded data there for the next run`,
  { options: { million: { type: 'boolean', default: false }, keep: { type: 'string' } } },
);
const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Error('interrupted')));

const loadAverage = loadNow();
const want = values.million ? amounts.largest : 25_000;
const rows: Budget[] = [...sizes(), buildTime()];

const built = buildConsole({
  root: repoRoot,
  folder: join(repoRoot, '.data/console'),
  logPath: join(repoRoot, '.data/logs/console-build.log'),
  report: writeLine,
});
await built.done;
const env = { RATE_LIMITS: 'off', CONSOLE_FOLDER: built.folder };
const benchFleet = await startBenchFleet(stopping.signal, values.keep, { env });
const browser = await chromium.launch({
  executablePath: await chromiumPath(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--enable-precise-memory-info'],
});
try {
  const { fleet, bearer, company_id } = benchFleet;
  const answer = await fetch(`${fleet.url}/api/customers?per_page=1&page=1`, { headers: bearer });
  const { total } = (await answer.json()) as { total: number };
  if (total < want / 2)
    await loadCustomers(fleet.databases.customer.ownerUrl, company_id, writeLine, { want, companies: 1 });
  rows.push(...(await measureConsole(browser, fleet.url, stopping.signal, writeLine)));
} finally {
  await browser.close();
  await benchFleet.end();
}

const met = ({ value, max }: Budget) => (max === undefined ? '' : value <= max ? 'yes' : 'no');
const table = [
  '| what | budget | measured | met |',
  '| --- | --- | --- | --- |',
  ...rows.map((row) => `| ${row.what} | ${row.max ?? ''} | ${row.value.toFixed(1)} ${row.unit} | ${met(row)} |`),
].join('\n');
const at = new Date().toISOString();
const text = `${table}\n\n${at}: ${want} customers. Load average before: ${loadAverage}.\n`;
const folder = join(repoRoot, '.data', 'bench');
mkdirSync(folder, { recursive: true });
const file = join(folder, `console-${at.replaceAll(/[:.]/g, '-')}.md`);
writeFileSync(file, text);
writeLine(`\n${text}\nwritten to ${relative(repoRoot, file)}`);
process.exitCode = rows.some((row) => met(row) === 'no') ? 1 : 0;

/** Brotli sizes, as `npm run check` holds them. */
function sizes(): Budget[] {
  const printed = execFileSync(process.execPath, [join(repoRoot, 'packages/console/check-sizes.ts')], {
    encoding: 'utf8',
  });
  return [...printed.matchAll(/console, (.+): ([\d.]+) of (\d+) kB/g)].map(([, what = '', value, max]) => ({
    what: `size: ${what}`,
    value: Number(value),
    max: Number(max),
    unit: 'kB',
  }));
}

/** The second build in a row: what a person waits for who changed something. */
function buildTime(): Budget {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-console-'));
  let seconds = 0;
  for (let run = 0; run < 2; run += 1) {
    const start = performance.now();
    execFileSync(process.execPath, [join(repoRoot, 'packages/console/build.ts'), folder], { stdio: 'ignore' });
    seconds = (performance.now() - start) / 1000;
  }
  rmSync(folder, { recursive: true, force: true });
  return { what: 'build, warm', value: seconds, max: 3, unit: 's' };
}
