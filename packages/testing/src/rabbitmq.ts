import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, isListening } from '@clientela/embedded-postgres';
import { ended } from './child.ts';

const run = promisify(execFile);
const patience = 90_000; // milliseconds: on a busy machine Erlang takes its time

/** A RabbitMQ of our own, which may be stopped, killed and asked for anything. */
export type Rabbitmq = {
  url: string;
  /** `rabbitmqctl …` on this node. */
  ctl: (...args: string[]) => Promise<string>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  /** Lets it write down which queues there are: what it was told within the last seconds, it forgets when it is killed (Erlang's DETS). */
  settled: () => Promise<void>;
  /** As a power cut. */
  kill: () => Promise<void>;
  /** The command that ends it from another process. */
  ending: () => [string, ...string[]];
};

type Node = Omit<Rabbitmq, 'settled'>;

/**
 * Starts a private RabbitMQ: with the programs on this machine, else as root on Debian installed from there, else in Docker. It ends at
 * the latest with the process `watched`.
 * @throws Error that says what to install when there is none
 */
export async function startRabbitmq(folder: string, watched: number): Promise<Rabbitmq> {
  const programs = (await findPrograms()) ?? (await install());
  const node = programs ? await onThisMachine(programs, folder, watched) : await inDocker();
  if (!node) {
    throw new Error(
      'These tests need RabbitMQ: set RABBITMQ_URL to one that may be filled with test queues, or install rabbitmq-server, or Docker.',
    );
  }
  await node.start();
  const settled = async () => void (await node.ctl('eval', '[dets:sync(Table) || Table <- dets:all()].'));
  return { ...node, settled };
}

/** Where the run's shared one is written down, and how. */
export const brokerFile = 'rabbitmq.json';
export type Shared = { url: string; ending: [string, ...string[]] };

/** Ends the one that a run's workers shared, if they started it. */
export async function endShared(folder: string): Promise<void> {
  const file = join(folder, brokerFile);
  if (!existsSync(file)) return;
  const { url, ending } = JSON.parse(readFileSync(file, 'utf8')) as Shared;
  await run(ending[0], ending.slice(1));
  const port = Number(new URL(url).port);
  for (let tries = 0; tries < 100 && ((await isListening(port)) || (await isListening(port + 2))); tries += 1)
    await sleep(100);
}

/** The folder with the server's own programs: those on the PATH are wrappers that drop settings and change the user. */
async function findPrograms(): Promise<string | undefined> {
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
  // One of the workers at a time: apt does not wait for another.
  const lock = join(tmpdir(), 'clientela-apt.lock');
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 16 * 1024 * 1024 }).catch(() => {});
  return findPrograms();
}

/** Erlang's schedulers wait without spinning, which took a tenth of the time of all tests. */
const idleSchedulers = '+sbwt none +sbwtdcpu none +sbwtdio none';

// Starts the server, and ends it and its port mapper when it is told to, or when the process whose test it is has gone.
const watchdog = `
  "$1/rabbitmq-server" >/dev/null 2>&1 & server=$!
  trap 'kill -TERM $server' TERM
  while kill -0 "$2" && kill -0 $server; do sleep 1 & wait $!; done 2>/dev/null
  kill -TERM $server 2>/dev/null; wait $server; epmd -kill >/dev/null 2>&1`;

async function onThisMachine(programs: string, folder: string, watched: number): Promise<Node> {
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
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_MNESIA_BASE: at('data'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    ERL_CRASH_DUMP: at('erl_crash.dump'), // else it lands in the checkout
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${idleSchedulers}`,
    RABBITMQ_CTL_ERL_ARGS: idleSchedulers,
  };
  let server: ReturnType<typeof spawn> | undefined;
  const gone = async (signal: 'SIGTERM' | 'none') => {
    if (server) await ended(server, signal === 'none' ? undefined : signal);
    server = undefined;
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    ctl: async (...args) => (await run(join(programs, 'rabbitmqctl'), args, { env })).stdout,
    start: async () => {
      server = spawn('sh', ['-c', watchdog, 'sh', programs, String(watched)], { env, stdio: 'ignore', detached: true });
      server.unref();
      await listening(port, `RabbitMQ did not start; see ${at('log')}`);
    },
    stop: () => gone('SIGTERM'),
    kill: async () => {
      process.kill(Number(readFileSync(at('pid'), 'utf8')), 'SIGKILL');
      await gone('none');
    },
    ending: () => ['kill', String(server?.pid)],
  };
}

/** Three in a row: for clients, for Erlang's distribution, and for its port mapper. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!(await isListening(port + 1)) && !(await isListening(port + 2))) return port;
  }
}

async function inDocker(): Promise<Node | undefined> {
  const docker = async (...args: string[]) => (await run('docker', args)).stdout.trim();
  if (!(await docker('version').catch(() => ''))) return undefined;
  const port = await freePort();
  const name = `clientela-test-${port}`;
  const publish = `127.0.0.1:${port}:5672`;
  let made = false;
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    ctl: (...args) => docker('exec', name, 'rabbitmqctl', ...args),
    start: async () => {
      await (made ? docker('start', name) : docker('run', '-d', '--name', name, '-p', publish, 'rabbitmq:4'));
      made = true;
      await listening(port, `RabbitMQ did not start; see docker logs ${name}`);
      await docker('exec', name, 'rabbitmqctl', 'await_startup');
    },
    stop: async () => void (await docker('stop', name)),
    kill: async () => void (await docker('kill', name)),
    ending: () => ['docker', 'rm', '-f', name],
  };
}

async function listening(port: number, otherwise: string): Promise<void> {
  for (const begun = Date.now(); !(await isListening(port)); await sleep(100)) {
    if (Date.now() - begun > patience) throw new Error(otherwise);
  }
}
