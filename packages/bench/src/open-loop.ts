import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lowerPriority } from '@clientela/runtime';
import { cpuTime } from './cpu.ts';

/** A request as it is written to a connection. */
export type RawRequest = string;
/** Sends `rate` requests a second whatever comes back; or, without a rate, keeps `connections` busy. */
export type Order = {
  port: number;
  requests: readonly RawRequest[];
  rate?: number;
  /** How many requests are sent at that rate; by default as many as are due. */
  count?: number;
  connections: number;
  /** How many of them are open before the first request. */
  opened?: number;
  seconds: number;
};
/** One request: when it was sent (ms since the start), how long the response took (ms), its status, and which of the order's it was. */
export type Sample = [sentAt: number, duration: number, status: number, request: number];
export type Outcome = {
  samples: Sample[];
  /** Requests that were due while every connection was busy. */
  unsent: number;
  /** Requests without a response, by what happened to each. */
  failures: Record<string, number>;
  /** Of one core. */
  cpuShare: number;
  /** How long, in milliseconds, 1 % of the generator's own wake-ups were late at least: its samples include such waits. */
  ownDelay: number;
};

export type Generator = { run: (order: Order) => Promise<Outcome>; pid: number; stop: () => void };

const niceness = 5;
const file = fileURLToPath(import.meta.url);

async function start(role: string, isNiced: boolean): Promise<ChildProcess> {
  const child = fork(file, [role], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    detached: isNiced, // a session of its own, see lowerPriority
  });
  if (child.pid && isNiced) lowerPriority(child.pid, niceness);
  await once(child, 'message');
  return child;
}

/**
 * Starts a load generator in a process of its own.
 * @param options.isNiced whether it yields to the processes that it measures. Its samples then include its own waits for the CPU.
 */
export async function startGenerator(options: { isNiced: boolean }): Promise<Generator> {
  const child = await start('generate', options.isNiced);
  return {
    pid: child.pid as number,
    run: async (order) => {
      child.send(order);
      const [outcome] = (await once(child, 'message')) as [Outcome];
      return outcome;
    },
    stop: () => child.disconnect(),
  };
}

/**
 * Uses the CPU until a generator and this together have a share of one core, so that two measurements have the same share.
 * @returns a function that ends it
 */
export async function burn(generator: Generator, share: number): Promise<() => void> {
  const child = await start('burn', true);
  child.send({ pid: generator.pid, share });
  return () => child.disconnect();
}

/** Parses one response at a time; complete when its `Content-Length` or last chunk has arrived. */
function statusOf(received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isComplete =
    length === undefined
      ? received.subarray(-5).toString('latin1') === '0\r\n\r\n'
      : received.length >= end + 4 + Number(length);
  return isComplete ? Number(head.slice(9, 12)) : undefined;
}

async function generate({
  port,
  requests,
  rate,
  count = Infinity,
  connections,
  opened = 0,
  seconds,
}: Order): Promise<Outcome> {
  const samples: Sample[] = [];
  const idle: Socket[] = [];
  const all = new Set<Socket>();
  const failures: Record<string, number> = {};
  const pending = new Map<Socket, { sentAt: number; received: Buffer; index: number }>();
  let startedAt = performance.now();
  let cpuBefore = process.cpuUsage();
  const delays = monitorEventLoopDelay({ resolution: 2 });
  delays.enable();
  const isOver = () => performance.now() - startedAt >= seconds * 1000;
  let next = 0;
  let unsent = 0;

  const send = (socket: Socket) => {
    const index = next++ % requests.length;
    pending.set(socket, { sentAt: performance.now(), received: Buffer.alloc(0), index });
    socket.write(requests[index] as RawRequest);
  };
  const finish = (socket: Socket, status: number) => {
    const request = pending.get(socket);
    pending.delete(socket);
    if (!request) return;
    const { sentAt, index } = request;
    samples.push([sentAt - startedAt, performance.now() - sentAt, status, index]);
  };
  const fail = (socket: Socket, what: string) => {
    if (!pending.delete(socket)) return;
    const phase = socket.connecting ? 'before the connection was open' : 'on an open connection';
    const name = `${what} ${phase}`;
    failures[name] = (failures[name] ?? 0) + 1;
  };
  const open = () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    all.add(socket);
    socket.on('data', (chunk) => {
      const request = pending.get(socket);
      if (!request) return;
      request.received = request.received.length === 0 ? chunk : Buffer.concat([request.received, chunk]);
      const status = statusOf(request.received);
      if (status === undefined) return;
      finish(socket, status);
      if (rate === undefined && !isOver()) send(socket);
      else idle.push(socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => fail(socket, error.code ?? error.name));
    socket.on('close', () => {
      fail(socket, 'closed');
      all.delete(socket);
      const at = idle.indexOf(socket);
      if (at >= 0) idle.splice(at, 1);
    });
    return socket;
  };

  for (let n = 0; n < opened; n += 1) {
    const socket = open();
    await once(socket, 'connect');
    idle.push(socket);
  }
  startedAt = performance.now();
  cpuBefore = process.cpuUsage();
  if (rate === undefined) for (let n = 0; n < connections; n += 1) send(open());
  let due = 0;
  while (!isOver()) {
    await sleep(rate === undefined ? 50 : 2);
    if (rate === undefined) continue;
    const target = Math.min(count, ((performance.now() - startedAt) / 1000) * rate);
    for (; due < target; due += 1) {
      // Takes them in turn: one that waits for long is closed by the gateway, maybe just as a request is sent on it.
      const socket = idle.shift() ?? (all.size < connections ? open() : undefined);
      if (socket) send(socket);
      else unsent += 1;
    }
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuShare = (user + system) / 1000 / (performance.now() - startedAt);
  const ownDelay = Math.max(0, delays.percentile(99) / 1e6 - 2);
  for (const giveUpAt = performance.now() + 3000; pending.size > 0 && performance.now() < giveUpAt;) await sleep(20);
  for (const socket of pending.keys()) fail(socket, 'no response for 3 s or more');
  for (const socket of all) socket.destroy();
  return { samples, unsent, failures, cpuShare, ownDelay };
}

function keepShare({ pid, share }: { pid: number; share: number }): void {
  const before = cpuTime(pid) + cpuTime(process.pid);
  const startedAt = performance.now();
  setInterval(() => {
    const used = (cpuTime(pid) + cpuTime(process.pid) - before) / 1000;
    const missing = share * (performance.now() - startedAt) - used;
    for (const end = performance.now() + Math.min(20, missing); performance.now() < end;);
  }, 20);
}

const [, entry, role] = process.argv;
if (entry === file && role !== undefined) {
  process.on('message', (message) => {
    if (role === 'generate') void generate(message as Order).then((outcome) => process.send?.(outcome));
    else keepShare(message as Parameters<typeof keepShare>[0]);
  });
  process.once('disconnect', () => process.exit());
  process.on('SIGINT', () => {}); // Ctrl-C reaches every process; this one ends with its parent
  process.send?.('ready');
}
