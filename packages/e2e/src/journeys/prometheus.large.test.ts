import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@clientela/embedded-postgres';
import { peers, repoRoot } from '@clientela/fleet';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { newCompany, startTestFleet } from '../testing/test-fleet.ts';

const run = promisify(execFile);

/** @returns whether Prometheus and promtool are here; root on Debian installs them when they are missing */
async function hasPrometheus(): Promise<boolean> {
  const isInstalled = () => run('promtool', ['--version']).then(...([() => true, () => false] as const));
  if (await isInstalled()) return true;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }; // installed, not started
  const command = 'apt-get update; apt-get install -y --no-install-recommends prometheus';
  const lock = join(tmpdir(), 'clientela-apt.lock');
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 16 * 1024 * 1024 }).catch(() => {});
  return isInstalled();
}

type Rule = { name: string; health: string; lastError?: string; state: string };
type ScrapeConfig = {
  job_name: string;
  authorization?: { credentials_file: string };
  static_configs: { targets: string[] }[];
};

test('a real Prometheus scrapes every process, evaluates every alert and answers every query of the dashboard', async ({
  skip,
}) => {
  if (!(await hasPrometheus())) skip('Prometheus is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'clientela-prometheus-'));
  const ops = join(repoRoot, 'ops/prometheus');
  expect((await run('promtool', ['check', 'rules', join(ops, 'alerts.yml')])).stdout).toContain('SUCCESS');

  const token = randomBytes(32).toString('base64url');
  const fleet = await startTestFleet({ METRICS_TOKEN: token });
  const config = parse(readFileSync(join(ops, 'prometheus.yml'), 'utf8')) as { scrape_configs: ScrapeConfig[] };
  const localTargets = (target: string) => {
    const [peer] = target.split(':') as [(typeof peers)[number]];
    return `127.0.0.1:${fleet.ports[peer]}`;
  };
  for (const scrape of config.scrape_configs) {
    for (const group of scrape.static_configs) group.targets = group.targets.map(localTargets);
    if (scrape.authorization) scrape.authorization.credentials_file = join(folder, 'token');
  }
  writeFileSync(join(folder, 'token'), token);
  const local = {
    ...config,
    global: { scrape_interval: '2s', evaluation_interval: '2s' },
    rule_files: [join(ops, 'alerts.yml')],
  };
  writeFileSync(join(folder, 'prometheus.yml'), stringify(local));
  await run('promtool', ['check', 'config', join(folder, 'prometheus.yml')]);
  const port = await freePort();
  mkdirSync(join(folder, 'data'));
  const server = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const query = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    return (await response.json()) as { status: string; error?: string; data: any }; // oxlint-disable-line no-explicit-any -- of every shape
  };
  const valueOf = async (expression: string) =>
    Number((await query(`query?query=${encodeURIComponent(expression)}`)).data.result[0]?.value[1]);

  try {
    const admin = await newCompany(fleet.url);
    const form = new FormData();
    form.append('file', new Blob(['full_name,tags\nAna,vip\nBen,\n,\n']), 'customers.csv');
    const { status, body } = await admin.post('/api/customers/imports', form);
    expect(status, JSON.stringify(body)).toBe(202);

    const within = { timeout: 60_000, interval: 500 };
    const targets = async () =>
      ((await query('targets')).data.activeTargets as { health: string; lastError: string }[]).map(
        ({ health, lastError }) => [health, lastError],
      );
    await expect.poll(() => targets().catch(() => []), within).toEqual(peers.map(() => ['up', '']));
    const rules = async () =>
      ((await query('rules')).data.groups as { rules: Rule[] }[]).flatMap((group) => group.rules);
    await expect.poll(async () => (await rules()).map(({ health }) => health), within).not.toContain('unknown');
    expect((await rules()).filter(({ health, lastError }) => health !== 'ok' || lastError)).toEqual([]);
    // What a healthy fleet must not raise.
    expect((await rules()).filter(({ state }) => state === 'firing')).toEqual([]);

    // The process of the jobs has no port: it reports its counts to the service.
    await expect.poll(() => valueOf('sum(clientela_job_rows_total{outcome="created"})'), within).toBe(2);
    expect(await valueOf('sum(clientela_customers_created_total)')).toBe(2);
    expect(await valueOf('sum(clientela_tags_added_total)')).toBe(1);

    const dashboard = JSON.parse(readFileSync(join(repoRoot, 'ops/grafana/clientela.json'), 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    const failed: string[] = [];
    for (const { title, targets: queries = [] } of dashboard.panels)
      for (const { expr } of queries) {
        const text = expr.replaceAll('$__rate_interval', '1m').replaceAll('$service', 'customer');
        const { error } = await query(`query?query=${encodeURIComponent(text)}`);
        if (error) failed.push(`${title}: ${error}`);
      }
    expect(failed).toEqual([]);

    fleet.kill('product', 'SIGSTOP');
    const stateOf = async (name: string) => (await rules()).find((rule) => rule.name === name)?.state;
    await expect.poll(() => stateOf('TargetDown'), within).toBe('pending'); // it fires after two minutes
    fleet.kill('product', 'SIGCONT');
  } finally {
    server.kill('SIGKILL');
    await fleet.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
