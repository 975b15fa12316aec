import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openLogFile } from './log-file.ts';
import { followLogs } from '../commands/logs.ts';
import { isAlive, isStillThere, startedAt } from '@clientela/embedded-postgres';
import { endLeftovers, openRunFile } from './pid-file.ts';
import { pauseBefore, supervise, type Supervision, type Watch } from './supervisor.ts';

let folder: string;
let running: Supervision[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-supervisor-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  rmSync(folder, { recursive: true });
});

const log = () => join(folder, 'logs', 'dummy.log');
const logged = () => (existsSync(log()) ? readFileSync(log(), 'utf8') : '');

/** Runs a few lines of JavaScript under supervision. */
function run(source: string, watch: Watch = {}, variables: Record<string, string> = {}): Supervision {
  const script = join(folder, 'dummy.js');
  writeFileSync(script, source);
  const one = supervise({ name: 'dummy', script, cwd: folder, variables, log: log() }, watch);
  running.push(one);
  return one;
}

const living = `console.log('up', process.pid); setInterval(() => {}, 1000);`;

test('what a program writes is in its log, also the last words before it is killed', async () => {
  const one = run(
    `console.log('first'); console.error('second'); process.stdout.write('no end', () => process.kill(process.pid, 'SIGKILL'));`,
  );
  await vi.waitUntil(() => logged().includes('no end\n'), { timeout: 15_000 });
  await one.stop();
  expect(logged()).toMatch(/^first$/m);
  expect(logged()).toMatch(/^second$/m);
  expect(statSync(log()).mode & 0o777).toBe(0o600);
});

test('killed hard it is started again at once', async () => {
  const deaths: number[] = [];
  const one = run(living, { on_death: (_, count) => deaths.push(count) });
  await vi.waitUntil(() => logged().includes('up'), { timeout: 15_000 });
  const before = one.pid();
  one.kill('SIGKILL');
  await vi.waitUntil(() => logged().split('up').length === 3, { timeout: 15_000 });
  expect(one.pid()).not.toBe(before);
  expect(deaths).toEqual([1]);
});

test('what dies again and again is started less and less often, at most 2 s apart', async () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map(pauseBefore)).toEqual([0, 100, 200, 400, 800, 1600, 2000, 2000]);
  const deaths: number[] = [];
  run('process.exit(1)', { on_death: (_, count) => deaths.push(count) });
  await vi.waitUntil(() => deaths.length >= 3, { timeout: 15_000 });
  expect(deaths.slice(0, 3)).toEqual([1, 2, 3]);
});

test('a program that was stopped stays stopped', async () => {
  const starts: number[] = [];
  const one = run(living, { on_start: (_, { pid }) => starts.push(pid) });
  await vi.waitUntil(() => logged().includes('up'), { timeout: 15_000 });
  await one.stop();
  expect(starts).toHaveLength(1);
  expect(isAlive(starts[0] as number)).toBe(false);
});

test('a program gets its own variables, and nothing of ours', async () => {
  process.env['SURROUNDINGS'] = 'ours';
  run(`console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000);`, {}, { ITS_OWN: 'yes' });
  await vi.waitUntil(() => logged().includes('\n'), { timeout: 15_000 });
  const names = Object.keys(JSON.parse(logged())).filter((name) => !name.startsWith('NODE_CHANNEL'));
  expect(names.toSorted()).toEqual(['ITS_OWN', 'NODE_ENV', 'PATH']);
  delete process.env['SURROUNDINGS'];
});

test('its programs hear by the channel that a supervisor was killed', async () => {
  writeFileSync(
    join(folder, 'child.js'),
    `process.once('disconnect', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up');`,
  );
  const supervisor = `
    import { supervise } from ${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))};
    const one = supervise({ name: 'child', script: 'child.js', cwd: ${JSON.stringify(folder)}, variables: {}, log: 'child.log' }, { on_line: () => console.log(one.pid()) });
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', supervisor], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise((resolve) => owner.stdout.once('data', resolve)));
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await vi.waitUntil(() => startedAt(pid) === undefined, { timeout: 15_000 });
});

test('a program left by a killed run that does not end by itself is ended, and nobody who only has its id', async () => {
  const stubborn = spawn(process.execPath, ['-e', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`]);
  const innocent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000);']);
  const identity = (pid = 0) => ({ pid, started: startedAt(pid) ?? '' });
  const file = openRunFile(folder);
  file.note('stubborn', identity(stubborn.pid));
  file.note('earlier', { pid: innocent.pid ?? 0, started: 'long ago' });
  await endLeftovers(folder, 100);
  expect(isStillThere(identity(innocent.pid))).toBe(true);
  await vi.waitUntil(() => stubborn.signalCode === 'SIGKILL', { timeout: 15_000 });
  innocent.kill();
});

test('a log is bounded, keeps one older part, and loses or cuts no line in between', () => {
  const path = join(folder, 'logs', 'big.log');
  const file = openLogFile(path, 1000);
  const lines = Array.from({ length: 60 }, (_, at) => `line ${String(at).padStart(3, '0')} ${'x'.repeat(20)}\n`);
  // In pieces that end in the middle of lines.
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

test('who follows the logs sees every line once, over the change to a new file', () => {
  const seen: string[] = [];
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const follower = followLogs(logs, (program, line) => seen.push(`${program} ${line}`));
  follower.look();
  const file = openLogFile(join(logs, 'auth.log'), 200);
  const expected: string[] = [];
  for (let at = 0; at < 40; at += 1) {
    const line = `line ${at} with ä and 🎈`;
    expected.push(`auth ${line}`);
    const bytes = Buffer.from(`${line}\n`);
    file.write(bytes.subarray(0, 16));
    follower.look();
    file.write(bytes.subarray(16));
    if (at % 3 === 0) follower.look();
  }
  follower.look();
  expect(existsSync(join(logs, 'auth.log.1'))).toBe(true);
  expect(seen).toEqual(expected);
});
