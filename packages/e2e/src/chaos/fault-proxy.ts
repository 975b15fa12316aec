import { createServer, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@clientela/testing';
import type { Segment, Protocol } from './protocol.ts';

/** A segment before it is forwarded: its connection (`customer relay`, or the request), direction and kind. */
export type Passing = { from: string; direction: 'up' | 'down'; kind: string };
type Matcher = (passing: Passing) => boolean;

export type Hold = {
  /** Resolves when the first segment is held. */
  reached: Promise<Passing>;
  /** Whether a segment is held now. */
  holds: () => boolean;
  /** Passes on held and later segments. */
  release: () => void;
};

export type FaultProxy = {
  port: number;
  /** Stops a direction of a connection before the first matching segment. Later segments wait behind it. */
  hold: (matches: Matcher) => Hold;
  /** Resolves when the next matching segment has passed. */
  waitFor: (matches: Matcher) => Promise<Passing>;
  /** Delays matching segments. @returns a function that ends the delay */
  delay: (matches: Matcher, milliseconds: number) => () => void;
  /** Resets open connections. */
  cut: (from?: (name: string) => boolean) => void;
  close: () => Promise<void>;
};

type Connection = { from: string; client: Socket; server: Socket; closed: PromiseWithResolvers<void> };

/**
 * A TCP proxy that injects network faults between a process and its server.
 * @param target returns the port of the server, called for each connection
 */
export async function faultProxy(target: () => number, protocol: Protocol): Promise<FaultProxy> {
  const connections = new Set<Connection>();
  const holding = new Map<Matcher, { released: PromiseWithResolvers<void>; reached: PromiseWithResolvers<Passing> }>();
  const delays = new Map<Matcher, number>();
  const watched = new Map<Matcher, (passing: Passing) => void>();
  let waiting: { matches: Matcher }[] = [];

  /** Forwards one direction in order. A segment that is held when the connection ends is dropped. */
  const forward = (connection: Connection, direction: Passing['direction'], scan: (chunk: Buffer) => Segment[]) => {
    const [source, sink] =
      direction === 'up' ? [connection.client, connection.server] : [connection.server, connection.client];
    let forwarded = Promise.resolve();
    const pass = async ({ bytes, kind, from }: Segment) => {
      if (from !== undefined) connection.from = from;
      const passing: Passing = { from: connection.from, direction, kind };
      for (const [matches, milliseconds] of delays) if (matches(passing)) await sleep(milliseconds);
      for (const [matches, held] of holding) {
        if (!matches(passing)) continue;
        held.reached.resolve(passing);
        const entry = { matches };
        waiting.push(entry);
        const released = held.released.promise.then(() => true);
        const passes = await Promise.race([released, connection.closed.promise.then(() => false)]);
        waiting = waiting.filter((waitingEntry) => waitingEntry !== entry);
        if (!passes) return end(connection);
      }
      if (sink.destroyed) return;
      for (const [matches, notify] of watched) if (matches(passing)) notify(passing);
      if (!sink.write(bytes)) await Promise.race([drained(sink), connection.closed.promise]);
    };
    source.on('data', (chunk: Buffer) => {
      for (const piece of scan(chunk))
        forwarded = forwarded.then(() => (connections.has(connection) ? pass(piece) : undefined));
    });
    source.on('end', () => {
      connection.closed.resolve();
      void forwarded.then(() => sink.end());
    });
  };
  const end = (connection: Connection) => {
    connections.delete(connection);
    connection.closed.resolve();
    connection.client.destroy();
    connection.server.destroy();
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const connection: Connection = {
      from: '',
      client,
      server: connect({ port: target(), host: '127.0.0.1', allowHalfOpen: true, noDelay: true }),
      closed: Promise.withResolvers(),
    };
    connections.add(connection);
    for (const socket of [client, connection.server])
      socket.on('error', () => end(connection)).on('close', () => end(connection));
    const { up, down } = protocol();
    forward(connection, 'up', up);
    forward(connection, 'down', down);
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    port,
    hold: (matches) => {
      const held = { released: Promise.withResolvers<void>(), reached: Promise.withResolvers<Passing>() };
      holding.set(matches, held);
      return {
        reached: held.reached.promise,
        holds: () => waiting.some((entry) => entry.matches === matches),
        release: () => {
          holding.delete(matches);
          held.released.resolve();
        },
      };
    },
    waitFor: (matches) =>
      new Promise((resolve) => {
        watched.set(matches, (passing) => {
          watched.delete(matches);
          resolve(passing);
        });
      }),
    delay: (matches, milliseconds) => {
      delays.set(matches, milliseconds);
      return () => void delays.delete(matches);
    },
    cut: (from = () => true) => {
      for (const connection of connections) if (from(connection.from)) connection.client.resetAndDestroy();
    },
    close: async () => {
      for (const { client } of connections) client.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

const drained = (socket: Socket) => new Promise<void>((resolve) => void socket.once('drain', resolve));
