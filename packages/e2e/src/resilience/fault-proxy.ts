import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '@clientela/testing';

/**
 * `down`: refuses connections. `slow`: delays every response by five seconds. `reset`: resets a connection as soon as it is used. `hang`:
 * accepts connections and bytes, and passes nothing on. `garbage`: responds with random bytes.
 */
export const faults = ['down', 'slow', 'reset', 'hang', 'garbage'] as const;
export type Fault = (typeof faults)[number];

export type FaultProxy = {
  port: number;
  /** Undefined ends the fault. What hung then goes on; what was broken stays broken. */
  set: (fault: Fault | undefined) => Promise<void>;
  close: () => Promise<void>;
};

const slowness = 5000;

/** Starts a TCP proxy between a process and what it depends on. @param target port on this machine, read for each connection */
export async function startFaultProxy(target: () => number): Promise<FaultProxy> {
  const port = await freePort();
  const pairs = new Set<{ client: Socket; server: Socket; end: () => void }>();
  let fault: Fault | undefined;
  let resume = Promise.withResolvers<void>();

  const onConnection = (client: Socket) => {
    const server = connect({ port: target(), host: '127.0.0.1', noDelay: true });
    const pair = {
      client,
      server,
      end: () => {
        pairs.delete(pair);
        client.destroy();
        server.destroy();
      },
    };
    pairs.add(pair);
    for (const socket of [client, server]) socket.on('error', pair.end).on('close', pair.end);
    let toServer = Promise.resolve();
    let toClient = Promise.resolve();
    const pass = async (sink: Socket, chunk: Buffer) => {
      while (fault === 'hang') await resume.promise;
      if (!sink.destroyed) sink.write(chunk);
    };
    client.on('data', (chunk: Buffer) => {
      if (fault === 'reset') client.resetAndDestroy();
      else if (fault === 'garbage') client.write(randomBytes(64));
      else toServer = toServer.then(() => pass(server, chunk));
    });
    server.on('data', (chunk: Buffer) => {
      const delay = fault === 'slow' ? new Promise((resolve) => setTimeout(resolve, slowness)) : undefined;
      toClient = toClient.then(() => delay).then(() => pass(client, chunk));
    });
  };
  let listening: Server | undefined;
  const listen = async () => {
    const started = createServer({ noDelay: true }, onConnection);
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    listening = started;
  };
  const refuse = async () => {
    const closing = listening;
    listening = undefined;
    for (const pair of pairs) pair.end();
    await new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()));
  };
  await listen();
  return {
    port,
    set: async (next) => {
      fault = next;
      resume.resolve();
      resume = Promise.withResolvers();
      if (next === 'down') await refuse();
      else if (!listening) await listen();
    },
    close: refuse,
  };
}
