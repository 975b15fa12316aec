import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { databaseName, repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { amounts, loadIdentity } from './identity-data.ts';
import { logOf } from './log.ts';
import { median } from './measure.ts';
import { plansOf } from './plans.ts';
import { loadNow } from './report.ts';
import { startBenchFleet } from './bench-fleet.ts';

// Measures lists, searches and statistics of users and companies in a large installation, for a superuser, who sees all of it, and for
// an admin of the largest company. One request at a time, at the auth service's own port.

readCommandLine('Usage: npm run bench:identity');

const rounds = 60;
const maxMedian = 100; // milliseconds

const users = '/api/v1/users';
const requests: Readonly<Record<string, readonly string[]>> = {
  'list of users': [users, `${users}?offset=40`, `${users}?limit=100`],
  'list far down': [`${users}?offset=9000`],
  'list by role and state': [`${users}?role=manager&is_active=true`, `${users}?role=admin`],
  'search by name': ['elena', 'quintana zam', 'hugo torres', 'carla be'].map((term) => `${users}?search=${term}`),
  'search by e-mail, phone, username': ['user77310@', '60005', 'user-4321', '+34 600 01'].map(
    (term) => `${users}?search=${encodeURIComponent(term)}`,
  ),
  'search that matches every user': [`${users}?search=example.com`],
  'search by two characters': [`${users}?search=an`],
  'search without a match': [`${users}?search=nowhere to be found`],
  'user analytics': [`${users}/analytics`],
  'list of companies': ['/api/v1/companies', '/api/v1/companies?limit=100&offset=500'],
  'company analytics': ['/api/v1/companies/analytics'],
};

const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error('stopped')));

const load_before = loadNow();
const benchFleet = await startBenchFleet(stopping.signal);
try {
  const { fleet, as_gateway, company_id } = benchFleet;
  writeLine(`loading ${amounts.users} users in ${amounts.companies} companies`);
  await loadIdentity(fleet.databases.auth.ownerUrl, company_id);
  const { 'X-Company-Id': _, ...otherHeaders } = as_gateway;
  const callers = { superuser: { ...otherHeaders, 'X-User-Role': 'superuser' }, admin: as_gateway };
  const get = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${fleet.ports.auth}${path}`, { headers });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  };

  const rows: { name: string; caller: string; median: number; p95: number }[] = [];
  for (const [name, paths] of Object.entries(requests)) {
    for (const [caller, headers] of Object.entries(callers)) {
      const durations: number[] = [];
      for (let round = -5; round < rounds; round += 1) {
        const startTime = performance.now();
        await get(paths[(round + 5) % paths.length] ?? users, headers);
        if (round >= 0) durations.push(performance.now() - startTime);
        stopping.signal.throwIfAborted();
      }
      const p95 = durations.toSorted((a, b) => a - b)[Math.floor(rounds * 0.95)] ?? 0;
      rows.push({ name, caller, median: median(durations), p95 });
    }
  }

  const server = {
    adminUrl: fleet.postgres.adminUrl ?? '',
    database: databaseName('auth'),
    log: await logOf(fleet.postgres.adminUrl ?? ''),
  };
  const plans: string[] = [];
  for (const [name, [path = users]] of Object.entries(requests)) {
    const found = await plansOf(server, () => get(path, callers.superuser));
    plans.push(`### ${name}: ${path}`, '', ...found.map((plan) => `\`\`\`\n${plan}\n\`\`\``), '');
  }

  const table = [
    '| request | caller | median ms | 95 % ms |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row.name} | ${row.caller} | ${row.median.toFixed(1)} | ${row.p95.toFixed(1)} |`),
  ].join('\n');
  const at = new Date().toISOString();
  const about = `${at}: ${amounts.users} users in ${amounts.companies} companies, the admin's with a tenth of them; ${rounds} requests each, one at a time. Load average before: ${load_before}.`;
  const folder = join(repoRoot, '.data', 'bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `identity-${at.replaceAll(/[:.]/g, '-')}.md`);
  writeFileSync(file, [table, '', about, '', '## Plans', '', ...plans].join('\n'));
  writeLine(`\n${table}\n\n${about}\nwith the plans in ${relative(repoRoot, file)}`);
  const slow = rows.filter((row) => row.median > maxMedian);
  for (const { name, caller } of slow) process.stderr.write(`too slow: ${name}, caller ${caller}\n`);
  if (slow.length > 0) process.exitCode = 1;
} finally {
  await benchFleet.end();
}
