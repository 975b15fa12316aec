import type { Redis as Client, RedisOptions } from 'ioredis';
import type { Log } from './log.ts';

const commandTimeout = 75; // milliseconds: no caller waits 100 ms for Redis
const clockTolerance = 50; // milliseconds
const connectTimeout = 1000;
const reconnectInterval = 250; // also the pause after a failure, in which nobody asks Redis

/** Checks that scripts may run and write, which a replica, a full or a loading server refuse. @returns the server's time */
const probe = `
redis.call('set', KEYS[1], '1', 'px', 1000)
local clock = redis.call('time')
return clock[1] * 1000 + math.floor(clock[2] / 1000)`;

/**
 * A Redis that may be away at any time. It is never the only copy of anything: each user has a way to do without it.
 */
export type Redis = {
  /** Whether the last command succeeded. */
  isUp: () => boolean;
  /**
   * Runs a command and waits at most 75 ms for it. After a failure all commands are skipped until a probe succeeds.
   * @returns undefined when Redis is away; the command may have been executed nevertheless
   */
  run: <T>(command: (client: Client) => Promise<T>) => Promise<T | undefined>;
  /**
   * The time of the server's clock, in milliseconds, at which a command that is sent now is too old: nobody waits for it any more.
   * A server that hung executes such commands when it continues.
   */
  deadline: () => number;
  /** Calls a listener for each message of a channel. Messages are lost while the connection is. */
  subscribe: (channel: string, onMessage: () => void) => void;
  close: () => void;
};

/**
 * Connects in the background, again and again.
 * @param url `redis://[[user]:password@]host:port[/database]`, or `rediss://` with TLS
 */
export function connectRedis(url: string, log: Log): Redis {
  const clients: Client[] = [];
  let state: 'connecting' | 'up' | 'down' = 'connecting';
  let isClosed = false;
  let main: Client | undefined;
  let clockOffset = 0; // from performance.now() to the server's clock

  const setState = (next: 'up' | 'down', failure?: unknown) => {
    if (state === next || isClosed) return;
    state = next;
    if (next === 'up') log.info('redis: connected');
    // The message only: the library adds the command with its arguments, a password among them.
    else log.warn({ failure: failure instanceof Error ? failure.message : 'closed' }, 'redis: unavailable, retrying');
  };

  const open = async (onReady: (client: Client) => Promise<unknown>): Promise<Client | undefined> => {
    // Loaded on demand, so that a process without Redis pays nothing for it.
    const { Redis } = await import('ioredis');
    if (isClosed) return undefined;
    const client = new Redis(url, clientOptions);
    clients.push(client);
    client.on('ready', () => {
      onReady(client).catch((error: unknown) => {
        if (client === main) setState('down', error);
        client.disconnect(true); // a new connection, because replies may still arrive on this one
      });
    });
    client.on('error', (error) => client === main && setState('down', error));
    client.on('close', () => client === main && setState('down'));
    return client;
  };

  const whenReady = async (client: Client) => {
    const sentAt = performance.now();
    clockOffset = Number(await withDeadline(client.eval(probe, 1, 'clientela:probe'))) - sentAt;
    setState('up');
  };
  void open(whenReady).then((client) => (main = client));

  return {
    isUp: () => state === 'up',
    run: async (command) => {
      if (state !== 'up' || !main) return undefined;
      try {
        return await withDeadline(command(main));
      } catch (error) {
        // Of several failures at once the first one reconnects.
        if (state === 'up') main.disconnect(true);
        setState('down', error);
        return undefined;
      }
    },
    deadline: () => Math.ceil(performance.now() + clockOffset) + commandTimeout + clockTolerance,
    subscribe: (channel, onMessage) =>
      void open((client) => client.subscribe(channel)).then((client) => client?.on('message', onMessage)),
    close: () => {
      isClosed = true;
      for (const client of clients) client.disconnect();
    },
  };
}

const clientOptions = {
  protocol: 2,
  disableClientInfo: true,
  connectTimeout,
  commandTimeout: connectTimeout, // for the commands of a new connection; `run` has its own
  disconnectTimeout: commandTimeout,
  enableReadyCheck: false, // the probe says more
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => reconnectInterval * (0.8 + Math.random() * 0.4),
  keepAlive: 10_000,
} satisfies RedisOptions;

/** Rejects when a reply takes too long. Looks at arrived replies first, because a busy process runs its timers late. */
function withDeadline<T>(reply: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => setImmediate(() => reject(new Error('no reply in time'))), commandTimeout);
  reply.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
