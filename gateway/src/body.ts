import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, malformed } from '@clientela/errors';
import type { Limits } from './limits.ts';
import type { Middleware } from './request-context.ts';

export const hasBody = (req: IncomingMessage): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

export const tooLarge = (limit: number) => new AppError('too_large', { detail: `The body exceeds ${limit} bytes` });

export const slowBody = (): AppError => new AppError('request_timeout', { detail: 'The body arrived too slowly' });

/**
 * Rejects a body by its headers. Rejects one on GET or HEAD instead of ignoring it: two servers that disagree on whether it
 * is read disagree on where the next request begins (request smuggling).
 */
export const checkBodyHeaders: Middleware = (req, res, next) => {
  const { route } = res.locals.context;
  const encoding = req.headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    throw malformed('The only supported transfer encoding is chunked');
  if (hasBody(req)) {
    if (req.method === 'GET' || req.method === 'HEAD') throw malformed(`A ${req.method} request must not have a body`);
    if (route && Number(req.headers['content-length'] ?? 0) > route.body_limit) throw tooLarge(route.body_limit);
  }
  // Sends 100 Continue only here, after everything that could reject the request.
  if (/100-continue/i.test(req.headers.expect ?? '') && req.httpVersion === '1.1') res.writeContinue();
  next();
};

/** Whether a body has arrived, or as much of it as node buffers for a request that nobody reads. */
const hasArrived = (req: IncomingMessage): boolean => req.complete || req.readableLength >= req.readableHighWaterMark;

/**
 * Waits for the body before a service is asked: a slow one holds no connection, and is no work in progress. Of a long one only
 * the beginning is awaited.
 */
export const awaitBody =
  (limits: Limits): Middleware =>
  (req, res, next) => {
    const { context } = res.locals;
    const { route, started } = context;
    context.isBodyAwaited = true;
    if (!route || !hasBody(req) || hasArrived(req)) return next();
    const minBytes = (limits.minBodyRate * limits.rateWindow) / 1000;
    const endsAt = started + route.deadline;
    let bytesBefore = 0;
    let timer: NodeJS.Timeout | undefined;

    const stop = () => {
      clearTimeout(timer);
      req.off('readable', onReadable);
      res.off('close', stop);
    };
    const onReadable = () => {
      if (req.readableLength > route.body_limit) finish(tooLarge(route.body_limit));
      else if (hasArrived(req)) finish();
    };
    const finish = (error?: AppError) => {
      stop();
      next(error);
    };
    const checkRate = () => {
      const bytes = req.readableLength;
      if (bytes - bytesBefore < minBytes || performance.now() >= endsAt) return finish(slowBody());
      bytesBefore = bytes;
      startTimer();
    };
    const startTimer = () => {
      timer = setTimeout(checkRate, Math.max(0, Math.min(limits.rateWindow, endsAt - performance.now())));
    };
    req.on('readable', onReadable);
    res.once('close', stop);
    startTimer();
  };

/**
 * Watches a body on its way to a service. Calls `reject` once when it grows too large or arrives too slowly.
 * @param isBackpressured whether the service, not the client, delays the body
 */
export function enforceBodyRate(
  req: IncomingMessage,
  isBackpressured: () => boolean,
  bodyLimit: number,
  limits: Limits,
  reject: (reason: AppError) => void,
): void {
  let total = 0;
  let totalBefore = 0;
  const minBytes = (limits.minBodyRate * limits.rateWindow) / 1000;
  const timer = setInterval(() => {
    const isSlow = total - totalBefore < minBytes && !isBackpressured() && !req.complete;
    totalBefore = total;
    if (isSlow) stop(slowBody());
  }, limits.rateWindow);
  const onChunk = (chunk: Buffer) => {
    total += chunk.length;
    if (total > bodyLimit) stop(tooLarge(bodyLimit));
  };
  const stop = (reason?: AppError) => {
    clearInterval(timer);
    req.off('data', onChunk);
    if (reason) reject(reason);
  };
  req.on('data', onChunk);
  req.once('close', () => stop());
}

/** Whether the client is sending its body; one that waits for 100 Continue is not. */
const isSending = (req: IncomingMessage): boolean => hasBody(req) && !req.complete && req.headers.expect === undefined;

/** The response's Connection header. Stays `keep-alive` while a body arrives: `lingeringClose` closes that connection later. */
export const connectionHeader = (req: IncomingMessage, res: ServerResponse): 'keep-alive' | 'close' =>
  res.shouldKeepAlive || isSending(req) ? 'keep-alive' : 'close';

/**
 * Lingering close, as nginx calls it: discards the rest of a body after the response. Closing at once would reset the
 * connection, and the client could lose the response.
 */
export function lingeringClose(req: IncomingMessage, limits: Limits, closeWhenRead: boolean): void {
  const { socket } = req;
  const deadline = performance.now() + limits.lingerTimeout;
  const maxBytesRead = socket.bytesRead + limits.maxLingerBytes;
  req.unpipe();
  req.resume();
  const timer = setInterval(() => {
    if (req.complete || socket.destroyed) {
      clearInterval(timer);
      if (closeWhenRead) socket.end();
    } else if (performance.now() > deadline || socket.bytesRead > maxBytesRead) socket.destroy();
  }, 20);
}
