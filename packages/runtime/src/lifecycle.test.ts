import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** A supervised program whose buffered log still holds lines. */
const program = `
  import { createRequire } from 'node:module';
  import { runService } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
  const { destination } = createRequire(${JSON.stringify(join(import.meta.dirname, 'log.ts'))})('pino');
  await runService(async (onClose) => {
    const out = destination({ fd: 1, sync: false, minLength: 4096 });
    onClose(() => out.flushSync());
    out.write('buffered, and never read\\n');
    setInterval(() => {}, 1000);
    process.send('up');
  });
`;

test.each([
  ['the reader of its output is gone too, as when its supervisor was killed', true],
  ['its output is still read', false],
])('a program whose channel closed ends by itself: %s', async (_, readerGone) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
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
    new Promise((resolve) => setTimeout(resolve, 10_000, 'still there').unref()),
  ]);
  child.kill('SIGKILL');
  expect(code).toBe(0);
});

test('what node compiled is kept while a program runs: killed hard, it starts again as fast', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: folder },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const kept = () => readdirSync(folder, { recursive: true }).length;
    await expect.poll(kept, { timeout: 15_000 }).toBeGreaterThan(10);
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
