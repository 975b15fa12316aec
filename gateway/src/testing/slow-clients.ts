import { connect, type Socket } from 'node:net';

export const slowKinds = ['headers', 'body', 'read'] as const;
export type SlowKind = (typeof slowKinds)[number];

type SlowClients = {
  /** How long each ended connection lasted, in milliseconds. Not of `read`: who reads nothing does not see the end. */
  lifetimes: Record<SlowKind, number[]>;
  /** Opens another connection in place of one that ended. */
  replace: (kind: SlowKind) => void;
  /** Opens no further connections. */
  keep: () => void;
  close: () => void;
};

/**
 * Opens slow connections, a third of each kind: headers of which a byte arrives each second, bodies likewise, and responses that
 * nobody reads. Opens 400 a second, and replaces those that the gateway ends.
 * @param options.request what a connection sends at once: an unfinished request, or for `read` a complete one
 * @param options.pause milliseconds between two bytes, and before a replacement
 */
export function openSlowClients(options: {
  port: number;
  count: number;
  pause: number;
  request: (kind: SlowKind, n: number) => { text: string; address: string };
}): SlowClients {
  const { port, count, pause, request } = options;
  const lifetimes: Record<SlowKind, number[]> = { headers: [], body: [], read: [] };
  const sockets = new Set<Socket>();
  let isReplacing = true;
  let opened = 0;

  const open = (kind: SlowKind) => {
    const { text, address } = request(kind, opened);
    opened += 1;
    const startedAt = performance.now();
    const socket = connect({ port, host: '127.0.0.1', localAddress: address });
    sockets.add(socket);
    socket.on('error', () => {}).write(text);
    if (kind === 'read') socket.pause();
    else socket.resume();
    const drip = kind === 'read' ? undefined : setInterval(() => socket.write('x'), pause);
    socket.once('close', () => {
      clearInterval(drip);
      sockets.delete(socket);
      if (!isReplacing) return;
      lifetimes[kind].push(performance.now() - startedAt);
      replace(kind);
    });
  };
  const replace = (kind: SlowKind) => void setTimeout(() => isReplacing && open(kind), pause);

  let n = 0;
  const opening = setInterval(() => {
    for (let end = Math.min(count, n + 10); n < end; n += 1) open(slowKinds[n % 3] ?? 'read');
    if (n === count) clearInterval(opening);
  }, 25);
  return {
    lifetimes,
    replace,
    keep: () => (isReplacing = false),
    close: () => {
      isReplacing = false;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The durations of requests as a text, and the quantile that tests compare. */
export function summarize(durations: readonly number[]): { p50: number; p99: number; max: number; text: string } {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
  const [p50, p99, max] = [at(0.5), at(0.99), at(1)];
  return {
    p50,
    p99,
    max,
    text: `${sorted.length} requests, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, maximum ${max.toFixed(0)} ms`,
  };
}
