import { connect, type Socket } from 'node:net';
import { Client, type buildConnector } from 'undici';
import type { Limits } from '../limits.ts';

/** A connection to a replica, opened again when it is needed. It serves one request at a time. */
export type Connection = {
  client: Client;
  /** Whether it is being opened. */
  isConnecting: boolean;
  /** Requests that it served since it was opened. */
  served: number;
};

export type Connections = {
  /** Calls back with a free connection: now, or when there is one. */
  acquire: (use: (connection: Connection) => void) => void;
  release: (connection: Connection) => void;
  closeIdle: () => void;
  close: () => void;
};

/** Opens a connection within a time of milliseconds, which undici's own connector would round up to seconds. */
const connector =
  (timeout: number, onState: (isConnecting: boolean) => void): buildConnector.connector =>
  ({ hostname, port }, callback) => {
    onState(true);
    const socket: Socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || 80),
      noDelay: true,
    });
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('No connection'), { code: 'ETIMEDOUT' })),
      timeout,
    );
    let isDone = false;
    const finish = (error: Error | null) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      onState(false);
      if (error) callback(error, null);
      else callback(null, socket);
    };
    socket.once('connect', () => finish(null));
    socket.on('error', finish);
    socket.once('close', () => finish(new Error('closed')));
  };

/**
 * Keeps connections to one replica. undici's own pool hides which connection served a request before; on one that did, a reset may only
 * mean that the service closed it just then.
 */
export function createConnections(url: string, limits: Limits): Connections {
  const all = new Set<Connection>();
  const idle: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];

  const open = (): Connection => {
    const client = new Client(new URL(url).origin, {
      pipelining: 1,
      keepAliveTimeout: limits.upstreamIdleTimeout,
      keepAliveMaxTimeout: limits.upstreamIdleTimeout,
      // The proxy has its own deadlines.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector(limits.connectTimeout, (isConnecting) => (connection.isConnecting = isConnecting)),
    });
    const connection: Connection = { client, isConnecting: false, served: 0 };
    client.on('disconnect', () => (connection.served = 0));
    all.add(connection);
    return connection;
  };
  const discard = (connection: Connection) => {
    all.delete(connection);
    void connection.client.destroy().catch(() => {});
  };

  return {
    acquire: (use) => {
      const connection = idle.pop() ?? (all.size < limits.maxUpstreamSockets ? open() : undefined);
      if (connection) use(connection);
      else waiting.push(use);
    },
    release: (connection) => {
      const next = waiting.shift();
      if (next) next(connection);
      else idle.push(connection);
    },
    closeIdle: () => {
      for (const connection of idle.splice(0)) discard(connection);
    },
    close: () => {
      idle.length = 0;
      for (const connection of all) discard(connection);
    },
  };
}
