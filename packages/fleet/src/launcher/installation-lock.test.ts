import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AlreadyRunning, holdFolder } from './installation-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is held by one alone, by whatever name, until it is released', async () => {
  const other = `${folder}-by-another-name`;
  symlinkSync(folder, other);
  const lock = await holdFolder(folder);
  await expect(holdFolder(other)).rejects.toThrow(AlreadyRunning);
  await (await holdFolder(mkdtempSync(join(tmpdir(), 'fleet-lock-')))).release(); // another folder is another matter
  await lock.release();
  await (await holdFolder(other)).release();
  rmSync(other);
});

test('of several that start at once one gets it', async () => {
  const outcomes = await Promise.allSettled([holdFolder(folder), holdFolder(folder), holdFolder(folder)]);
  const held = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(held).toHaveLength(1);
  await held[0]?.release();
});

test('a killed holder leaves nothing behind', async () => {
  const script = `
    import { holdFolder } from ${JSON.stringify(join(import.meta.dirname, 'installation-lock.ts'))};
    await holdFolder(${JSON.stringify(folder)});
    console.log('held');
    setInterval(() => {}, 1000);
  `;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  await expect(holdFolder(folder)).rejects.toThrow(AlreadyRunning);
  holder.kill('SIGKILL');
  await vi.waitUntil(() => holder.signalCode !== null, { timeout: 15_000 });
  await (await holdFolder(folder)).release();
});
