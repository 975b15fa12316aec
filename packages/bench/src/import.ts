import { mkdtempSync, openAsBlob, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { readCommandLine } from '@clientela/runtime';
import { startBenchFleet } from './bench-fleet.ts';
import { cpuTime } from './cpu.ts';
import { measureExport } from './export.ts';
import { measureCosts } from './import-costs.ts';
import { writeCustomersFile } from './import-data.ts';
import { median } from './measure.ts';
import { loadNow } from './report.ts';

// Imports a CSV file as a client does, with every index live, and reads a customer beside it. Then exports all customers while others
// are written, and undoes the import. Linux only: it reads /proc.

const { values } = readCommandLine('Usage: npm run bench:import [-- [--rows NUMBER] [--costs NUMBER]]', {
  options: { rows: { type: 'string', default: '1000000' }, costs: { type: 'string', default: '50000' } },
});
const rows = Number(values.rows);
const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupted.abort(new Error('interrupted')));

type ImportState = Record<'status' | 'error', string | null> &
  Record<'read' | 'created' | 'updated' | 'skipped' | 'failed', number>;

const bounds = { rate: 3000, memory: 250, get: 3, first_byte: 1000, undo: 2 };
const loadBefore = loadNow();
const folder = mkdtempSync(join(tmpdir(), 'clientela-bench-import-'));
const bench = await startBenchFleet(interrupted.signal);
const { fleet, as_gateway, customer_id, end } = bench;
try {
  const file = join(folder, 'customers.csv');
  await writeCustomersFile(file, rows);
  const service = `http://127.0.0.1:${fleet.ports.customer}`;
  const get: GetJson = async <Body>(path: string) => {
    const response = await fetch(service + path, { headers: as_gateway });
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };
  const timeOfGet = async () => {
    const startedAt = performance.now();
    await get(`/api/customers/${customer_id}`);
    return performance.now() - startedAt;
  };
  for (let warmUp = 0; warmUp < 200; warmUp += 1) await timeOfGet();
  const usual: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    usual.push(await timeOfGet());
    await wait(10);
  }

  const form = new FormData();
  form.append('file', await openAsBlob(file), 'customers.csv');
  const response = await fetch(`${service}/api/customers/imports`, { method: 'POST', headers: as_gateway, body: form });
  const accepted = (await response.json()) as { import: { id: string } };
  if (response.status !== 202) throw new Error(`${response.status} ${JSON.stringify(accepted)}`);
  const startedAt = performance.now();
  const beside: number[] = [];
  const importer = { cpu: 0, peak: 0 };
  const backends = await watchBackends(fleet.databases.customer.ownerUrl);
  let state: ImportState;
  for (;;) {
    beside.push(await timeOfGet());
    state = (await get<{ import: ImportState }>(`/api/customers/imports/${accepted.import.id}`)).import;
    readImporter(importer);
    await backends.read();
    if (state.status !== 'queued' && state.status !== 'running') break;
    interrupted.signal.throwIfAborted();
    await wait(200);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await backends.end();
  if (state.status !== 'done') throw new Error(`The import ended as ${state.status}: ${state.error}`);

  const rate = rows / seconds;
  const ratio = median(beside) / median(usual);
  const perRow = (microseconds: number) => `${(microseconds / rows).toFixed(0)} µs`;
  writeLine(
    [
      '',
      `| figure | found | bound |`,
      `| --- | --- | --- |`,
      `| rows/s | ${rate.toFixed(0)} (${seconds.toFixed(1)} s for ${rows}) | ${bounds.rate} |`,
      `| created, skipped, failed | ${state.created}, ${state.skipped}, ${state.failed} | |`,
      `| peak memory of the importing process | ${importer.peak.toFixed(0)} MB | ${bounds.memory} MB |`,
      `| median of a get, usual and beside the import | ${median(usual).toFixed(1)} ms, ${median(beside).toFixed(1)} ms (${ratio.toFixed(1)} ×) | ${bounds.get} × |`,
      `| CPU a row of the importing process | ${perRow(importer.cpu)} | |`,
      `| CPU a row of PostgreSQL's backends | ${perRow(backends.cpu())} | |`,
      '',
      `Load average before: ${loadBefore}, after: ${loadNow()}.`,
    ].join('\n'),
  );

  const exported = await measureExport(bench);
  const undo = await undoImport(`${service}/api/customers/imports/${accepted.import.id}/undo`, get);
  writeLine(
    [
      '',
      `| afterwards | found | bound |`,
      `| --- | --- | --- |`,
      `| export of ${exported.rows} customers | ${exported.seconds.toFixed(1)} s | |`,
      `| its first byte | ${exported.first_byte.toFixed(0)} ms | ${bounds.first_byte} ms |`,
      `| memory of the service, before and highest | ${exported.memory.before.toFixed(0)} MB, ${exported.memory.peak.toFixed(0)} MB | |`,
      `| created meanwhile, of them exported | ${exported.written}, ${exported.exported_of_written} | |`,
      `| rows of one moment | ${exported.is_one_moment ? 'yes' : 'no'} | yes |`,
      `| undo | ${undo.toFixed(1)} s (${(undo / seconds).toFixed(2)} × the import) | ${bounds.undo} × |`,
    ].join('\n'),
  );
  const costs = await measureCosts(file, fleet.databases.customer.url, Math.min(rows, Number(values.costs)));
  writeLine(`\n| CPU time of a part, alone | µs a row |\n| --- | --- |`);
  for (const { part, microseconds } of costs) writeLine(`| ${part} | ${microseconds.toFixed(1)} |`);
  const isWithinBounds = [
    rate >= bounds.rate,
    importer.peak <= bounds.memory,
    ratio <= bounds.get,
    exported.first_byte <= bounds.first_byte && exported.is_one_moment,
    undo <= bounds.undo * seconds,
  ].every(Boolean);
  if (!isWithinBounds) process.exitCode = 1;
} finally {
  await end();
  rmSync(folder, { recursive: true, force: true });
}

type GetJson = <Body>(path: string) => Promise<Body>;

/** Undoes the import. @returns seconds */
async function undoImport(url: string, get: GetJson): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(url, { method: 'POST', headers: as_gateway });
  const { job } = (await response.json()) as { job: { id: string } };
  if (response.status !== 202) throw new Error(`The undo was rejected with ${response.status}`);
  for (;;) {
    const { status } = await get<{ status: string }>(`/api/v1/jobs/${job.id}`);
    if (status === 'done') return (performance.now() - startedAt) / 1000;
    if (status !== 'queued' && status !== 'running') throw new Error(`The undo ended as ${status}`);
    interrupted.signal.throwIfAborted();
    await wait(200);
  }
}

/** Reads the CPU time and the peak memory of the process that runs the customer service's jobs. */
function readImporter(importer: { cpu: number; peak: number }): void {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('jobs-main.ts')) continue;
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
      if (!environment.includes(`CUSTOMER_PORT=${fleet.ports.customer}\0`)) continue;
      importer.cpu = Math.max(importer.cpu, cpuTime(Number(entry)));
      const peak = Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1] ?? 0) / 1024;
      importer.peak = Math.max(importer.peak, peak);
    } catch {
      // The process has ended meanwhile.
    }
  }
}

/** Adds up the CPU time of the database's connections from now on. */
async function watchBackends(ownerUrl: string) {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const first = new Map<number, number>();
  const latest = new Map<number, number>();
  let isFirst = true;
  const read = async () => {
    const { rows: found } = await owner.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    for (const { pid } of found) {
      try {
        const time = cpuTime(pid);
        if (isFirst) first.set(pid, time);
        latest.set(pid, time);
      } catch {
        // The connection has ended meanwhile.
      }
    }
    isFirst = false;
  };
  await read();
  const cpu = () => [...latest].reduce((sum, [pid, time]) => sum + time - (first.get(pid) ?? 0), 0);
  return { read, cpu, end: () => owner.end() };
}
