import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Limits } from './limits.ts';

/** Bytes of responses that wait for slow clients, over all requests. */
export type BufferedBytes = { total: number };

/**
 * Forwards a service's response. Reads ahead of a slow client within bounds, so that the service's connection is free again.
 * @param options.buffered shared by all requests
 * @param options.stallTimeout milliseconds without progress while more than `limits.stallBytes` wait
 * @param options.onStalled called once when the client takes nothing for that long
 * @returns a function that stops forwarding, for another response in its place
 */
export function forwardResponse(
  source: IncomingMessage,
  res: ServerResponse,
  options: { limits: Limits; buffered: BufferedBytes; stallTimeout: number; onStalled: () => void },
): () => void {
  const { limits, buffered, stallTimeout, onStalled } = options;
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isBlocked = false;
  let blockedAt = 0;
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;

  const count = (bytes: number) => {
    waitingBytes += bytes;
    buffered.total += bytes;
  };
  const write = (chunk: Buffer) => {
    isBlocked = !res.write(chunk);
    if (!isBlocked) return;
    blockedAt = performance.now();
    timer ??= setTimeout(checkProgress, stallTimeout);
  };
  const checkProgress = () => {
    timer = undefined;
    if (!isBlocked) return;
    const left = stallTimeout - (performance.now() - blockedAt);
    if (left <= 0 && waitingBytes + res.writableLength > limits.stallBytes) onStalled();
    else timer = setTimeout(checkProgress, left > 0 ? left : stallTimeout);
  };

  const onData = (chunk: Buffer) => {
    if (!isBlocked) {
      write(chunk);
      return;
    }
    waiting.push(chunk);
    count(chunk.length);
    if (waitingBytes >= limits.maxBufferedResponse || buffered.total >= limits.maxBufferedTotal) source.pause();
  };
  const onEnd = () => {
    hasEnded = true;
    if (waiting.length === 0) res.end();
  };
  const onDrain = () => {
    isBlocked = false;
    for (let chunk = waiting.shift(); chunk; chunk = isBlocked ? undefined : waiting.shift()) {
      count(-chunk.length);
      write(chunk);
    }
    if (waiting.length > 0) return;
    if (hasEnded) res.end();
    else source.resume();
  };
  const stop = () => {
    clearTimeout(timer);
    count(-waitingBytes);
    waiting.length = 0;
    source.off('data', onData).off('end', onEnd);
    res.off('drain', onDrain).off('close', stop);
  };

  copyHead(source, res);
  source.on('data', onData).once('end', onEnd);
  res.on('drain', onDrain).once('close', stop);
  return stop;
}

/** Copies status and headers. Node frames the body itself: in chunks when it has no length. */
function copyHead({ statusCode = 502, headers }: IncomingMessage, res: ServerResponse): void {
  res.statusCode = statusCode;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && name !== 'transfer-encoding') res.setHeader(name, value);
  }
}
