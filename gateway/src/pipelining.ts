import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Limits } from './limits.ts';

type Exchange = Parameters<RequestListener>;
/** Whether a request of the connection is in progress, and those that wait for its end. */
type Connection = { isBusy: boolean; waiting: Exchange[] };

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
  const connections = new WeakMap<Duplex, Connection>();

  const start = (connection: Connection, [req, res]: Exchange) => {
    connection.isBusy = true;
    const { socket } = req;
    res.once('close', () => startNext(connection, socket));
    // Node replaces this timeout by its own once the client has taken the response.
    res.once('prefinish', () => {
      if (socket.writableLength > 0) socket.setTimeout(unreadTimeout);
    });
    handle(req, res);
  };
  const startNext = (connection: Connection, socket: IncomingMessage['socket']) => {
    connection.isBusy = false;
    const next = connection.waiting.shift();
    if (!next || socket.destroyed) return;
    if (connection.waiting.length === 0) socket.resume();
    socket.setTimeout(0);
    start(connection, next);
  };

  return {
    listener: (req, res) => {
      const { socket } = req;
      if (isUpgrade(req)) res.shouldKeepAlive = false;
      let connection = connections.get(socket);
      if (!connection) {
        connection = { isBusy: false, waiting: [] };
        connections.set(socket, connection);
      }
      if (!connection.isBusy) start(connection, [req, res]);
      else if (connection.waiting.length < maxPipelined) {
        connection.waiting.push([req, res]);
        socket.pause();
      } else socket.destroy();
    },
    isBusy: (socket) => connections.get(socket)?.isBusy === true,
  };
}

/** Whether a request asks for another protocol. Node's parser drops what follows it, so the connection must close. */
const isUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
