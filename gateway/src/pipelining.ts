import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Limits } from './limits.ts';

type Exchange = Parameters<RequestListener>;

/**
 * Handles the pipelined requests of a connection one after the other. Node would start them all at once and buffer their
 * responses. Stops reading while requests wait, and closes a connection on which more than `maxPipelined` do, or whose client
 * takes nothing of a complete response for `unreadTimeout`.
 */
export function handleInOrder(
  handle: RequestListener,
  { maxPipelined, unreadTimeout }: Pick<Limits, 'maxPipelined' | 'unreadTimeout'>,
): {
  listener: RequestListener;
  /** Whether a request of this connection is in progress. */
  isBusy: (socket: Duplex) => boolean;
} {
  /** The waiting requests of each connection that has one in progress. */
  const busy = new WeakMap<Duplex, Exchange[]>();

  const start = ([req, res]: Exchange) => {
    const { socket } = req;
    res.once('close', () => startNext(socket));
    // Node replaces this timeout by its own once the client has taken the response.
    res.once('prefinish', () => socket.setTimeout(unreadTimeout));
    handle(req, res);
  };
  const startNext = (socket: IncomingMessage['socket']) => {
    const waiting = busy.get(socket);
    const next = waiting?.shift();
    if (!next || socket.destroyed) {
      busy.delete(socket);
      return;
    }
    if (waiting?.length === 0) socket.resume();
    socket.setTimeout(0);
    start(next);
  };

  return {
    listener: (req, res) => {
      const { socket } = req;
      if (isUpgrade(req)) res.shouldKeepAlive = false;
      const waiting = busy.get(socket);
      if (!waiting) {
        busy.set(socket, []);
        start([req, res]);
      } else if (waiting.length < maxPipelined) {
        waiting.push([req, res]);
        socket.pause();
      } else socket.destroy();
    },
    isBusy: (socket) => busy.has(socket),
  };
}

/** Whether a request asks for another protocol. Node's parser drops what follows it, so the connection must close. */
const isUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
