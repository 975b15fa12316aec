import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import pg from 'pg';
import { databaseName, repoRoot } from '@clientela/fleet';
import { asked, type Asked } from './customers-cases.ts';
import { amounts, loadCustomers } from './customers-data.ts';
import { logOf } from './log.ts';
import { median } from './measure.ts';
import { plansOf } from './plans.ts';
import { loadNow } from './report.ts';
import { startBenchFleet } from './bench-fleet.ts';

// How long lists, searches and figures of customers take in a company with a million of them, beside a hundred other companies: each asked
// at the customer service's own port, one request at a time, right after a write.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    only: { type: 'string', default: '' }, // parts of names, with | between them
    keep: { type: 'string' }, // a folder in which the loaded data stay, for the next run
  },
});
const rounds = Number(values.rounds);

const say = (line: string) => process.stdout.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error('stopped')));

const load_before = loadNow();
const street = await startBenchFleet(stopping.signal, values.keep);
try {
  const { fleet, as_gateway, company_id } = street;
  const { ownerUrl } = fleet.databases.customer;
  const loaded = values.keep && join(values.keep, 'loaded');
  if (loaded && existsSync(loaded)) say(`what was loaded into ${values.keep} before`);
  else {
    say(
      `loading ${amounts.largest} customers of one company and ${amounts.each} of each of ${amounts.companies} others`,
    );
    await loadCustomers(ownerUrl, company_id, say);
    if (loaded) writeFileSync(loaded, '');
  }

  const service = `http://127.0.0.1:${fleet.ports.customer}`;
  const send = async (method: string, path: string, body?: object) => {
    const headers = { ...as_gateway, ...(body && { 'Content-Type': 'application/json' }) };
    const answer = await fetch(service + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as { total?: number; total_is_estimate?: true; customer?: { id: string } };
  };
  let written = Date.now(); // another one in each run on the same data
  const write = () => {
    written += 1;
    const [firstname, lastname] = ['Ana', `García Marín ${written}`];
    return send('POST', '/api/customers', {
      firstname,
      lastname,
      email: `written${written}@example.com`,
      tags: ['Newsletter'],
    });
  };
  await asTheServiceWrites(ownerUrl, company_id, (id) => send('PUT', `/api/customers/${id}`, { gender: 'other' }));

  const id = (await write()).customer?.id ?? '';
  const only = values.only.split('|');
  const cases = asked(id).filter(({ name }) => only.some((part) => name.includes(part)));
  const rows: (Asked & { total: string; median: number; p95: number })[] = [];
  for (const one of cases) {
    const taken: number[] = [];
    let total = '';
    for (let round = 0; round < rounds; round += 1) {
      await write();
      const begun = performance.now();
      const answer = await send('GET', one.path);
      taken.push(performance.now() - begun);
      total = answer.total === undefined ? '' : `${answer.total_is_estimate ? '~' : ''}${answer.total}`;
      stopping.signal.throwIfAborted();
    }
    rows.push({
      ...one,
      total,
      median: median(taken),
      p95: taken.toSorted((a, b) => a - b)[Math.floor(rounds * 0.95)] ?? 0,
    });
  }
  for (const [name, most] of [
    ['analytics, not known', 1000],
    ['analytics, known', 20],
  ] as const) {
    const begun = performance.now();
    await send('GET', '/api/customers/analytics');
    const once = performance.now() - begun;
    rows.push({ name, path: '/api/customers/analytics', most, total: '', median: once, p95: once });
  }

  const adminUrl = fleet.postgres.adminUrl ?? '';
  const server = { adminUrl, database: databaseName('customer'), log: await logOf(adminUrl) };
  const plans: string[] = [];
  for (const { name, path } of cases) {
    const found = await plansOf(server, () => send('GET', path));
    plans.push(`### ${name}`, '', ...found.map((plan) => `\`\`\`\n${plan}\n\`\`\``), '');
  }

  const table = [
    '| what | total | median ms | 95 % ms | at most |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ name, total, median, p95, most }) =>
        `| ${name} | ${total} | ${median.toFixed(1)} | ${p95.toFixed(1)} | ${Number.isFinite(most) ? most : ''} |`,
    ),
  ].join('\n');
  const at = new Date().toISOString();
  const about = `${at}: ${amounts.largest} customers, and ${amounts.companies} companies of ${amounts.each}; ${rounds} requests each, each after a write. Load average before: ${load_before}.`;
  const folder = join(repoRoot, '.data', 'bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `customers-${at.replaceAll(/[:.]/g, '-')}.md`);
  writeFileSync(file, [table, '', about, '', '## Plans', '', ...plans].join('\n'));
  say(`\n${table}\n\n${about}\nwith the plans in ${relative(repoRoot, file)}`);
  const slow = rows.filter((row) => row.median > row.most);
  for (const { name } of slow) process.stderr.write(`too slow: ${name}\n`);
  if (slow.length > 0) process.exitCode = 1;
} finally {
  await street.end();
}

/**
 * Has the service write some of the loaded customers again: what is searched must be the same afterwards.
 * @throws Error if the script loads rows that the service would not have written
 */
async function asTheServiceWrites(
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
      return rows.map(({ id, search_text, deletion_keys }) => ({
        id,
        search_text,
        deletion_keys: deletion_keys.toSorted((a, b) => a - b),
      }));
    };
    const { rows: chosen } = await owner.query<{ id: string }>(
      'select id from customers tablesample system (0.1) where company_id = $1 and deleted_at is null limit 300',
      [company_id],
    );
    const ids = chosen.map(({ id }) => id);
    const loaded = await read(ids);
    for (const id of ids) await rewrite(id);
    const again = await read(ids);
    const other = loaded.findIndex((row, at) => !isDeepStrictEqual(row, again[at]));
    if (other >= 0)
      throw new Error(
        `The service writes another row than was loaded:\n${JSON.stringify([loaded[other], again[other]])}`,
      );
  } finally {
    await owner.end();
  }
}
