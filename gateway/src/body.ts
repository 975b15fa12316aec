import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { AppError, malformed } from '@clientela/errors';
import type { Limits } from './limits.ts';
import type { Door } from './visit.ts';

export const hasBody = (req: IncomingMessage): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

const tooLarge = (limit: number) =>
  new AppError('too_large', { detail: `The body may have at most ${limit} bytes here` });

export const tooSlow = (): AppError => new AppError('request_timeout', { detail: 'The body came too slowly' });

/**
 * Refuses what the headers already tell. A body on GET or HEAD is refused rather than dropped: it has no meaning there, and
 * two programs that disagree on whether it is read disagree on where the next request begins.
 */
export const limitBody: Door = (req, res, next) => {
  const { route } = res.locals.visit;
  const encoding = req.headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    throw malformed('The only transfer encoding here is chunked');
  if (hasBody(req)) {
    if (req.method === 'GET' || req.method === 'HEAD') throw malformed(`A ${req.method} request takes no body`);
    if (route && Number(req.headers['content-length'] ?? 0) > route.body_limit) throw tooLarge(route.body_limit);
  }
  // The caller waits to be asked for its body, and all that could refuse it has had its say.
  if (/100-continue/i.test(req.headers.expect ?? '') && req.httpVersion === '1.1') res.writeContinue();
  next();
};

/** Whether the service, not the caller, keeps the body waiting. */
export const heldByService = (upstream: ClientRequest): boolean => upstream.writableNeedDrain;

/** Watches a body on its way to a service; `stop` is called once, with the reason, when it grows too large or comes too slowly. */
export function meterBody(
  req: IncomingMessage,
  upstream: ClientRequest,
  body_limit: number,
  limits: Limits,
  stop: (reason: AppError) => void,
): void {
  let total = 0;
  let before = 0;
  const least = (limits.least_rate * limits.rate_window) / 1000;
  const timer = setInterval(() => {
    const slow = total - before < least && !heldByService(upstream) && !req.complete;
    before = total;
    if (slow) end(tooSlow());
  }, limits.rate_window);
  const count = (chunk: Buffer) => {
    total += chunk.length;
    if (total > body_limit) end(tooLarge(body_limit));
  };
  const end = (reason?: AppError) => {
    clearInterval(timer);
    req.off('data', count);
    if (reason) stop(reason);
  };
  req.on('data', count);
  req.once('close', () => end());
}

/** Whether the caller is in the middle of its body; one that waits to be asked for it is not. */
const isSending = (req: IncomingMessage): boolean => hasBody(req) && !req.complete && req.headers.expect === undefined;

/** What an answer says of the connection. Node closes it with a `close`, so one on which a body still comes gets that later, from `linger`. */
export const connectionOf = (req: IncomingMessage, res: ServerResponse): 'keep-alive' | 'close' =>
  res.shouldKeepAlive || isSending(req) ? 'keep-alive' : 'close';

/**
 * Reads on for a while after a request was answered before its body was complete: closing at once would reset the connection
 * and tear the answer out of the caller's hands.
 */
export function linger(req: IncomingMessage, limits: Limits, close: boolean): void {
  const { socket } = req;
  const until = performance.now() + limits.linger_time;
  const enough = socket.bytesRead + limits.linger_bytes;
  req.unpipe();
  req.resume();
  const timer = setInterval(() => {
    if (req.complete || socket.destroyed) {
      clearInterval(timer);
      if (close) socket.end();
    } else if (performance.now() > until || socket.bytesRead > enough) socket.destroy();
  }, 20);
}
