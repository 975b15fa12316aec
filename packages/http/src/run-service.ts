import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Express } from 'express';
import { redactedNames, type OutsideService, type Service } from '@clientela/contracts';
import { connect, SignInRefusedError, waitForDatabase, type Db, type MissingDatabase } from '@clientela/db';
import {
  createExpressMessages,
  drainDelayMs,
  EnvironmentError,
  openLog,
  runProcess,
  startProcessMetrics,
  startTracing,
  type Log,
  type LogSettings,
  type ShutdownHook,
  type TraceSettings,
} from '@clientela/runtime';
import { createCallPolicy, type CallPolicy } from './client/call-policy.ts';
import { serviceClient, type ServiceClient } from './client/client.ts';
import { startIdempotencyCleanup } from './idempotency/idempotency-cleanup.ts';
import { parseServiceKeys, type ServiceKeys } from './identity/actor.ts';
import { listen } from './routing/listen.ts';
import { startingListener } from './routing/starting.ts';
import { statementLogger, type StatementLogger } from './statement-logger.ts';

/** The settings that all services have, as `serviceSettings` names them. */
type ServiceConfig<Name extends Service> = {
  [Setting in `${Uppercase<Name>}_${'DATABASE_URL' | 'SERVICE_KEY' | 'SECRET'}`]: string;
} & { [Setting in `${Uppercase<Name>}_PORT`]: number } & {
  HOST: string;
  SERVICE_KEY_HASHES: string;
  DRAIN_DELAY?: number | undefined;
} & LogSettings &
  TraceSettings;

/** The services whose URL is in the configuration: `CUSTOMER_SERVICE_URL` stands for `customer`. */
type CalledService<Config> = Service &
  { [Setting in keyof Config]: Setting extends `${infer Name}_SERVICE_URL` ? Lowercase<Name> : never }[keyof Config];

export type ServiceProcess<Config> = {
  config: Config;
  /** The dependencies that every service passes to its `createApp`. */
  deps: { db: Db; log: Log; serviceKeys: ServiceKeys; secret: string; draining: AbortSignal };
  databaseUrl: string;
  /** For further pools. */
  onStatement: StatementLogger | undefined;
  /** Creates a client of another service. @param options.timeout milliseconds per call */
  client: (service: CalledService<Config>, options?: { timeout: number }) => ServiceClient;
  onShutdown: (hook: ShutdownHook) => void;
  /** Aborts after the drain, when the server closes: responses without an end of their own end then. */
  stopping: AbortSignal;
};

/** A further process of a service. */
export type WorkerProcess<Config> = Omit<ServiceProcess<Config>, 'stopping' | 'deps'> & {
  deps: Omit<ServiceProcess<Config>['deps'], 'draining'>;
};

/** The migrations of the packages that every service uses; they run before its own. */
const sharedMigrations = ['http', 'events', 'privacy'].map((name) =>
  join(import.meta.dirname, '../..', name, 'migrations'),
);

const waits: Record<MissingDatabase, string> = {
  connection: 'the database',
  signIn: 'a database that accepts this role and password',
  migrations: 'the migrations of the database',
};

type ProcessOptions<Config> = {
  readConfig: () => Config;
  /** Services outside of the fleet that may call this one. */
  outsideCallers?: readonly OutsideService[];
  poolOptions: (config: Config) => { userParams: Readonly<Record<string, unknown>>; name?: string; pool?: number };
};

/**
 * Runs the process of a service: reads its settings, opens log and database pool, waits for the database and its migrations, and
 * serves the app until the process is stopped. Then readiness fails first, for the time of the drain; the server closes when its
 * requests are finished, then the workers, then the pools.
 * @param options.poolOptions further options of the database pool
 * @param options.migrations folder of the service's migrations
 * @param options.start opens everything else and builds the app
 */
export const runService = <Name extends Service, Config extends ServiceConfig<Name>>(
  name: Name,
  options: ProcessOptions<Config> & {
    migrations: string;
    start: (service: ServiceProcess<Config>) => Express | Promise<Express>;
  },
): Promise<void> =>
  runProcess(async (onShutdown, drainWith) => {
    startProcessMetrics();
    const service = openProcess(name, options, onShutdown);
    const { config, deps } = service;
    onShutdown(await startTracing(name, config, deps.log));
    const draining = new AbortController();
    const stopping = new AbortController();
    let waitsFor: string | undefined;
    let listener: RequestListener = startingListener(name, () => waitsFor);
    const messages = createExpressMessages();
    const server = await listen((request, response) => listener(request, response), {
      host: config.HOST,
      port: Number((config as Readonly<Record<string, unknown>>)[`${name.toUpperCase()}_PORT`]),
      draining: draining.signal,
      messages,
    });

    const databaseUrl = `${name.toUpperCase()}_DATABASE_URL`;
    const onMissing = (missing: MissingDatabase) => {
      waitsFor = waits[missing];
      deps.log[missing === 'signIn' ? 'error' : 'warn']({ waits_for: waitsFor }, `waiting for ${waitsFor}`);
    };
    await waitForDatabase(deps.db, { folders: [...sharedMigrations, options.migrations], onMissing }).catch((error) => {
      throw error instanceof SignInRefusedError ? new EnvironmentError([`${databaseUrl}: ${error.message}`]) : error;
    });
    const idempotencyCleanup = startIdempotencyCleanup(deps.db, deps.log);
    onShutdown(() => idempotencyCleanup.stop());
    waitsFor = 'the start of the service';
    const app = await options.start({
      ...service,
      deps: { ...deps, draining: draining.signal },
      stopping: stopping.signal,
    });
    messages.adopt(app);
    listener = app;
    onShutdown(() => {
      stopping.abort();
      return server.close();
    });
    const delayMs = drainDelayMs(config);
    drainWith({
      delayMs,
      begin: () => {
        draining.abort();
        deps.log.info({ drain_ms: delayMs }, 'draining');
      },
    });
    deps.log.info({ port: server.port }, 'listening');
  });

/** Runs a further process of a service, which serves no requests, with the same settings, log and database. */
export const runServiceWorker = <Name extends Service, Config extends ServiceConfig<Name>>(
  name: Name,
  options: ProcessOptions<Config> & { start: (worker: WorkerProcess<Config>) => void | Promise<void> },
): Promise<void> => runProcess(async (onShutdown) => options.start(openProcess(name, options, onShutdown)));

function openProcess<Name extends Service, Config extends ServiceConfig<Name>>(
  name: Name,
  options: ProcessOptions<Config>,
  onShutdown: (hook: ShutdownHook) => void,
): WorkerProcess<Config> {
  const config = withOwnBroker(name, options.readConfig());
  const settings = config as Readonly<Record<string, unknown>>;
  const ownSetting = (setting: string) => settings[`${name.toUpperCase()}_${setting}`] as string;
  const { log, close } = openLog(name, config, { redact: redactedNames });
  onShutdown(close);
  const onStatement = statementLogger(log);
  const db = connect(ownSetting('DATABASE_URL'), { name, onStatement, ...options.poolOptions(config) });
  onShutdown(() => db.destroy());
  const policies = new Map<Service, CallPolicy>();
  const policyOf = (service: Service): CallPolicy => {
    const policy = policies.get(service) ?? createCallPolicy(service);
    policies.set(service, policy);
    return policy;
  };
  return {
    config,
    deps: {
      db,
      log,
      serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES, options.outsideCallers),
      secret: ownSetting('SECRET'),
    },
    databaseUrl: ownSetting('DATABASE_URL'),
    onStatement,
    client: (service, callOptions) =>
      serviceClient({
        service,
        url: settings[`${(service as Service).toUpperCase()}_SERVICE_URL`] as string,
        key: ownSetting('SERVICE_KEY'),
        policy: policyOf(service),
        ...callOptions,
      }),
    onShutdown,
  };
}

/** Gives a service its own user of the broker, where one is set: `AUTH_RABBITMQ_URL` in place of `RABBITMQ_URL`. */
function withOwnBroker<Config extends object>(name: Service, config: Config): Config {
  const url = (config as Readonly<Record<string, unknown>>)[`${name.toUpperCase()}_RABBITMQ_URL`];
  return url === undefined ? config : { ...config, RABBITMQ_URL: url };
}
