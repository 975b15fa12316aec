import { unavailable } from '@clientela/errors';

/**
 * Limits concurrent work; further calls wait in a queue.
 * @param options.concurrency number of calls that run at the same time
 * @param options.maxQueued queue length; further calls are rejected at once
 * @param options.queueTimeoutMs milliseconds that a call may wait
 * @param options.fullMessage detail of the error for a rejected call
 * @returns a function that runs work within the limit @throws AppError 503 for a rejected call
 */
export function createConcurrencyLimiter(options: {
  concurrency: number;
  maxQueued: number;
  queueTimeoutMs: number;
  fullMessage?: string;
}) {
  let free = options.concurrency;
  const queue: (() => void)[] = [];

  const acquire = () =>
    new Promise<void>((resolve, reject) => {
      if (free > 0) {
        free -= 1;
        resolve();
        return;
      }
      const rejectFull = () => reject(unavailable(options.fullMessage ?? 'Too many pictures are being uploaded'));
      if (queue.length >= options.maxQueued) {
        rejectFull();
        return;
      }
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(start), 1);
        rejectFull();
      }, options.queueTimeoutMs);
      queue.push(start);
    });
  const release = () => {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  };

  return async <T>(work: () => Promise<T>): Promise<T> => {
    await acquire();
    try {
      return await work();
    } finally {
      release();
    }
  };
}
