import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { lowerPriority } from './priority.ts';

test.skipIf(process.platform === 'win32')('lowers the priority of a process and of its session', async () => {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid as number;
  lowerPriority(pid, 5);
  expect(getPriority(pid)).toBe(Math.min(19, getPriority() + 5));
  const session = `/proc/${pid}/autogroup`;
  if (existsSync(session))
    await expect.poll(() => readFileSync(session, 'utf8'), { timeout: 10_000 }).toMatch(/ nice 5$/m);

  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(() => lowerPriority(pid, 5)).not.toThrow();
});
