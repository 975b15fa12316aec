import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, isListening } from '@clientela/embedded-postgres';
import { inject } from 'vitest';
import { ended, endWithThisProcess } from './child.ts';

const run = promisify(execFile);
const startTimeout = 30_000; // milliseconds

/** A Redis for one test, which may stop and hang it. It keeps nothing over a restart. */
export type TestRedis = {
  url: string;
  port: number;
  start: () => Promise<void>;
  /** Kills the server: connections are refused from then on. */
  kill: () => Promise<void>;
  /** Lets the server hang: it accepts connections and commands, and replies to none. */
  pause: () => Promise<void>;
  resume: () => Promise<void>;
  close: () => Promise<void>;
};

/**
 * Starts a Redis from the installed server, which root on Debian installs when it is missing, otherwise in Docker.
 * @param options.args further arguments of `redis-server`
 * @throws Error that names what to install
 */
export async function startRedis({ args = [] }: { args?: string[] } = {}): Promise<TestRedis> {
  const port = await freePort();
  const server = findServer() ?? (await install());
  const redis = server ? localServer(server, port, args) : await dockerServer(port, args);
  if (!redis) throw new Error('These tests need Redis: install redis-server, Valkey or Docker.');
  const start = async () => {
    await redis.start();
    for (const startTime = Date.now(); !(await isListening(port)); await sleep(10))
      if (Date.now() - startTime > startTimeout) throw new Error('Redis did not start');
  };
  await start();
  return { ...redis, start, port, url: `redis://127.0.0.1:${port}` };
}

type Server = Omit<TestRedis, 'url' | 'port'>;

const volatileArgs = ['--save', '', '--appendonly', 'no'];

function localServer(path: string, port: number, args: readonly string[]): Server {
  const folder = mkdtempSync(join(inject('folder'), 'redis-'));
  const ownArgs = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...volatileArgs, ...args];
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (!child) return;
    await ended(child, 'SIGKILL');
    child = undefined;
  };
  return {
    start: async () => {
      child = spawn(path, ownArgs, { stdio: 'ignore' });
      endWithThisProcess(child);
    },
    kill,
    pause: async () => void child?.kill('SIGSTOP'),
    resume: async () => void child?.kill('SIGCONT'),
    close: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function dockerServer(port: number, args: readonly string[]): Promise<Server | undefined> {
  const docker = async (...words: string[]) => (await run('docker', words)).stdout.trim();
  if (!(await docker('version').catch(() => ''))) return undefined;
  const name = `clientela-test-redis-${port}`;
  const remove = async () => void (await docker('rm', '-f', name));
  return {
    start: async () => {
      const command = ['redis-server', ...volatileArgs, ...args];
      await docker('run', '-d', '--name', name, '-p', `127.0.0.1:${port}:6379`, 'redis:7', ...command);
    },
    kill: remove,
    pause: async () => void (await docker('pause', name)),
    resume: async () => void (await docker('unpause', name)),
    close: remove,
  };
}

const findServer = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .flatMap((folder) => [join(folder, 'redis-server'), join(folder, 'valkey-server')])
    .find((path) => existsSync(path));

async function install(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }; // installed, not started
  const command = 'apt-get update; apt-get install -y --no-install-recommends redis-server';
  // One worker at a time, because apt fails while another one runs.
  const lock = join(tmpdir(), 'clientela-apt.lock');
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 16 * 1024 * 1024 }).catch(() => {});
  return findServer();
}
