import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, isStillThere, startedAt } from '@clientela/embedded-postgres';
import { expect, test as base, vi } from 'vitest';
import { openLogFile } from './log-file.ts';
import { followLogs } from '../commands/logs.ts';

import { findGateway, killOrphans, openPidFile } from './pid-file.ts';
import { restartBackoff, supervise, type SupervisedProcess, type SupervisorHooks } from './supervisor.ts';

const test = base
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-supervisor-'));
    onCleanup(() => rmSync(folder, { recursive: true }));

    return folder;
  })
  .extend('running', async ({}, { onCleanup }) => {
    const running: SupervisedProcess[] = [];
    onCleanup(() => void Promise.all(running.map((child) => child.stop())));

    return running;
  });

const logPath = (folder: string) => join(folder, 'logs', 'stub.log');
const logText = (folder: string) => (existsSync(logPath(folder)) ? readFileSync(logPath(folder), 'utf8') : '');

/** Runs a few lines of JavaScript under supervision. */
function run(
  folder: string,
  running: SupervisedProcess[],
  source: string,
  hooks: SupervisorHooks = {},
  env: Record<string, string> = {},
): SupervisedProcess {
  const script = join(folder, 'stub.js');
  writeFileSync(script, source);
  const child = supervise({ name: 'stub', script, cwd: folder, env, logPath: logPath(folder) }, hooks);
  running.push(child);
  return child;
}

const endlessScript = `console.log('up', process.pid); setInterval(() => {}, 1000);`;

test('logs all output of a process, up to its last write before a kill', async ({ folder, running }) => {
  const child = run(
    folder,
    running,
    `console.log('first'); console.error('second'); process.stdout.write('no end', () => process.kill(process.pid, 'SIGKILL'));`,
  );
  await vi.waitUntil(() => logText(folder).includes('no end\n'), { timeout: 45_000 });
  await child.stop();
  expect(logText(folder)).toMatch(/^first$/m);
  expect(logText(folder)).toMatch(/^second$/m);
  expect(statSync(logPath(folder)).mode & 0o777).toBe(0o600);
});

test('lowers the priority of a process, after a restart too', async ({ folder, running }) => {
  const script = join(folder, 'stub.js');
  writeFileSync(script, endlessScript);
  const child = supervise({ name: 'stub', script, cwd: folder, env: {}, logPath: logPath(folder), niceness: 5 });
  running.push(child);
  const first = child.pid() as number;
  expect(getPriority(first)).toBeGreaterThan(getPriority());
  process.kill(first, 'SIGKILL');
  await vi.waitUntil(() => (child.pid() ?? first) !== first, { timeout: 15_000 });
  expect(getPriority(child.pid() as number)).toBeGreaterThan(getPriority());
});

test('restarts a killed process at once', async ({ folder, running }) => {
  const crashes: number[] = [];
  const child = run(folder, running, endlessScript, { onCrash: (_, count) => crashes.push(count) });
  await vi.waitUntil(() => logText(folder).includes('up'), { timeout: 45_000 });
  const before = child.pid();
  child.kill('SIGKILL');
  await vi.waitUntil(() => logText(folder).split('up').length === 3, { timeout: 45_000 });
  expect(child.pid()).not.toBe(before);
  expect(crashes).toEqual([1]);
});

test('restarts a crashing process with a backoff of up to 2 s', async ({ folder, running }) => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map(restartBackoff)).toEqual([0, 100, 200, 400, 800, 1600, 2000, 2000]);
  const crashes: number[] = [];
  run(folder, running, 'process.exit(1)', { onCrash: (_, count) => crashes.push(count) });
  await vi.waitUntil(() => crashes.length >= 3, { timeout: 45_000 });
  expect(crashes.slice(0, 3)).toEqual([1, 2, 3]);
});

test('does not restart a stopped process', async ({ folder, running }) => {
  const starts: number[] = [];
  const child = run(folder, running, endlessScript, { onStart: (_, { pid }) => starts.push(pid) });
  await vi.waitUntil(() => logText(folder).includes('up'), { timeout: 45_000 });
  await child.stop();
  expect(starts).toHaveLength(1);
  expect(isAlive(starts[0] as number)).toBe(false);
});

test('passes the given environment only, not that of the parent', async ({ folder, running }) => {
  process.env['UNRELATED'] = 'value';
  run(
    folder,
    running,
    `console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000);`,
    {},
    { ITS_OWN: 'yes' },
  );
  await vi.waitUntil(() => logText(folder).includes('\n'), { timeout: 45_000 });
  const names = Object.keys(JSON.parse(logText(folder))).filter((name) => !name.startsWith('NODE_CHANNEL'));
  expect(names.toSorted()).toEqual(['ITS_OWN', 'NODE_ENV', 'PATH']);
  delete process.env['UNRELATED'];
});

test('closes the IPC channel of its processes when the supervisor is killed', async ({ folder }) => {
  writeFileSync(
    join(folder, 'child.js'),
    `process.once('disconnect', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up');`,
  );
  const supervisor = `
    import { supervise } from ${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))};
    const child = supervise({ name: 'child', script: 'child.js', cwd: ${JSON.stringify(folder)}, env: {}, logPath: 'child.log' }, { onLine: () => console.log(child.pid()) });
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', supervisor], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise((resolve) => owner.stdout.once('data', resolve)));
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await vi.waitUntil(() => startedAt(pid) === undefined, { timeout: 45_000 });
});

test('kills an orphan that ignores SIGTERM, but not another process with a recorded id', async ({ folder }) => {
  const stubborn = spawn(process.execPath, ['-e', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`]);
  const unrelated = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000);']);
  const identity = (pid = 0) => ({ pid, started: startedAt(pid) ?? '' });
  const file = openPidFile(folder);
  file.add('stubborn', identity(stubborn.pid));
  file.add('earlier', { pid: unrelated.pid ?? 0, started: 'long ago' });
  await killOrphans(folder, 100);
  expect(isStillThere(identity(unrelated.pid))).toBe(true);
  await vi.waitUntil(() => stubborn.signalCode === 'SIGKILL', { timeout: 45_000 });
  unrelated.kill();
});

test('finds the gateway that runs from a folder, and none that ran', ({ folder }) => {
  const file = openPidFile(folder);
  expect(findGateway(folder)).toBeUndefined();
  const fleet = { pid: process.pid, started: startedAt(process.pid) ?? '', url: 'http://127.0.0.1:9090' };
  file.add('fleet', fleet);
  expect(findGateway(folder)).toBe('http://127.0.0.1:9090');
  file.add('fleet', { ...fleet, started: 'long ago' });
  expect(findGateway(folder)).toBeUndefined();
});

test('rotates a log at its limit without losing or splitting a line', ({ folder }) => {
  const path = join(folder, 'logs', 'big.log');
  const file = openLogFile(path, 1000);
  const lines = Array.from({ length: 60 }, (_, at) => `line ${String(at).padStart(3, '0')} ${'x'.repeat(20)}\n`);
  // Chunks that end inside lines.
  const text = lines.join('');
  for (let at = 0; at < text.length; at += 47) file.write(Buffer.from(text.slice(at, at + 47)));
  file.close();
  const [older, newer] = [readFileSync(`${path}.1`, 'utf8'), existsSync(path) ? readFileSync(path, 'utf8') : ''];
  expect(text.endsWith(older + newer)).toBe(true);
  expect(older.startsWith('line')).toBe(true);
  expect(older.endsWith('\n')).toBe(true);
  expect(older.length).toBeLessThan(1100);
  expect(newer.length).toBeLessThan(1000);
});

test('follows each line once, across a rotation', ({ folder }) => {
  const seen: string[] = [];
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const follower = followLogs(logs, (name, line) => seen.push(`${name} ${line}`));
  follower.poll();
  const file = openLogFile(join(logs, 'auth.log'), 200);
  const expected: string[] = [];
  for (let at = 0; at < 40; at += 1) {
    const line = `line ${at} with ä and 🎈`;
    expected.push(`auth ${line}`);
    const bytes = Buffer.from(`${line}\n`);
    file.write(bytes.subarray(0, 16));
    follower.poll();
    file.write(bytes.subarray(16));
    if (at % 3 === 0) follower.poll();
  }
  follower.poll();
  expect(existsSync(join(logs, 'auth.log.1'))).toBe(true);
  expect(seen).toEqual(expected);
});
