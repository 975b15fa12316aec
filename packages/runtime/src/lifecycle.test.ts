import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** A supervised process whose buffered log still holds lines. */
const script = `
  import { createRequire } from 'node:module';
  import { runProcess } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
  const { destination } = createRequire(${JSON.stringify(join(import.meta.dirname, 'log.ts'))})('pino');
  await runProcess(async (onShutdown) => {
    const out = destination({ fd: 1, sync: false, minLength: 4096 });
    onShutdown(() => out.flushSync());
    out.write('buffered, never read\\n');
    setInterval(() => {}, 1000);
    process.send('up');
  });
`;

test.each([
  ['its output has no reader, as after the supervisor was killed', true],
  ['its output is still read', false],
])('a process ends when its IPC channel closes: %s', async (_, readerGone) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  await new Promise((resolve) => child.once('message', resolve));
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  if (readerGone) {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  child.disconnect();
  const code = await Promise.race([
    ended,
    new Promise((resolve) => setTimeout(resolve, 10_000, 'still running').unref()),
  ]);
  child.kill('SIGKILL');
  expect(code).toBe(0);
});

test('writes node’s compile cache while running, so that a process restarts fast after SIGKILL', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: folder },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const cachedFiles = () => readdirSync(folder, { recursive: true }).length;
    await expect.poll(cachedFiles, { timeout: 45_000 }).toBeGreaterThan(10);
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A process that reports each step of its stop, whose hook never ends. */
const drainingScript = `
  import { runProcess } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
  await runProcess(async (onShutdown, drainWith) => {
    const startedAt = { value: 0 };
    const say = (what) => process.send(what);
    onShutdown(() => new Promise(() => say('last hook')));
    onShutdown(() => say(Date.now() - startedAt.value >= 300 ? 'first hook, after the drain' : 'too early'));
    drainWith({ delayMs: 300, begin: () => { startedAt.value = Date.now(); say('drain'); } });
    setInterval(() => {}, 1000);
    say('up');
  });
`;

test('SIGTERM begins the drain, then runs the hooks in order; a second signal ends the process at once', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', drainingScript], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const messages: unknown[] = [];
  child.on('message', (message) => {
    messages.push(message);
    if (message === 'up') child.kill('SIGTERM');
    if (message === 'last hook') child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(messages).toEqual(['up', 'drain', 'first hook, after the drain', 'last hook']);
  expect(code).toBe(130);
});
