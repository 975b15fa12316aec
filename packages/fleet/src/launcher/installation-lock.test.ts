import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base, vi } from 'vitest';
import { AlreadyRunningError, acquireInstallationLock } from './installation-lock.ts';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-lock-'));
  onCleanup(() => rmSync(folder, { recursive: true }));

  return folder;
});

test('locks a folder for one process under every path until it is released', async ({ folder }) => {
  const other = `${folder}-by-another-name`;
  symlinkSync(folder, other);
  const lock = await acquireInstallationLock(folder);
  await expect(acquireInstallationLock(other)).rejects.toThrow(AlreadyRunningError);
  await (await acquireInstallationLock(mkdtempSync(join(tmpdir(), 'fleet-lock-')))).release(); // another folder is independent
  await lock.release();
  await (await acquireInstallationLock(other)).release();
  rmSync(other);
});

test('gives the lock to one of several concurrent callers', async ({ folder }) => {
  const outcomes = await Promise.allSettled([
    acquireInstallationLock(folder),
    acquireInstallationLock(folder),
    acquireInstallationLock(folder),
  ]);
  const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(locks).toHaveLength(1);
  await locks[0]?.release();
});

test('releases the lock of a killed process', async ({ folder }) => {
  const script = `
    import { acquireInstallationLock } from ${JSON.stringify(join(import.meta.dirname, 'installation-lock.ts'))};
    await acquireInstallationLock(${JSON.stringify(folder)});
    console.log('locked');
    setInterval(() => {}, 1000);
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => owner.stdout.once('data', resolve));
  await expect(acquireInstallationLock(folder)).rejects.toThrow(AlreadyRunningError);
  owner.kill('SIGKILL');
  await vi.waitUntil(() => owner.signalCode !== null, { timeout: 45_000 });
  await (await acquireInstallationLock(folder)).release();
});
