import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { databaseName, repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { absoluteBound, cases as allCases, type BenchCase } from './customers-cases.ts';
import { amounts, loadCustomers } from './customers-data.ts';
import { logOf } from './log.ts';
import { median } from './measure.ts';
import { plansOf } from './plans.ts';
import { loadNow } from './report.ts';
import { startBenchFleet } from './bench-fleet.ts';

// Measures lists and searches in a company of a million customers that shares its database with a hundred other companies. Each request
// goes to the customer service's own port, one at a time, right after a write.

const { values } = readCommandLine(
  `Usage: npm run bench:customers [-- options]

  --rounds NUMBER         of each request (default: 9)
  --only PARTS            cases by parts of their names, separated by |
  --plans slow|all|none   which query plans to report; slow (the default): of cases over their bound
  --keep FOLDER           keeps the loaded data there for the next run`,
  {
    options: {
      rounds: { type: 'string', default: '9' },
      only: { type: 'string', default: '' },
      plans: { type: 'string', default: 'slow' },
      keep: { type: 'string' },
    },
  },
);
const rounds = Number(values.rounds);

const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupted.abort(new Error('interrupted')));

type Page = { total?: number; total_is_estimate?: true; next_cursor?: string | null; customer?: { id: string } };
type Row = { name: string; bound: number; total: string; median: number; p95: number; max: number };

const loadAverage = loadNow();
const fleetUnderTest = await startBenchFleet(interrupted.signal, values.keep);
try {
  const { fleet, as_gateway, company_id } = fleetUnderTest;
  const { ownerUrl } = fleet.databases.customer;
  const loadedMark = values.keep && join(values.keep, 'loaded');
  if (loadedMark && existsSync(loadedMark)) writeLine(`Reusing the data in ${values.keep}`);
  else {
    writeLine(
      `Loading ${amounts.largest} customers of one company and ${amounts.each} of each of ${amounts.companies} others`,
    );
    await loadCustomers(ownerUrl, company_id, writeLine);
    if (loadedMark) writeFileSync(loadedMark, '');
  }

  const service = `http://127.0.0.1:${fleet.ports.customer}`;
  const send = async (method: string, path: string, options: { body?: object; scope?: BenchCase['scope'] } = {}) => {
    const { body, scope } = options;
    const headers: Record<string, string> = { ...as_gateway, ...(body && { 'Content-Type': 'application/json' }) };
    if (scope === 'small') headers['X-Company-Id'] = smallCompany;
    if (scope === 'all') {
      headers['X-User-Role'] = 'superuser';
      delete headers['X-Company-Id'];
    }
    const response = await fetch(service + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Page;
  };
  const smallCompany = await anotherCompany(ownerUrl, company_id);
  let written = Date.now(); // unique in each run on the same data
  const write = () => {
    written += 1;
    const [firstname, lastname] = ['Ana', `García Marín ${written}`];
    const body = { firstname, lastname, email: `written${written}@example.com`, tags: ['Newsletter'] };
    return send('POST', '/api/customers', { body });
  };
  await assertRowsAsWritten(ownerUrl, company_id, (id) =>
    send('PUT', `/api/customers/${id}`, { body: { gender: 'other' } }),
  );

  const id = (await write()).customer?.id ?? '';
  const only = values.only.split('|');
  const cases = allCases(id).filter(({ name }) => only.some((part) => name.includes(part)));
  const pathOf = async ({ path, pagesBefore = 0, scope }: BenchCase) => {
    let current = path;
    for (let page = 0; page < pagesBefore; page += 1) {
      const { next_cursor } = await send('GET', current, { scope });
      if (!next_cursor) break;
      current = `${path}${encodeURIComponent(next_cursor)}`;
    }
    return current;
  };
  const rows: Row[] = [];
  for (const benchCase of cases) {
    const path = await pathOf(benchCase);
    const times: number[] = [];
    let total = '';
    for (let round = 0; round < rounds; round += 1) {
      await write();
      const startedAt = performance.now();
      const page = await send('GET', path, { scope: benchCase.scope });
      times.push(performance.now() - startedAt);
      total = page.total === undefined ? '' : `${page.total_is_estimate ? '~' : ''}${page.total}`;
      interrupted.signal.throwIfAborted();
    }
    rows.push({ ...summary(times), name: benchCase.name, bound: benchCase.bound, total });
  }
  const series = '/api/customers/analytics/series?metric=customers&interval=week&from=';
  const longAgo = new Date(Date.now() - 390 * 7 * 86_400_000).toISOString();
  for (const [name, bound, path] of [
    ['analytics, uncached', 1000, '/api/customers/analytics'],
    ['analytics, cached', 20, '/api/customers/analytics'],
    ['labels, uncached', 1000, '/api/customers/tags/labels'],
    ['series of 390 weeks, uncached', 1000, `${series}${longAgo}`],
  ] as const) {
    const startedAt = performance.now();
    await send('GET', path);
    rows.push({ ...summary([performance.now() - startedAt]), name, bound, total: '' });
  }

  const isSlow = ({ median, max, bound }: Row) => median > bound || max > absoluteBound;
  const slow = rows.filter(isSlow);
  const adminUrl = fleet.postgres.adminUrl ?? '';
  const server = { adminUrl, database: databaseName('customer'), log: await logOf(adminUrl) };
  const plans: string[] = [];
  for (const benchCase of values.plans === 'none' ? [] : cases) {
    if (values.plans === 'slow' && !slow.some(({ name }) => name === benchCase.name)) continue;
    const path = await pathOf(benchCase);
    const found = await plansOf(server, () => send('GET', path, { scope: benchCase.scope }));
    plans.push(`### ${benchCase.name}`, '', ...found.map((plan) => `\`\`\`\n${plan}\n\`\`\``), '');
  }

  const table = [
    '| case | total | median ms | 95 % ms | max ms | bound |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ name, total, median, p95, max, bound }) =>
        `| ${name} | ${total} | ${median.toFixed(1)} | ${p95.toFixed(1)} | ${max.toFixed(1)} | ${bound} |`,
    ),
  ].join('\n');
  const at = new Date().toISOString();
  const conditions = `${at}: ${amounts.largest} customers, and ${amounts.companies} companies of ${amounts.each}; ${rounds} requests each, each after a write. Load average before: ${loadAverage}.`;
  const folder = join(repoRoot, '.data', 'bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `customers-${at.replaceAll(/[:.]/g, '-')}.md`);
  writeFileSync(file, [table, '', conditions, '', '## Plans', '', ...plans].join('\n'));
  writeLine(`\n${table}\n\n${conditions}\nThe plans are in ${relative(repoRoot, file)}`);
  for (const { name, median, max, bound } of slow)
    process.stderr.write(
      `Over its bound of ${bound} ms: ${name} (median ${median.toFixed(0)}, max ${max.toFixed(0)})\n`,
    );
  if (slow.length > 0) process.exitCode = 1;
} finally {
  await fleetUnderTest.end();
}

function summary(times: readonly number[]): Pick<Row, 'median' | 'p95' | 'max'> {
  const sorted = times.toSorted((a, b) => a - b);
  return { median: median(times), p95: sorted[Math.floor(times.length * 0.95)] ?? 0, max: sorted.at(-1) ?? 0 };
}

async function anotherCompany(ownerUrl: string, company_id: string): Promise<string> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ company_id: string }>(
    'select company_id from customers where company_id <> $1 limit 1',
    [company_id],
  );
  await owner.end();
  return rows[0]?.company_id ?? '';
}

/**
 * Has the service rewrite some loaded customers and compares their search columns before and after.
 * @throws Error if the loader writes other values than the service would
 */
async function assertRowsAsWritten(
  ownerUrl: string,
  company_id: string,
  rewrite: (id: string) => Promise<unknown>,
): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    const read = async (ids: readonly string[]) => {
      const { rows } = await owner.query<{ id: string; search_text: string; deletion_keys: number[] }>(
        'select id, search_text, deletion_keys from customers where company_id = $1 and id = any($2) order by id',
        [company_id, ids],
      );
      for (const row of rows) row.deletion_keys.sort((a, b) => a - b);
      return rows;
    };
    const { rows: sample } = await owner.query<{ id: string }>(
      'select id from customers tablesample system (0.1) where company_id = $1 and deleted_at is null limit 300',
      [company_id],
    );
    const ids = sample.map(({ id }) => id);
    const loaded = await read(ids);
    for (const id of ids) await rewrite(id);
    const rewritten = await read(ids);
    const different = loaded.findIndex((row, index) => !isDeepStrictEqual(row, rewritten[index]));
    if (different >= 0)
      throw new Error(
        `The service writes another row than was loaded:\n${JSON.stringify([loaded[different], rewritten[different]])}`,
      );
  } finally {
    await owner.end();
  }
}
