import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isFree, startedAt, startPostgres } from '@clientela/embedded-postgres';
import { ServerVersionError } from '@clientela/db';
import { lowerPriority } from '@clientela/runtime';
import { buildConsole } from './console.ts';
import { createDatabase, externalDatabase, migrateDatabase, type ServiceDatabase } from './databases.ts';
import { acquireInstallationLock } from './installation-lock.ts';
import { openLogFile } from './log-file.ts';
import { killOrphans, openPidFile } from './pid-file.ts';
import { watchPostgres } from './postgres-watch.ts';
import { describeTransport } from './transport.ts';
import { waitUntilReady } from './readiness.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import {
  environmentFor,
  type FleetConfig,
  folderOf,
  mapKeys,
  type Peer,
  peers,
  repoRoot as ownRoot,
  type Service,
  services,
} from './services.ts';
import { portVariable, readSettings, type Settings, withDataFolders } from './settings.ts';
import { runSuperuserScript, type Superuser } from './superuser.ts';
import { supervise, type SupervisedProcess, type SupervisorHooks } from './supervisor.ts';

export type FleetOptions = {
  /** The installation's folder: secrets, logs, and PostgreSQL's data (as root, the data lies elsewhere). */
  folder: string;
  /** The settings (API contract, section 11). Nothing else is read. Port 0 stands for a free one. */
  env: NodeJS.ProcessEnv;
  /** Chooses a free port for every process whose port `env` does not set. */
  freePorts?: boolean;
  /** Lets the gateway have the CPU before the services and PostgreSQL, as an installation that may be overloaded needs (ADR 36). */
  gatewayFirst?: boolean;
  /** `false` only for data that may be lost, such as a test's. */
  fsync?: boolean;
  /** Folder of Node's compile cache, which fleets may share. By default it is in the installation's folder. */
  compileCache?: string;
  /** Called as soon as the superuser exists. A generated password is available nowhere else. */
  onSuperuser?: (superuser: Superuser) => void;
  /** Called with each completed step and each crash. */
  onProgress?: (line: string) => void;
  /** Called with every line that a process writes, in addition to its log file. */
  onLine?: (peer: string, line: string) => void;
  /** Builds the web console beside the start, unless the settings say otherwise. */
  console?: boolean;
  /** Root of the checkout whose services run. */
  repoRoot?: string;
  /** Aborts the start. A running fleet ends with `stop()`. */
  signal?: AbortSignal;
};

export type Fleet = {
  /** URL of the gateway. */
  url: string;
  hasConsole: boolean;
  ports: Record<Peer, number>;
  pid: (peer: Peer) => number | undefined;
  kill: (peer: Peer, signal: NodeJS.Signals) => boolean;
  /** The settings of a process, secrets included; for a further process of the same program. */
  environmentOf: (peer: Peer) => Record<string, string>;
  /** Path of a process's log. */
  logPath: (peer: Peer) => string;
  superuser: Superuser;
  postgres: { adminUrl?: string; pid: () => number | undefined };
  databases: Record<Service, ServiceDatabase>;
  secrets: Secrets;
  stop: () => Promise<void>;
};

type ShutdownHooks = (() => Promise<unknown> | void)[];
/** State that the steps of one start share. */
type Start = {
  options: FleetOptions;
  settings: Settings;
  root: string;
  shutdownHooks: ShutdownHooks;
  report: (line: string) => void;
};

/** By how much the priority of services and PostgreSQL is lower than the gateway's. It gets nine times as much CPU when all want more. */
const serviceNiceness = 10;

/** A process that crashes this often before the fleet is first ready fails the start. */
const MAX_START_CRASHES = 5;

/**
 * Starts the whole fleet on this machine and keeps it running until `stop()`.
 * @throws Error in one sentence (EnvironmentError: one line a setting); everything started is stopped before
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const shutdownHooks: ShutdownHooks = [];
  const stop = async () => {
    for (const hook of shutdownHooks.splice(0).toReversed()) await hook();
  };
  try {
    return { ...(await start(options, shutdownHooks)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: FleetOptions, shutdownHooks: ShutdownHooks): Promise<Omit<Fleet, 'stop'>> {
  const { folder, repoRoot: root = ownRoot, onProgress, signal = new AbortController().signal } = options;
  const settings = await readSettings(options.env, root);
  const lock = await acquireInstallationLock(folder);
  shutdownHooks.push(() => lock.release());
  const hadOrphans = await killOrphans(folder);
  const ports = await choosePorts(settings, options.freePorts ?? false, hadOrphans ? 2000 : 0);
  const secrets = openSecrets(folder, settings);

  const transport = describeTransport(settings);
  const log = openLogFile(join(folder, 'logs', 'fleet.log'));
  shutdownHooks.push(() => log.close());
  const report = (line: string) => {
    log.write(Buffer.from(`${new Date().toISOString()} ${line}\n`));
    onProgress?.(line);
  };
  const pidFile = openPidFile(folder);
  const url = gatewayUrl(settings.overrides['HOST'], ports.gateway);
  pidFile.add('fleet', { pid: process.pid, started: startedAt(process.pid) ?? '', url });
  shutdownHooks.push(() => pidFile.remove());

  const context: Start = { options, settings, root, shutdownHooks, report };
  const consoleFolder = openConsole(context);
  const postgres = await openPostgres(context);
  const databases = await openDatabases(context, postgres.adminUrl, secrets);
  signal.throwIfAborted();

  const config: FleetConfig = {
    ports,
    serviceUrls: mapKeys(services, (name) => settings.serviceUrls[name] ?? `http://127.0.0.1:${ports[name]}`),
    databaseUrls: mapKeys(services, (service) => databases[service].url),
    serviceKeys: secrets.serviceKeys,
    previousServiceKeys: secrets.previousServiceKeys,
    ownSecrets: secrets.ownSecrets,
    // Mails to a folder are read on this machine.
    overrides: {
      ...(settings.overrides['SMTP_URL'] === undefined && { PUBLIC_URL: url }),
      ...(consoleFolder !== undefined && { CONSOLE_FOLDER: consoleFolder }),
      ...withDataFolders(settings.overrides, folder),
    },
    settingsOf: settings.settingsOf,
  };
  const failed = new AbortController();
  const ready = new AbortController();
  const compileCache = options.compileCache ?? join(folder, 'compile-cache');
  const running = startProcesses(context, config, {
    compileCache,
    onStart: pidFile.add,
    onCrash: (name, crashes, reason) => {
      report(`${name} ended and is restarted: ${reason} (its log: ${logPathOf(folder, name)})`);
      // After that, crashes are restarted without a limit, because a missing dependency may return.
      if (crashes >= MAX_START_CRASHES && !ready.signal.aborted)
        failed.abort(new Error(`${name} does not start: ${reason} (its log: ${logPathOf(folder, name)})`));
    },
    ...(options.onLine && { onLine: options.onLine }),
  });

  const ensured = runSuperuserScript('ensure', databases.auth.url, settings.admin, { root, compileCache }).then(
    (superuser) => {
      options.onSuperuser?.(superuser);
      return superuser;
    },
  );
  const [superuser] = await Promise.all([
    ensured,
    waitUntilReady(url, config.serviceUrls, AbortSignal.any([failed.signal, signal])),
  ]).catch(async (error: unknown) => {
    failed.abort(error);
    // Finishes creating and reporting a superuser before its database stops.
    await ensured.catch(() => {});
    throw error;
  });
  ready.abort();
  report(await transport);
  report('gateway and services are ready');
  return {
    url,
    hasConsole: settings.overrides['CONSOLE'] !== 'off' && consoleFolder !== undefined,
    ports,
    superuser,
    databases,
    secrets,
    postgres,
    pid: (peer) => running[peer].pid(),
    kill: (peer, signal) => running[peer].kill(signal),
    environmentOf: (peer) => environmentFor(peer, config),
    logPath: (peer) => running[peer].logPath,
  };
}

/** Starts to build the console, for which nothing waits. @returns its folder, undefined when there is none */
function openConsole({ options, settings, root, shutdownHooks, report }: Start): string | undefined {
  const { CONSOLE, CONSOLE_FOLDER } = settings.overrides;
  if (!options.console || CONSOLE === 'off' || CONSOLE_FOLDER !== undefined) return CONSOLE_FOLDER;
  const { folder, stop } = buildConsole({
    root,
    folder: join(options.folder, 'console'),
    logPath: logPathOf(options.folder, 'console'),
    report,
  });
  shutdownHooks.push(stop);
  return folder;
}

async function openPostgres({ options, settings, shutdownHooks, report }: Start): Promise<Fleet['postgres']> {
  if (settings.postgresAdminUrl) return { adminUrl: settings.postgresAdminUrl, pid: () => undefined };
  if (services.every((service) => settings.databases[service])) return { pid: () => undefined };
  const postgres = await startPostgres({ folder: options.folder, fsync: options.fsync ?? true });
  shutdownHooks.push(() => postgres.stop());
  const yieldCpu = () => {
    const pid = postgres.pid();
    if (options.gatewayFirst && pid) lowerPriority(pid, serviceNiceness);
  };
  yieldCpu();
  const restart = () => postgres.restart().then(yieldCpu);
  shutdownHooks.push(
    watchPostgres({ ...postgres, restart }, (error) =>
      report(error ? `PostgreSQL does not restart: ${messageOf(error)}` : 'PostgreSQL ended and is restarted'),
    ),
  );
  report(`PostgreSQL runs on port ${postgres.port}`);
  return { adminUrl: postgres.adminUrl, pid: () => postgres.pid() };
}

/** Creates what is missing and runs new migrations, in all databases at once. */
async function openDatabases(
  { settings, root, report }: Start,
  adminUrl: string | undefined,
  secrets: Secrets,
): Promise<Record<Service, ServiceDatabase>> {
  const open = async (service: Service): Promise<ServiceDatabase> => {
    const external = settings.databases[service];
    const isDedicatedServer = !settings.postgresAdminUrl;
    try {
      const database = external
        ? externalDatabase(external)
        : await createDatabase(adminUrl ?? '', service, secrets.rolePasswords[service], { isDedicatedServer });
      await migrateDatabase(database, service, root);
      return database;
    } catch (error) {
      if (error instanceof ServerVersionError) throw error;
      throw new Error(`The database of ${service} cannot be set up: ${messageOf(error)}`, { cause: error });
    }
  };
  const opened = await Promise.all(services.map(open));
  report('databases are up to date');
  return mapKeys(services, (service) => opened[services.indexOf(service)] as ServiceDatabase);
}

function startProcesses(
  { options, root, shutdownHooks }: Start,
  config: FleetConfig,
  hooks: SupervisorHooks,
): Record<Peer, SupervisedProcess> {
  const running = mapKeys(peers, (peer) => {
    const cwd = folderOf(peer, root);
    const logPath = logPathOf(options.folder, peer);
    return supervise(
      {
        name: peer,
        script: join(cwd, 'src/main.ts'),
        cwd,
        env: environmentFor(peer, config),
        logPath,
        ...(options.gatewayFirst && peer !== 'gateway' && { niceness: serviceNiceness }),
      },
      hooks,
    );
  });
  shutdownHooks.push(() => Promise.all(peers.map((peer) => running[peer].stop())));
  return running;
}

/**
 * Chooses the ports of this run, all free now.
 * @param timeoutMs how long to wait for a port that a killed run still occupies
 */
async function choosePorts(settings: Settings, freePorts: boolean, timeoutMs: number): Promise<Record<Peer, number>> {
  const ports = { ...settings.ports };
  const deadline = Date.now() + timeoutMs;
  for (const peer of peers) {
    if (ports[peer] === 0 || (freePorts && !settings.fixedPorts.includes(peer))) {
      ports[peer] = await freePort();
      continue;
    }
    const host = peer === 'gateway' ? settings.overrides['HOST'] : undefined;
    while (!(await isFree(ports[peer], host))) {
      if (Date.now() > deadline) {
        throw new Error(
          `Port ${ports[peer]} for ${peer} is in use: free it, or choose another with ${portVariable(peer)}.`,
        );
      }
      await sleep(50);
    }
  }
  return ports;
}

const logPathOf = (folder: string, name: string) => join(folder, 'logs', `${name}.log`);

/** Returns the URL of the gateway on this machine. */
function gatewayUrl(host = '127.0.0.1', port: number): string {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

/** Returns the message of an error. A failed connection may be an AggregateError without one. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
