import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { peers, repoRoot, type Peer } from '@clientela/fleet';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { client, fleetTest, metricsToken, type TestFleet } from '../testing/test-fleet.ts';

const test = fleetTest;

type Sample = { name: string; labels: Record<string, string>; value: number };
type Scrape = { peer: Peer; samples: Sample[]; metrics: string[] };

async function scrape(fleet: TestFleet, peer: Peer): Promise<Scrape> {
  const headers = { Authorization: `Bearer ${metricsToken}` };
  const response = await fetch(`http://127.0.0.1:${fleet.ports[peer]}/metrics`, { headers });
  expect([peer, response.status]).toEqual([peer, 200]);
  const text = await response.text();
  return {
    peer,
    metrics: Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name = '']) => name),
    samples: Array.from(text.matchAll(/^([a-z_:]+)(?:\{(.*)\})? (\S+)$/gm), ([, name = '', labels = '', value]) => ({
      name,
      labels: Object.fromEntries(
        Array.from(labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, key, text]) => [key, text]),
      ),
      value: Number(value),
    })),
  };
}

type Expression = { of: string; text: string };
const alerts = (
  parse(readFileSync(join(repoRoot, 'ops/prometheus/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string; annotations: { runbook_url: string } }[] }[];
  }
).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(readFileSync(join(repoRoot, 'ops/grafana/clientela.json'), 'utf8')) as {
  templating: { list: { definition: string }[] };
  panels: { title: string; targets?: { expr: string }[] }[];
};
const expressions: Expression[] = [
  ...alerts.map(({ alert, expr }) => ({ of: `alert ${alert}`, text: expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ of: `panel ${title}`, text: expr })),
  ),
  ...dashboard.templating.list.map(({ definition }) => ({ of: 'variable', text: definition })),
];

/** Reads which metrics an expression of Prometheus names, each with the labels that it compares, and by which labels it groups. */
function namesIn(text: string): { metrics: { name: string; labels: string[] }[]; grouping: string[] } {
  const grouping: string[] = [];
  const rest = text
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\bby\s*\(([^)]*)\)/g, (_, names: string) => {
      grouping.push(...names.split(',').map((name) => name.trim()));
      return '';
    })
    .replaceAll(/(label_values\(\w+), (\w+)\)/g, (_, call: string, name: string) => {
      grouping.push(name);
      return `${call})`;
    });
  const metrics = Array.from(
    rest.matchAll(/\b([a-z_]\w*)\s*(?:\{([^}]*)\})?(?!\w|\s*\()/g),
    ([, name = '', matchers = '']) => ({
      name,
      labels: Array.from(matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g), ([, label = '']) => label),
    }),
  );
  return { metrics, grouping };
}

/** What others expose: Prometheus itself, a node exporter, and the textfile of `npm run backup`. */
const external = new Set([
  'up',
  'node_filesystem_avail_bytes',
  'node_filesystem_size_bytes',
  'clientela_backup_last_success_timestamp_seconds',
]);
const ofTarget = ['instance', 'job'];

/** Metrics without a panel or an alert, and why. */
const withoutPanel: [pattern: RegExp, reason: string][] = [
  [/^process_cpu_(user|system)_seconds_total$/, 'parts of process_cpu_seconds_total'],
  [/^process_(virtual_memory|heap)_bytes$/, 'of Linux; the resident memory is what counts'],
  [/^process_max_fds$/, 'a constant, to read beside process_open_fds'],
  [/^nodejs_active_/, 'what keeps an event loop alive, to look for leaks by hand'],
  [/^nodejs_(heap_size_total|external_memory)_bytes$/, 'parts of the resident memory, to look for leaks by hand'],
  [/^nodejs_heap_space_/, 'parts of the heap, to look for leaks by hand'],
];

/** What tells a person, company or record from others. */
const identifying = [/[0-9a-f]{8}-[0-9a-f]{4}-/i, /@/, /COMP-\d/, /\b\d+\.\d+\.\d+\.\d+\b/, /\d{6,}/];

const maxSeries = 3000;
/** Label sets of requests, 14 series each, as packages/runtime bounds and tests them. */
const requestSeries = 136 * 14;

test('dashboard, alerts and metrics name the same things; no label is unbounded or identifies anybody', async ({
  configuredFleet: fleet,
}) => {
  const anonymous = client(fleet.url);
  const from = { 'X-Forwarded-For': '192.0.2.77' };
  const account = { email: 'metrics@example.com', password: 'correct horse battery' };
  await anonymous.post('/auth/register', { name: 'Some Person', ...account }, from);
  expect((await anonymous.post('/auth/login', { ...account, password: 'wrong' }, from)).status).toBe(401);
  const { body: session } = await anonymous.post('/auth/login', account, from);
  const admin = client(fleet.url, session.access_token as string);
  const { customer } = (await admin.post('/api/customers', { full_name: 'Ana', tags: ['vip'] })).body;
  expect((await admin.post(`/api/customers/${customer.id}/notes`, { content: 'Called' })).status).toBe(201);
  expect((await admin.patch(`/api/customers/${customer.id}`, { firstname: 'Anna' })).status).toBe(200);
  expect((await anonymous.get('/api/customers')).status).toBe(401);
  const isEffective = async () =>
    (await scrape(fleet, 'auth')).samples.some(
      ({ name, labels }) =>
        name === 'clientela_event_effect_seconds_count' && labels['event'] === 'customer.note.added',
    );
  await expect.poll(isEffective).toBe(true);

  const scrapes = await Promise.all(peers.map((peer) => scrape(fleet, peer)));
  const labelsByName = new Map<string, Set<string>>();
  for (const { name, labels } of scrapes.flatMap(({ samples }) => samples))
    labelsByName.set(name, new Set([...(labelsByName.get(name) ?? []), ...Object.keys(labels)]));

  const problems: string[] = [];
  const used = new Set<string>();
  for (const { of, text } of expressions) {
    const { metrics, grouping } = namesIn(text);
    if (metrics.length === 0) problems.push(`${of} names no metric`);
    for (const { name, labels } of metrics) {
      used.add(name);
      if (external.has(name)) continue;
      const known = labelsByName.get(name);
      if (!known) problems.push(`${of}: no process has the metric ${name}`);
      for (const label of labels) if (known && !known.has(label)) problems.push(`${of}: ${name} has no label ${label}`);
    }
    const groupable = new Set(ofTarget.concat(metrics.flatMap(({ name }) => Array.from(labelsByName.get(name) ?? []))));
    for (const label of grouping) if (!groupable.has(label)) problems.push(`${of}: nothing has the label ${label}`);
  }
  for (const name of new Set(scrapes.flatMap(({ metrics }) => metrics))) {
    const isUsed = [name, `${name}_bucket`, `${name}_count`, `${name}_sum`].some((each) => used.has(each));
    const hasReason = withoutPanel.some(([pattern]) => pattern.test(name));
    if (isUsed === hasReason) problems.push(`${name} has ${isUsed ? 'a panel and' : 'neither a panel nor'} a reason`);
  }

  for (const { peer, samples } of scrapes) {
    // What the labels allow at most: all values of one with all values of another.
    const valuesByName = Map.groupBy(samples, ({ name }) => name);
    let most = requestSeries;
    for (const [name, series] of valuesByName) {
      if (name.startsWith('http_server_request_duration_seconds')) continue;
      const labels = new Set(series.flatMap((sample) => Object.keys(sample.labels)));
      most += [...labels].reduce((product, label) => product * new Set(series.map((one) => one.labels[label])).size, 1);
    }
    if (most > maxSeries) problems.push(`${peer} may have ${most} series`);
    for (const { name, labels } of samples) {
      for (const [label, value] of Object.entries(labels)) {
        const isBuild = name === 'clientela_build_info';
        if (!isBuild && identifying.some((pattern) => pattern.test(value)))
          problems.push(`${peer}: ${name} has ${label} ${value}`);
      }
    }
  }
  expect(problems).toEqual([]);

  const sum = (name: string, labels: Record<string, string> = {}) =>
    scrapes
      .flatMap(({ samples }) => samples)
      .filter((one) => one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text))
      .reduce((total, { value }) => total + value, 0);
  for (const [name, labels] of [
    ['clientela_companies_created_total', {}],
    ['clientela_customers_created_total', {}],
    ['clientela_tags_added_total', {}],
    ['clientela_notes_created_total', {}],
    ['clientela_sign_ins_total', { outcome: 'ok' }],
    ['clientela_sign_ins_total', { outcome: 'wrong' }],
    ['clientela_gateway_rejections_total', {}],
    ['clientela_db_pool_wait_seconds_count', {}],
    ['clientela_build_info', {}],
  ] as const)
    expect([name, labels, sum(name, labels) > 0]).toEqual([name, labels, true]);
});

test('each alert has a section of what to do in docs/operations.md', () => {
  const headings = readFileSync(join(repoRoot, 'docs/operations.md'), 'utf8').match(/^### .+$/gm) ?? [];
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(headings).toContain(`### ${alert}`);
  }
});
