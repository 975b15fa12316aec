import { isIP } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { givenDatabase, makeDatabase, migrateDatabase, type ServiceDatabase } from './databases.ts';
import { openSecrets, record, type Secrets } from './secrets.ts';
import { holdFolder } from './installation-lock.ts';
import { openLogFile } from './log-file.ts';
import { freePort, isFree } from '@clientela/embedded-postgres';
import { watchPostgres } from './postgres-watch.ts';
import { startPostgres } from '@clientela/embedded-postgres';
import { startedAt } from '@clientela/embedded-postgres';
import { folderOf, type Peer, peers, type Service, services, type Street, repoRoot, variablesOf } from './services.ts';
import { allReady } from './readiness.ts';
import { endLeftovers, openRunFile } from './pid-file.ts';
import { portVariable, readSettings, type Settings } from './settings.ts';
import { supervise, type Watch } from './supervisor.ts';
import { superuser, type Superuser } from './superuser.ts';

export type FleetOptions = {
  /** The installation's folder: secrets, logs, and PostgreSQL's data (as root, that lies elsewhere under a name made from this one). */
  folder: string;
  /** The settings (API contract, section 11), nothing else is read. A port of 0 is a free one. */
  env: NodeJS.ProcessEnv;
  /** Every port that `env` does not give is a free one: for several fleets side by side. */
  free_ports?: boolean;
  /** `false` only for data that may be lost, as a test's. */
  fsync?: boolean;
  /** Where node keeps what it compiled, unless in the installation's folder: several fleets may share it. */
  compile_cache?: string;
  /** Told of the superuser as soon as it is there: a password that was generated is known to nobody else. */
  on_superuser?: (superuser: Superuser) => void;
  /** Told of each step that is done, and of each program that died. */
  progress?: (line: string) => void;
  /** Given every line that a program writes, besides its log file. */
  log_lines?: (program: string, line: string) => void;
  /** The checkout whose programs run. */
  street?: string;
  /** Gives the start up; a fleet that stands is ended with `stop()`. */
  signal?: AbortSignal;
};

export type Fleet = {
  /** The gateway's address. */
  url: string;
  ports: Record<Peer, number>;
  pid: (program: Peer) => number | undefined;
  kill: (program: Peer, signal: NodeJS.Signals) => boolean;
  log: (program: Peer) => string;
  superuser: Superuser;
  postgres: { admin_url?: string; pid: () => number | undefined };
  databases: Record<Service, ServiceDatabase>;
  secrets: Secrets;
  stop: () => Promise<void>;
};

type Closing = () => Promise<unknown> | void;

/**
 * Starts the whole street on this machine and keeps it running until `stop()`.
 * @throws Error in one sentence (EnvironmentError: one line a setting) when it cannot; what was started is stopped again then
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const closings: Closing[] = [];
  const stop = async () => {
    for (const close of closings.splice(0).toReversed()) await close();
  };
  try {
    return await start(options, closings, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: FleetOptions, closings: Closing[], stop: () => Promise<void>): Promise<Fleet> {
  const { folder, street = repoRoot, progress = () => {}, signal = new AbortController().signal } = options;
  const settings = readSettings(options.env);
  const lock = await holdFolder(folder);
  closings.push(() => lock.release());
  const killed = await endLeftovers(folder);
  const ports = await choosePorts(settings, options.free_ports ?? false, killed ? 2000 : 0);
  const secrets = openSecrets(folder, settings);

  const log = openLogFile(join(folder, 'logs', 'fleet.log'));
  closings.push(() => log.close());
  const tell = (line: string) => {
    log.write(Buffer.from(`${new Date().toISOString()} ${line}\n`));
    progress(line);
  };
  const run = openRunFile(folder);
  run.note('fleet', identityOf(process.pid));
  closings.push(() => run.remove());

  const postgres = await server(settings, options, closings, tell);
  const made = await Promise.all(
    services.map((service) => database(service, settings, postgres.admin_url, secrets, street)),
  );
  const databases = record(services, (service) => made[services.indexOf(service)] as ServiceDatabase);
  tell('databases are there and up to date');
  signal.throwIfAborted();

  const urls = record(services, (service) => settings.service_urls[service] ?? `http://127.0.0.1:${ports[service]}`);
  const parts: Street = {
    ports,
    service_urls: urls,
    database_urls: record(services, (service) => databases[service].url),
    service_keys: secrets.service_keys,
    previous_service_keys: secrets.previous_service_keys,
    own_secrets: secrets.own_secrets,
    // Pictures lie beside the rest of the installation, unless the settings name a place for them.
    given: { ...(!settings.given.AVATARS_S3_BUCKET && { AVATARS_FOLDER: join(folder, 'avatars') }), ...settings.given },
  };
  const compile_cache = options.compile_cache ?? compileCacheOf(folder);
  const failed = new AbortController();
  const ready = new AbortController();
  const watch: Watch = {
    compile_cache,
    on_start: run.note,
    on_death: (name, deaths) => {
      tell(`${name} ended and is started again: see ${logOf(folder, name)}`);
      // Later, a program that keeps dying is kept being started: what it lacks may come back.
      if (deaths >= hopeless && !ready.signal.aborted)
        failed.abort(new Error(`${name} does not start: its log ${logOf(folder, name)} says why.`));
    },
    ...(options.log_lines && { on_line: options.log_lines }),
  };
  const running = record(peers, (program) => {
    const cwd = folderOf(program, street);
    return supervise(
      {
        name: program,
        script: join(cwd, 'src/main.ts'),
        cwd,
        variables: variablesOf(program, parts),
        log: logOf(folder, program),
      },
      watch,
    );
  });
  closings.push(() => Promise.all(peers.map((program) => running[program].stop())));

  const url = urlOf(settings.given.HOST, ports.gateway);
  const making = superuser('ensure', databases.auth.url, settings.admin, { street, compile_cache }).then((found) => {
    options.on_superuser?.(found);
    return found;
  });
  const [found] = await Promise.all([making, allReady(url, urls, AbortSignal.any([failed.signal, signal]))]).catch(
    async (error: unknown) => {
      failed.abort(error);
      await making.catch(() => {}); // one that is being made is made, and told of, before its database is stopped
      throw error;
    },
  );
  ready.abort();
  tell('gateway and services are ready');
  return {
    url,
    ports,
    superuser: found,
    databases,
    secrets,
    postgres,
    pid: (program) => running[program].pid(),
    kill: (program, signal) => running[program].kill(signal),
    log: (program) => running[program].log,
    stop,
  };
}

async function server(
  settings: Settings,
  options: FleetOptions,
  closings: Closing[],
  tell: (line: string) => void,
): Promise<Fleet['postgres']> {
  if (settings.postgres_admin_url) return { admin_url: settings.postgres_admin_url, pid: () => undefined };
  if (services.every((service) => settings.databases[service])) return { pid: () => undefined };
  const postgres = await startPostgres({ folder: options.folder, fsync: options.fsync ?? true });
  closings.push(() => postgres.stop());
  closings.push(
    watchPostgres(postgres, (error) =>
      tell(error ? `PostgreSQL does not start again: ${messageOf(error)}` : 'PostgreSQL ended and is started again'),
    ),
  );
  tell(`PostgreSQL runs on port ${postgres.port}`);
  return { admin_url: postgres.admin_url, pid: () => postgres.pid() };
}

async function database(
  service: Service,
  settings: Settings,
  admin_url: string | undefined,
  secrets: Secrets,
  street: string,
): Promise<ServiceDatabase> {
  const given = settings.databases[service];
  try {
    const found = given
      ? givenDatabase(given)
      : await makeDatabase(admin_url ?? '', service, secrets.role_passwords[service], {
          own_server: !settings.postgres_admin_url,
        });
    await migrateDatabase(found, service, street);
    return found;
  } catch (error) {
    throw new Error(`The database of ${service} cannot be set up: ${messageOf(error)}`, { cause: error });
  }
}

/** The ports of this run, all free now. @param patience milliseconds for a port that is being given back */
async function choosePorts(settings: Settings, free_ports: boolean, patience: number): Promise<Record<Peer, number>> {
  const ports = { ...settings.ports };
  const until = Date.now() + patience;
  for (const program of peers) {
    if (ports[program] === 0 || (free_ports && !settings.given_ports.includes(program))) {
      ports[program] = await freePort();
      continue;
    }
    const host = program === 'gateway' ? settings.given.HOST : undefined;
    while (!(await isFree(ports[program], host))) {
      if (Date.now() > until) {
        throw new Error(
          `Port ${ports[program]} for ${program} is taken by another program: free it, or choose another with ${portVariable(program)}.`,
        );
      }
      await sleep(50);
    }
  }
  return ports;
}

/** Where node keeps what it compiled: it halves the time that a program takes to come up. */
export const compileCacheOf = (folder: string): string => join(folder, 'compile-cache');

const hopeless = 5; // deaths before everything was ready once
const logOf = (folder: string, name: string) => join(folder, 'logs', `${name}.log`);
const identityOf = (pid: number) => ({ pid, started: startedAt(pid) ?? '' });

/** Where the gateway is reached from this machine. */
function urlOf(host = '127.0.0.1', port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(reached) === 6 ? `[${reached}]` : reached}:${port}`;
}

/** A failed connection may come as a bundle of several, whose own message is empty. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
