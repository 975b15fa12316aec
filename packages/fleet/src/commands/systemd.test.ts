import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '@clientela/runtime';
import { expect, test as base } from 'vitest';
import { loadServiceConfigs, settingsOf } from '../launcher/service-configs.ts';
import { folderOf, type Peer, peers, repoRoot } from '../launcher/services.ts';
import { Config as MigrateConfig } from './migrate.ts';
import { setUp } from './setup.ts';

const units = join(repoRoot, 'ops/systemd');
const configs = await loadServiceConfigs();

const test = base.extend('secrets', { scope: 'file' }, async ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), 'systemd-'));
  onCleanup(() => rmSync(folder, { recursive: true }));
  setUp(folder, '127.0.0.1:5432', { address: '127.0.0.1:5672', exchange: 'events', folder });
  return folder;
});

/** Reads a unit with its drop-ins as lines of name and value, comments left out. */
function linesOf(...paths: string[]): [string, string][] {
  const text = paths.map((path) => readFileSync(join(units, path), 'utf8')).join('\n');
  return [...text.matchAll(/^([A-Z]\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);
}

/** The environment of a process under systemd: specifiers resolved, credentials as the files that `setUp` wrote. */
function environmentOf(lines: readonly [string, string][], instance: string, secrets: string): NodeJS.ProcessEnv {
  const credentials = mkdtempSync(join(secrets, 'credentials-'));
  for (const [, value] of lines.filter(([name]) => name === 'LoadCredential')) {
    const [id = '', path = ''] = value.replaceAll('%i', instance).split(':');
    const from = path.replace('/etc/clientela/secrets', secrets);
    for (const file of readdirSync(from)) symlinkSync(join(from, file), join(credentials, `${id}_${file}`));
  }
  const values = { '%d': credentials, '%i': instance, '%S': '/var/lib' };
  const resolved = (value: string) => value.replaceAll(/%[diS]/g, (name) => values[name as keyof typeof values]);
  const assignments = lines
    .filter(([name]) => name === 'Environment')
    .flatMap(([, value]) => resolved(value).split(' '));
  return Object.fromEntries(assignments.map((assignment) => assignment.split(/=(.*)/s).slice(0, 2)));
}

const filesOf = (peer: Peer) => [
  'clientela@.service',
  ...(peer === 'gateway' ? ['clientela@gateway.service.d/gateway.conf'] : []),
];

test.for(peers)('%s finds every setting that it needs, its secrets as credentials', (peer, { secrets }) => {
  const lines = linesOf(...filesOf(peer));
  const env = environmentOf(lines, peer, secrets);
  expect(() => readEnvironment(configs[peer], env)).not.toThrow();
  const folder = lines.findLast(([name]) => name === 'WorkingDirectory')?.[1].replace('%i', peer);
  expect(folder).toBe(folderOf(peer).replace(repoRoot, '/opt/clientela'));
  expect(existsSync(join(folderOf(peer), 'src/main.ts'))).toBe(true);
});

test.for(peers)('every other setting of %s can be set in a file, which takes precedence', (peer, { secrets }) => {
  const lines = linesOf(...filesOf(peer));
  const names = lines.map(([name]) => name);
  expect(lines.filter(([name]) => name === 'EnvironmentFile').map(([, value]) => value)).toEqual([
    '-/etc/clientela/clientela.env',
    '-/etc/clientela/%i.env',
  ]);
  expect(names.indexOf('EnvironmentFile')).toBeGreaterThan(0);
  // A setting that the unit reads from a credential cannot be in the file as well: those are secrets only.
  const env = environmentOf(lines, peer, secrets);
  const fromCredentials = settingsOf(configs)[peer].filter((name) => env[`${name}_FILE`] !== undefined);
  for (const name of fromCredentials)
    expect(name).toMatch(/(?:_SERVICE_KEY|_SECRET|_DATABASE_URL|SERVICE_KEY_HASHES|METRICS_TOKEN)$/);
  // A secret in an argument or in the unit could be read by every user.
  for (const name of Object.keys(env))
    if (/KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL/.test(name)) expect(name, peer).toMatch(/_FILE$/);
});

test('the databases are migrated first, with the passwords that setup created', ({ secrets }) => {
  const lines = linesOf('clientela-migrate.service');
  expect(() => readEnvironment(MigrateConfig, environmentOf(lines, '', secrets))).not.toThrow();
  expect(linesOf('clientela@.service')).toContainEqual(['Requires', 'clientela-migrate.service']);
});

test('the target starts all six processes', () => {
  const wanted = linesOf('clientela.target').flatMap(([name, value]) => (name === 'Wants' ? value.split(' ') : []));
  expect(wanted.toSorted()).toEqual(peers.map((peer) => `clientela@${peer}.service`).toSorted());
});

test('the gateway has the CPU before the services', () => {
  const weightOf = (peer: Peer) => Number(linesOf(...filesOf(peer)).find(([name]) => name === 'CPUWeight')?.[1] ?? 100);
  expect(peers.map((peer) => [peer, weightOf(peer)])).toEqual(
    peers.map((peer) => [peer, peer === 'gateway' ? 900 : 100]),
  );
});

test.runIf(existsSync('/usr/bin/systemd-analyze'))('systemd finds no fault in the units', ({ secrets }) => {
  const folder = join(secrets, 'units');
  cpSync(units, folder, { recursive: true });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.service'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replace('/usr/bin/node', process.execPath));
  }
  const names = ['clientela.target', 'clientela-migrate.service', ...peers.map((peer) => `clientela@${peer}.service`)];
  const env = { PATH: process.env['PATH'], SYSTEMD_UNIT_PATH: `${folder}:` };
  // What it would ignore is on standard error, with exit status 0.
  const output = execFileSync('sh', ['-c', `systemd-analyze verify --man=no ${names.join(' ')} 2>&1`], {
    env,
    encoding: 'utf8',
  });
  expect(output).toBe('');
});
