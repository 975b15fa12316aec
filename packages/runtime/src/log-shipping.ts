import { backoff } from './backoff.ts';
import { startPeriodicWorker } from './periodic-worker.ts';

const maxQueuedLength = 4 * 1024 * 1024; // characters
const maxBatchLength = 256 * 1024; // characters
const interval = 1000; // milliseconds
const maxInterval = 30_000;
const requestTimeout = 5000;
const closeTimeout = 2000;

export type LogShipper = {
  /** Queues a line. Never waits. */
  write: (line: string) => void;
  /** Sends what is queued, for at most two seconds. */
  close: () => Promise<void>;
};

/**
 * Sends log lines to an HTTP service in the background: `POST`, `application/x-ndjson`, one JSON object a line. A batch that was not
 * confirmed by a 2xx is sent again, so that it may arrive twice. Lines beyond the queue's bound are dropped.
 * @param options.onFailure called with the first failure after a success
 * @param options.onDropped called with the number of dropped lines before each batch
 */
export function shipLogs(
  url: string,
  options: { onFailure: (error: unknown) => void; onDropped: (lines: number) => void },
): LogShipper {
  let queue: string[] = [];
  let queuedLength = 0;
  let dropped = 0;
  let failures = 0;

  /** Sends one batch. @returns whether there may be more to send at once */
  const send = async (signal: AbortSignal): Promise<boolean> => {
    if (dropped > 0) {
      const lines = dropped;
      dropped = 0;
      options.onDropped(lines);
    }
    let [count, length] = [0, 0];
    while (count < queue.length && length < maxBatchLength) {
      length += queue[count]?.length ?? 0;
      count += 1;
    }
    if (count === 0) return false;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: queue.slice(0, count).join(''),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeout)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The log service responded ${response.status}`);
    queue = queue.slice(count);
    queuedLength -= length;
    return length >= maxBatchLength;
  };

  const worker = startPeriodicWorker({
    intervalMs: () => (failures === 0 ? interval : backoff(failures - 1, { baseMs: interval, maxMs: maxInterval })),
    delayFirst: true,
    run: async (signal) => {
      try {
        const hasMore = await send(signal);
        failures = 0;
        return hasMore;
      } catch (error) {
        failures += 1;
        if (failures === 1 && !signal.aborted) options.onFailure(error);
        return false;
      }
    },
  });

  return {
    write: (line) => {
      if (queuedLength + line.length > maxQueuedLength) {
        dropped += 1;
        return;
      }
      queue.push(line);
      queuedLength += line.length;
    },
    close: async () => {
      await worker.stop();
      const signal = AbortSignal.timeout(closeTimeout);
      while (
        queue.length > 0 &&
        !signal.aborted &&
        (await send(signal).then(
          () => true,
          () => false,
        ))
      );
    },
  };
}
