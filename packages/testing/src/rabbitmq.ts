import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, isListening } from '@clientela/embedded-postgres';
import { ended } from './child.ts';

const run = promisify(execFile);
const startTimeout = 90_000; // milliseconds, because Erlang starts slowly on a busy machine

/** A RabbitMQ node that a test may stop and kill. */
export type Rabbitmq = {
  url: string;
  /** Runs `rabbitmqctl` on this node. */
  ctl: (...args: string[]) => Promise<string>;
  /** What the node has written to its standard output, where it logs when it is told to. */
  output: () => Promise<string>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  /** Flushes the definitions of queues to disk. A killed node loses those of the last seconds (Erlang's DETS). */
  flush: () => Promise<void>;
  /** Kills the node, like a power failure. */
  kill: () => Promise<void>;
  /** The command that stops it from another process. */
  stopCommand: () => [string, ...string[]];
};

type Node = Omit<Rabbitmq, 'flush'>;

export type RabbitmqOptions = {
  /** Absolute pattern of further configuration files (`RABBITMQ_CONFIG_FILES`). */
  configFiles?: string;
};

/**
 * Starts a RabbitMQ node from the installed server, which root on Debian installs when it is missing, otherwise in Docker. It stops at
 * the latest when the process `watchedPid` ends.
 * @throws Error that names what to install
 */
export async function startRabbitmq(
  folder: string,
  watchedPid: number,
  { configFiles }: RabbitmqOptions = {},
): Promise<Rabbitmq> {
  const binaries = (await findBinaries()) ?? (await install());
  const node = binaries ? await localNode(binaries, folder, watchedPid, configFiles) : await dockerNode(configFiles);
  if (!node) {
    throw new Error(
      'These tests need RabbitMQ: set RABBITMQ_URL to one in which test queues may be created, or install rabbitmq-server or Docker.',
    );
  }
  await node.start();
  const flush = async () => void (await node.ctl('eval', '[dets:sync(Table) || Table <- dets:all()].'));
  return { ...node, flush };
}

/** File in the run's folder that describes the shared broker. */
export const brokerFile = 'rabbitmq.json';
export type SharedBroker = { url: string; stopCommand: [string, ...string[]] };

/** Stops the broker that the workers shared, if they started one. */
export async function stopSharedBroker(folder: string): Promise<void> {
  const file = join(folder, brokerFile);
  if (!existsSync(file)) return;
  const { url, stopCommand } = JSON.parse(readFileSync(file, 'utf8')) as SharedBroker;
  await run(stopCommand[0], stopCommand.slice(1));
  const port = Number(new URL(url).port);
  for (let tries = 0; tries < 100 && ((await isListening(port)) || (await isListening(port + 2))); tries += 1)
    await sleep(100);
}

/** Finds the folder with the server's own scripts. Those on the PATH may be wrappers that drop settings and change the user. */
async function findBinaries(): Promise<string | undefined> {
  const listed = await run('dpkg', ['-L', 'rabbitmq-server']).then(
    ({ stdout }) => /^(.*\/lib\/rabbitmq\/bin)\/rabbitmq-server$/m.exec(stdout)?.[1],
    () => undefined,
  );
  if (listed && existsSync(listed)) return listed;
  const onPath = (process.env['PATH'] ?? '').split(':').find((folder) => existsSync(join(folder, 'rabbitmq-server')));
  return onPath;
}

async function install(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }; // installed, not started
  const command = 'apt-get update; apt-get install -y --no-install-recommends rabbitmq-server';
  // One worker at a time, because apt fails while another one runs.
  const lock = join(tmpdir(), 'clientela-apt.lock');
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 16 * 1024 * 1024 }).catch(() => {});
  return findBinaries();
}

/** Turns off busy waiting of Erlang's schedulers, which costs CPU time. */
const idleSchedulers = '+sbwt none +sbwtdcpu none +sbwtdio none';

// Starts the server, and stops it and its port mapper on SIGTERM or when the watched process has ended.
const watchdog = `
  "$1/rabbitmq-server" >>"$3" 2>&1 & server=$!
  trap 'kill -TERM $server' TERM
  while kill -0 "$2" && kill -0 $server; do sleep 1 & wait $!; done 2>/dev/null
  kill -TERM $server 2>/dev/null; wait $server; epmd -kill >/dev/null 2>&1`;

async function localNode(binaries: string, folder: string, watchedPid: number, configFiles?: string): Promise<Node> {
  const port = await freePorts();
  const at = (name: string) => join(folder, name);
  for (const name of ['home', 'data', 'log']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('env.conf'), '');
  writeFileSync(at('plugins'), '[].');
  writeFileSync(
    at('rabbitmq.conf'),
    `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = false\nlog.file.level = warning\ndisk_free_limit.absolute = 1MB\nraft.wal_max_size_bytes = 16777216\n`,
  );
  const env = {
    PATH: process.env['PATH'],
    HOME: at('home'),
    ERL_EPMD_PORT: String(port + 2),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test${port}@localhost`,
    RABBITMQ_DIST_PORT: String(port + 1),
    RABBITMQ_CONF_ENV_FILE: at('env.conf'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    ...(configFiles && { RABBITMQ_CONFIG_FILES: configFiles }),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_MNESIA_BASE: at('data'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    ERL_CRASH_DUMP: at('erl_crash.dump'), // otherwise it is written to the checkout
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${idleSchedulers}`,
    RABBITMQ_CTL_ERL_ARGS: idleSchedulers,
  };
  let server: ReturnType<typeof spawn> | undefined;
  const waitForEnd = async (signal: 'SIGTERM' | 'none') => {
    if (server) await ended(server, signal === 'none' ? undefined : signal);
    server = undefined;
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    output: () => Promise.resolve(readFileSync(at('output'), 'utf8')),
    ctl: async (...args) => (await run(join(binaries, 'rabbitmqctl'), args, { env })).stdout,
    start: async () => {
      server = spawn('sh', ['-c', watchdog, 'sh', binaries, String(watchedPid), at('output')], {
        env,
        stdio: 'ignore',
        detached: true,
      });
      server.unref();
      await waitUntilListening(port, `RabbitMQ did not start; see ${at('log')}`);
    },
    stop: () => waitForEnd('SIGTERM'),
    kill: async () => {
      process.kill(Number(readFileSync(at('pid'), 'utf8')), 'SIGKILL');
      await waitForEnd('none');
    },
    stopCommand: () => ['kill', String(server?.pid)],
  };
}

/** Finds three consecutive free ports: for clients, Erlang's distribution, and its port mapper. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!(await isListening(port + 1)) && !(await isListening(port + 2))) return port;
  }
}

async function dockerNode(configFiles?: string): Promise<Node | undefined> {
  const docker = async (...args: string[]) => (await run('docker', args)).stdout.trim();
  if (!(await docker('version').catch(() => ''))) return undefined;
  const port = await freePort();
  const name = `clientela-test-${port}`;
  const publish = `127.0.0.1:${port}:5672`;
  const configured = configFiles
    ? ['-v', `${dirname(configFiles)}:${dirname(configFiles)}:ro`, '-e', `RABBITMQ_CONFIG_FILES=${configFiles}`]
    : [];
  let isCreated = false;
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    output: () => docker('logs', name),
    ctl: (...args) => docker('exec', name, 'rabbitmqctl', ...args),
    start: async () => {
      await (isCreated
        ? docker('start', name)
        : docker('run', '-d', '--name', name, '-p', publish, ...configured, 'rabbitmq:4'));
      isCreated = true;
      await waitUntilListening(port, `RabbitMQ did not start; see docker logs ${name}`);
      await docker('exec', name, 'rabbitmqctl', 'await_startup');
    },
    stop: async () => void (await docker('stop', name)),
    kill: async () => void (await docker('kill', name)),
    stopCommand: () => ['docker', 'rm', '-f', name],
  };
}

async function waitUntilListening(port: number, errorMessage: string): Promise<void> {
  for (const startTime = Date.now(); !(await isListening(port)); await sleep(100)) {
    if (Date.now() - startTime > startTimeout) throw new Error(errorMessage);
  }
}
