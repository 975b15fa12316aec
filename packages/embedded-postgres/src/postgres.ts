import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { locatePostgres, passwordOf, type PostgresLocation, type RunAs } from './locate-postgres.ts';
import { freePort, isFree, isListening } from './ports.ts';
import { hasServerProcess, readPidFile, runningServer } from './postmaster.ts';

export type PostgresOptions = {
  /** The installation's folder. */
  folder: string;
  /** Defaults to a free one. A server that is already running keeps its port. */
  port?: number;
  /** `false` only for data that may be lost, such as a test's. */
  fsync: boolean;
  /** Milliseconds until the server must accept connections; default 30 s, with time for a recovery. */
  startTimeout?: number;
};

export type Postgres = {
  /** Connection of the superuser role to the database `postgres`. */
  adminUrl: string;
  port: number;
  /** Folder of the data, which tests remove. */
  dataHome: string;
  /** Current process id, which changes with a restart. */
  pid: () => number | undefined;
  /** Whether the server's process exists. */
  isAlive: () => boolean;
  /** Starts the server again on its port after a crash. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
};

const admin = 'clientela_admin';
const defaultStartTimeout = 30_000; // milliseconds, with time for a recovery
const maxLogBytes = 10_000_000;

/**
 * Starts the embedded PostgreSQL of an installation and creates its data folder on the first start. Reuses a server that a killed run
 * left behind. The server stops when this process ends, also when it is killed.
 * @throws Error when the port is in use or the data is of another major version; nothing is changed then
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { folder, port, fsync, startTimeout = defaultStartTimeout } = options;
  const location = await locatePostgres(folder);
  const data = join(location.dataHome, 'data');
  const existing = await runningServer(data, location.runAs);
  assertMajorVersion(data, location);
  if (!existing && port !== undefined && !(await isFree(port))) {
    throw new Error(`Port ${port} for PostgreSQL is in use.`);
  }
  if (!existsSync(data)) await createData(location, data, passwordOf(folder), fsync);

  const chosen = existing?.port ?? (await start(location, data, port, { fsync, startTimeout }));
  let watchdog = startWatchdog(location, data);
  return {
    adminUrl: adminUrl(folder, chosen),
    port: chosen,
    dataHome: location.dataHome,
    pid: () => readPidFile(data)?.pid,
    isAlive: () => hasServerProcess(data, location.runAs),
    restart: async () => {
      if (!(await runningServer(data, location.runAs))) await start(location, data, chosen, { fsync, startTimeout });
    },
    stop: async () => {
      watchdog?.kill();
      watchdog = undefined;
      if (!(await runningServer(data, location.runAs))) return;
      // A fast shutdown rolls back open transactions and writes a checkpoint, so that the next start needs no recovery.
      await run(location.binaries.pgCtl, ['stop', '-D', data, '-m', 'fast', '-w', '-t', '30', '-s'], location.runAs);
    },
  };
}

/** Returns the connection to an installation's running server, even when another process started it. */
export async function findPostgres(folder: string): Promise<string | undefined> {
  const { dataHome, runAs } = await locatePostgres(folder);
  const server = await runningServer(join(dataHome, 'data'), runAs);
  return server && adminUrl(folder, server.port);
}

const adminUrl = (folder: string, port: number) =>
  `postgresql://${admin}:${passwordOf(folder)}@127.0.0.1:${port}/postgres`;

function assertMajorVersion(data: string, { binaries }: PostgresLocation): void {
  const file = join(data, 'PG_VERSION');
  if (!existsSync(file)) return;
  const version = readFileSync(file, 'utf8').trim();
  if (version !== String(binaries.major)) {
    throw new Error(
      `The data in ${data} is of PostgreSQL ${version}, but this is PostgreSQL ${binaries.major}: nothing was changed.`,
    );
  }
}

/** Creates the data folder under a temporary name first, so that a killed run leaves no folder that looks complete. */
async function createData(
  { binaries, runAs, dataHome }: PostgresLocation,
  data: string,
  password: string,
  fsync: boolean,
): Promise<void> {
  const unfinished = `${data}.unfinished`;
  const passwordFile = join(dataHome, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  chown(unfinished, runAs);
  // initdb reads the password from a file, because other users can see arguments.
  try {
    writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
    chown(passwordFile, runAs);
    await run(
      binaries.initdb,
      [
        '-D',
        unfinished,
        '-U',
        admin,
        '--pwfile',
        passwordFile,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        // Passwords that cost little, because tests open thousands of connections.
        ...(fsync ? [] : ['--no-sync', '--set', 'scram_iterations=1']),
      ],
      runAs,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, data);
}

/** Starts the server and waits until it accepts connections. @returns its port */
async function start(
  location: PostgresLocation,
  data: string,
  port: number | undefined,
  { fsync, startTimeout }: { fsync: boolean; startTimeout: number },
): Promise<number> {
  const deadline = Date.now() + startTimeout;
  const log = logPath(location);
  for (;;) {
    const chosen = port ?? (await freePort());
    const server = launch(location, data, chosen, fsync);
    const ended = new Promise<'ended'>((resolve) =>
      server.once('exit', () => resolve('ended')).once('error', () => resolve('ended')),
    );
    const outcome = await Promise.race([ended, waitUntilReady(data, deadline)]);
    if (outcome === 'ready') return chosen;
    if (outcome === 'timeout') {
      server.kill('SIGINT');
      throw new Error(`PostgreSQL did not start within ${startTimeout / 1000} s: see ${log}.`);
    }
    // Retried, because after a kill the old server's processes need a moment to end, or the chosen port was taken meanwhile.
    if (Date.now() > deadline - startTimeout + 5000) throw new Error(`PostgreSQL does not start: see ${log}.`);
    await sleep(100);
  }
}

const logPath = ({ dataHome }: PostgresLocation) => join(dataHome, 'postgres.log');

function launch(location: PostgresLocation, data: string, port: number, fsync: boolean): ChildProcess {
  const { binaries, runAs, dataHome } = location;
  const log = logPath(location);
  if (existsSync(log) && statSync(log).size > maxLogBytes) renameSync(log, `${log}.1`);
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    ...memorySettings(Math.min(totalmem(), process.constrainedMemory() || Infinity)),
    // Data is in memory or on an SSD, where random reads are cheap. JIT costs more than the services' short queries.
    random_page_cost: 1.1,
    jit: 'off',
    // Statements and errors may quote personal data, so the log holds only the server's own life cycle.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    // Without fsync, a crash of the machine loses commits, a killed server does not. Small buffers speed up starts and `drop database`.
    ...(!fsync && { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB' }),
  };
  const file = openSync(log, 'a', 0o600);
  // Detached, so that Ctrl-C reaches the services first, and the server last, through stop().
  const server = spawn(
    binaries.postgres,
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...runAs,
      cwd: dataHome,
      env: minimalEnv(),
      detached: true,
      stdio: ['ignore', file, file],
    },
  );
  closeSync(file);
  server.unref();
  return server;
}

/** Memory settings for a server that shares the machine with the services. @param bytes memory of the machine */
const memorySettings = (bytes: number) => {
  const megabytes = (share: number, min: number, max: number) =>
    `${Math.round(Math.min(max, Math.max(min, (bytes * share) / 2 ** 20)))}MB`;
  return {
    shared_buffers: megabytes(1 / 4, 128, 4096), // allocated as it fills; a million customers with their indexes are 2.4 GB
    effective_cache_size: megabytes(1 / 2, 512, 1024 ** 2),
    work_mem: '16MB', // a sort of the 10,000 rows that lists count exactly stays in memory
  };
};

async function waitUntilReady(data: string, deadline: number): Promise<'ready' | 'timeout'> {
  while (Date.now() < deadline) {
    const postmaster = readPidFile(data);
    if (postmaster?.status === 'ready' && (await isListening(postmaster.port))) return 'ready';
    await sleep(10);
  }
  return 'timeout';
}

/** Starts a shell that stops the server when its input ends, which happens when this process ends for any reason. */
function startWatchdog({ binaries, runAs, dataHome }: PostgresLocation, data: string): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; exec "$0" stop -D "$1" -m fast -s', binaries.pgCtl, data], {
    ...runAs,
    cwd: dataHome,
    env: minimalEnv(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => {}); // without a shell the server keeps running, and the next start reuses it
  watchdog.stdin?.on('error', () => {});
  watchdog.unref();
  if (watchdog.stdin && 'unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();
  return watchdog;
}

async function run(path: string, args: string[], runAs: RunAs): Promise<void> {
  try {
    await promisify(execFile)(path, args, { ...runAs, cwd: '/', env: minimalEnv() });
  } catch (error) {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
    throw new Error(`PostgreSQL's ${path.split(/[\\/]/).at(-1)} failed: ${reason || 'it could not be run.'}`, {
      cause: error,
    });
  }
}

/** Returns the environment that the binaries need, without the parent's PGPORT or secrets. */
function minimalEnv(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { ...(PATH && { PATH }), ...(SystemRoot && { SystemRoot }), ...(TEMP && { TEMP }), LC_ALL: 'C', TZ: 'UTC' };
}

function chown(path: string, { uid, gid }: RunAs): void {
  if (uid === undefined || gid === undefined) return;
  chownSync(path, uid >>> 0, gid >>> 0);
}
