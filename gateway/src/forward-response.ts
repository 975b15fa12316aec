import type { ServerResponse } from 'node:http';
import type { Limits } from './limits.ts';
import type { UpstreamResponse } from './transports/transport.ts';

/** Bytes of responses that wait for slow clients, over all requests. */
export type BufferedBytes = { total: number };

/** Node writes a body of so many bytes with the head as one text, which costs less than two pieces; Latin-1 has a character for each byte. */
const maxText = 12 * 1024;

/**
 * Forwards the body of a service's response. Reads ahead of a slow client within bounds, so that the service's connection is free again.
 * @param options.buffered shared by all requests
 * @param options.stallTimeout milliseconds without progress while more than `limits.stallBytes` wait
 * @param options.onStalled called once when the client takes nothing for that long
 * @returns a function to call when the response is closed, or another one takes its place
 */
export function forwardResponse(
  source: UpstreamResponse,
  res: ServerResponse,
  options: { limits: Limits; buffered: BufferedBytes; stallTimeout: number; onStalled: () => void },
): () => void {
  const { limits, buffered, stallTimeout, onStalled } = options;
  const length = Number(source.headers['content-length']);
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isBlocked = false;
  let blockedAt = 0;
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;
  let whole: Buffer | undefined;

  const count = (bytes: number) => {
    waitingBytes += bytes;
    buffered.total += bytes;
  };
  const write = (chunk: Buffer) => {
    isBlocked = !res.write(chunk);
    if (!isBlocked) return;
    res.once('drain', onDrain);
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
    // Keeps a body that arrived at once for its end: the response then takes one write.
    if (chunk.length === length) {
      whole = chunk;
      return;
    }
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
    if (whole && whole.length <= maxText) res.end(whole.toString('latin1'), 'latin1');
    else if (whole) res.end(whole);
    else if (waiting.length === 0) res.end();
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
    unsubscribe();
    res.off('drain', onDrain);
  };

  const unsubscribe = source.subscribe(onData, onEnd);
  return stop;
}
