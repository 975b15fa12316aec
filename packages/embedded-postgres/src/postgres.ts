import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
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
import { passwordOf, locatePostgres, type PostgresLocation, type RunAs } from './locate-postgres.ts';
import { freePort, isFree, isListening } from './ports.ts';
import { isThere, readPidFile, runningServer } from './postmaster.ts';

export type PostgresOptions = {
  /** The installation's folder: the data belongs to it. */
  folder: string;
  /** A free one is chosen when it is left out; a server that is running already keeps its own. */
  port?: number;
  /** `false` only for data that may be lost, as a test's. */
  fsync: boolean;
};

export type Postgres = {
  /** Connection of the superuser role, to the database `postgres`. */
  admin_url: string;
  port: number;
  /** Where the data lies: to remove when a test is done. */
  home: string;
  /** Process id of the server now; another one after a restart. */
  pid: () => number | undefined;
  /** Whether the server's process is there now. */
  alive: () => boolean;
  /** Starts the server again where it was, after it died. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
};

const run = promisify(execFile);
const admin = 'clientela_admin';
const patience = 30_000; // milliseconds for a start that has to recover first
const logBytes = 10_000_000;

/**
 * Starts the embedded PostgreSQL of an installation, making its data folder on the first start. A server that a killed run left
 * behind is used again. It ends by itself when this process is gone.
 * @throws Error in one sentence for a taken port or a data folder of another major version; nothing is changed then
 */
export async function startPostgres({ folder, port, fsync }: PostgresOptions): Promise<Postgres> {
  const where = await locatePostgres(folder);
  const data = join(where.home, 'data');
  const stillThere = await runningServer(data, where.run_as);
  refuseOtherVersion(data, where);
  if (!stillThere && port !== undefined && !(await isFree(port))) {
    throw new Error(`Port ${port} for PostgreSQL is taken by another program.`);
  }
  if (!existsSync(data)) await makeData(where, data, passwordOf(folder), fsync);

  const chosen = stillThere?.port ?? (await start(where, data, port, fsync));
  let watchdog = endWithUs(where, data);
  return {
    admin_url: adminUrl(folder, chosen),
    port: chosen,
    home: where.home,
    pid: () => readPidFile(data)?.pid,
    alive: () => isThere(data, where.run_as),
    restart: async () => {
      if (!(await runningServer(data, where.run_as))) await start(where, data, chosen, fsync);
    },
    stop: async () => {
      watchdog?.kill();
      watchdog = undefined;
      if (!(await runningServer(data, where.run_as))) return;
      // Fast: open transactions are rolled back, everything committed is written, the next start has nothing to recover.
      await program(where.programs.pg_ctl, ['stop', '-D', data, '-m', 'fast', '-w', '-t', '30', '-s'], where.run_as);
    },
  };
}

/** The connection to an installation's server when it runs now, started by whomever. */
export async function findPostgres(folder: string): Promise<string | undefined> {
  const where = await locatePostgres(folder);
  const found = await runningServer(join(where.home, 'data'), where.run_as);
  return found && adminUrl(folder, found.port);
}

const adminUrl = (folder: string, port: number) =>
  `postgresql://${admin}:${passwordOf(folder)}@127.0.0.1:${port}/postgres`;

function refuseOtherVersion(data: string, { programs }: PostgresLocation): void {
  const file = join(data, 'PG_VERSION');
  if (!existsSync(file)) return;
  const version = readFileSync(file, 'utf8').trim();
  if (version !== String(programs.major)) {
    throw new Error(
      `The data in ${data} was made by PostgreSQL ${version} and this is PostgreSQL ${programs.major}: nothing was changed.`,
    );
  }
}

/** Makes the data folder under another name first: a killed run leaves nothing that looks finished. */
async function makeData(
  { programs, run_as, home }: PostgresLocation,
  data: string,
  password: string,
  fsync: boolean,
): Promise<void> {
  const unfinished = `${data}.unfinished`;
  const passwordFile = join(home, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  // The user that initdb runs as makes its folder here, and reads the password from a file that no argument list shows.
  own(home, run_as);
  try {
    writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
    own(passwordFile, run_as);
    await program(
      programs.initdb,
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
        ...(fsync ? [] : ['--no-sync']),
      ],
      run_as,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, data);
}

/** Starts the server and waits until it takes connections. @returns its port */
async function start(where: PostgresLocation, data: string, port: number | undefined, fsync: boolean): Promise<number> {
  const until = Date.now() + patience;
  for (;;) {
    const chosen = port ?? (await freePort());
    const server = launch(where, data, chosen, fsync);
    const ended = new Promise<'ended'>((resolve) =>
      server.once('exit', () => resolve('ended')).once('error', () => resolve('ended')),
    );
    const outcome = await Promise.race([ended, ready(data, until)]);
    if (outcome === 'ready') return chosen;
    if (outcome === 'late') {
      server.kill('SIGINT');
      throw new Error(`PostgreSQL did not start within ${patience / 1000} s: see ${join(where.home, 'postgres.log')}.`);
    }
    // After a hard kill the old server's processes need a moment to go; a chosen port may have been taken meanwhile.
    if (Date.now() > until - patience + 5000)
      throw new Error(`PostgreSQL does not start: see ${join(where.home, 'postgres.log')}.`);
    await sleep(100);
  }
}

function launch(
  { programs, run_as, home }: PostgresLocation,
  data: string,
  port: number,
  fsync: boolean,
): ChildProcess {
  const log = join(home, 'postgres.log');
  if (existsSync(log) && statSync(log).size > logBytes) renameSync(log, `${log}.1`);
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    ...memorySettings(Math.min(totalmem(), process.constrainedMemory() || Infinity)),
    // Data lies in memory or on a solid disk: an index is worth its jumps. Compiling costs more than the short queries of services.
    random_page_cost: 1.1,
    jit: 'off',
    // What a statement or an error quotes may be somebody's data: the log tells of the server's own life only.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    // A commit is still written before it is acknowledged: only a machine that crashes loses it, not a server that is killed.
    // Nor is such a server, which is made for a test, given more memory than it fills: making room takes time, at each start and each `drop database`.
    ...(!fsync && { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB' }),
  };
  const file = openSync(log, 'a', 0o600);
  // Detached: Ctrl-C reaches the programs first, and the server last, through stop().
  const server = spawn(
    programs.postgres,
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...run_as,
      cwd: home,
      env: plainEnvironment(),
      detached: true,
      stdio: ['ignore', file, file],
    },
  );
  closeSync(file);
  server.unref();
  return server;
}

/** Of the machine's memory, what one program among others may take. */
const memorySettings = (bytes: number) => {
  const megabytes = (part: number, least: number, most: number) =>
    `${Math.round(Math.min(most, Math.max(least, (bytes * part) / 2 ** 20)))}MB`;
  return {
    shared_buffers: megabytes(1 / 4, 128, 4096), // taken as data come to fill it; a million customers with their indexes are 2.4 GB
    effective_cache_size: megabytes(1 / 2, 512, 1024 ** 2),
    work_mem: '16MB', // a sort of the 10,000 rows that lists count exactly stays in memory
  };
};

async function ready(data: string, until: number): Promise<'ready' | 'late'> {
  while (Date.now() < until) {
    const found = readPidFile(data);
    if (found?.status === 'ready' && (await isListening(found.port))) return 'ready';
    await sleep(10);
  }
  return 'late';
}

/** A shell that waits for the end of its input, which comes with the end of this process however it ends, and then stops the server. */
function endWithUs({ programs, run_as, home }: PostgresLocation, data: string): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; exec "$0" stop -D "$1" -m fast -s', programs.pg_ctl, data], {
    ...run_as,
    cwd: home,
    env: plainEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => {}); // without a shell the server stays, and is found by the next start
  watchdog.stdin?.on('error', () => {});
  watchdog.unref();
  if (watchdog.stdin && 'unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();
  return watchdog;
}

async function program(path: string, args: string[], run_as: RunAs): Promise<void> {
  try {
    await run(path, args, { ...run_as, cwd: '/', env: plainEnvironment() });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
    throw new Error(`PostgreSQL's ${path.split(/[\\/]/).at(-1)} failed: ${said || 'it could not be run.'}`, {
      cause: error,
    });
  }
}

/** Only what the programs need: a PGPORT or a secret of the surroundings is none of their business. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { ...(PATH && { PATH }), ...(SystemRoot && { SystemRoot }), ...(TEMP && { TEMP }), LC_ALL: 'C', TZ: 'UTC' };
}

function own(path: string, { uid, gid }: RunAs): void {
  if (uid === undefined || gid === undefined) return;
  chownSync(path, uid >>> 0, gid >>> 0);
  if (statSync(path).isDirectory()) chmodSync(path, 0o700);
}
