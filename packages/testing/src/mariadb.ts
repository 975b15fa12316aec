import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, isListening } from '@clientela/embedded-postgres';
import { inject } from 'vitest';
import { ended, endWithThisProcess } from './child.ts';

const run = promisify(execFile);
const startTimeout = 60_000; // milliseconds

/**
 * Returns a MariaDB: the one in `MARIADB_URL`, else one that is started from the installed server, which root on Debian installs when it
 * is missing.
 * @returns the URL of a role that may create databases
 * @throws Error that names what to install
 */
export async function startMariadb(): Promise<{ url: string; close: () => Promise<void> }> {
  const configuredUrl = process.env['MARIADB_URL'];
  if (configuredUrl) return { url: configuredUrl, close: async () => {} };
  const server = findServer() ?? (await install());
  if (!server)
    throw new Error(
      'These tests need MariaDB: set MARIADB_URL to one in which test databases may be created, or install mariadb-server.',
    );
  const folder = mkdtempSync(join(inject('folder'), 'mariadb-'));
  const data = join(folder, 'data');
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const initialize = [
    '--no-defaults',
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    `--datadir=${data}`,
  ];
  await run('mariadb-install-db', [...initialize, ...user]);
  const port = await freePort();
  const settings = [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  const child = spawn(server, [...settings, ...user], { stdio: 'ignore' });
  endWithThisProcess(child);
  for (const startTime = Date.now(); !(await isListening(port)); await sleep(100))
    if (Date.now() - startTime > startTimeout || child.exitCode !== null) throw new Error('MariaDB did not start');
  return {
    url: `mysql://root@127.0.0.1:${port}/mysql`,
    close: async () => {
      await ended(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const findServer = (): string | undefined =>
  [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
    .map((folder) => join(folder, 'mariadbd'))
    .find((path) => existsSync(path));

async function install(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }; // installed, not started
  const command = 'apt-get update; apt-get install -y --no-install-recommends mariadb-server';
  // One worker at a time, because apt fails while another one runs.
  const lock = join(tmpdir(), 'clientela-apt.lock');
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 16 * 1024 * 1024 }).catch(() => {});
  return findServer();
}
