import { createServer, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@clientela/testing';
import type { Piece, Wire } from './protocol.ts';

/** What is about to pass: whose connection (`customer relay`, or the request it belongs to), which way, and what it is. */
export type Passing = { from: string; way: 'up' | 'down'; what: string };
type Which = (passing: Passing) => boolean;

export type Held = {
  /** Settled when the first that is held has come. */
  reached: Promise<Passing>;
  /** Whether something is held now. */
  holds: () => boolean;
  /** Lets through what is held and what comes. */
  release: () => void;
};

export type FaultProxy = {
  port: number;
  /** Stops a direction of a connection before the first that `which` names; what comes behind it waits too. */
  hold: (which: Which) => Held;
  /** Settled when the next that `which` names has passed. */
  seen: (which: Which) => Promise<Passing>;
  /** Lets everything through, each piece so many milliseconds late. @returns how to end that */
  delay: (which: Which, milliseconds: number) => () => void;
  /** Ends connections that are open, as when a wire is cut. */
  cut: (from?: (name: string) => boolean) => void;
  close: () => Promise<void>;
};

type Line = { from: string; client: Socket; server: Socket; over: PromiseWithResolvers<void> };

/**
 * A stretch of TCP between a program and what it talks to, on which whatever happens on a network can be made to happen.
 * @param target the port of what is talked to, asked for each connection
 */
export async function faultProxy(target: () => number, wire: Wire): Promise<FaultProxy> {
  const lines = new Set<Line>();
  const holding = new Map<Which, { lifted: PromiseWithResolvers<void>; reached: PromiseWithResolvers<Passing> }>();
  const delays = new Map<Which, number>();
  const watched = new Map<Which, (passing: Passing) => void>();
  let waiting: { which: Which }[] = [];

  /** Hands on what one side sends, in its order; what is held when the connection ends is never handed on. */
  const hand = (line: Line, way: Passing['way'], scan: (chunk: Buffer) => Piece[]) => {
    const [source, sink] = way === 'up' ? [line.client, line.server] : [line.server, line.client];
    let turn = Promise.resolve();
    const pass = async ({ bytes, what, from }: Piece) => {
      if (from !== undefined) line.from = from;
      const passing: Passing = { from: line.from, way, what };
      for (const [which, milliseconds] of delays) if (which(passing)) await sleep(milliseconds);
      for (const [which, held] of holding) {
        if (!which(passing)) continue;
        held.reached.resolve(passing);
        const here = { which };
        waiting.push(here);
        const lifted = held.lifted.promise.then(() => true);
        const passes = await Promise.race([lifted, line.over.promise.then(() => false)]);
        waiting = waiting.filter((one) => one !== here);
        if (!passes) return end(line);
      }
      if (sink.destroyed) return;
      for (const [which, tell] of watched) if (which(passing)) tell(passing);
      if (!sink.write(bytes)) await Promise.race([drained(sink), line.over.promise]);
    };
    source.on('data', (chunk: Buffer) => {
      for (const piece of scan(chunk)) turn = turn.then(() => (lines.has(line) ? pass(piece) : undefined));
    });
    source.on('end', () => {
      line.over.resolve();
      void turn.then(() => sink.end());
    });
  };
  const end = (line: Line) => {
    lines.delete(line);
    line.over.resolve();
    line.client.destroy();
    line.server.destroy();
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const line: Line = {
      from: '',
      client,
      server: connect({ port: target(), host: '127.0.0.1', allowHalfOpen: true, noDelay: true }),
      over: Promise.withResolvers(),
    };
    lines.add(line);
    for (const socket of [client, line.server]) socket.on('error', () => end(line)).on('close', () => end(line));
    const { up, down } = wire();
    hand(line, 'up', up);
    hand(line, 'down', down);
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    port,
    hold: (which) => {
      const held = { lifted: Promise.withResolvers<void>(), reached: Promise.withResolvers<Passing>() };
      holding.set(which, held);
      return {
        reached: held.reached.promise,
        holds: () => waiting.some((one) => one.which === which),
        release: () => {
          holding.delete(which);
          held.lifted.resolve();
        },
      };
    },
    seen: (which) =>
      new Promise((resolve) => {
        watched.set(which, (passing) => {
          watched.delete(which);
          resolve(passing);
        });
      }),
    delay: (which, milliseconds) => {
      delays.set(which, milliseconds);
      return () => void delays.delete(which);
    },
    cut: (from = () => true) => {
      for (const line of lines) if (from(line.from)) line.client.resetAndDestroy();
    },
    close: async () => {
      for (const { client } of lines) client.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

const drained = (socket: Socket) => new Promise<void>((resolve) => void socket.once('drain', resolve));
