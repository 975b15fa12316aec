import { unavailable } from '@clientela/errors';

type Waiter = { start: () => void };

export type ConcurrencyLimiter = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/**
 * Runs a few costly tasks at a time; further ones queue in order of arrival for a limited time.
 * @param limits.concurrency how many run
 * @param limits.maxQueued how many wait
 * @param limits.timeoutMs how long one waits, in milliseconds
 * @throws AppError 503 when the queue is full or the wait has timed out
 */
export function createConcurrencyLimiter(limits: {
  concurrency: number;
  maxQueued: number;
  timeoutMs: number;
}): ConcurrencyLimiter {
  const queue = new Set<Waiter>();
  let running = 0;
  const overloaded = () => unavailable('Too many concurrent sign-ins; retry in 5 s', { retryAfter: 5 });

  const acquire = async (signal?: AbortSignal): Promise<void> => {
    if (running < limits.concurrency) {
      running += 1;
      return;
    }
    if (queue.size >= limits.maxQueued) throw overloaded();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { start: resolve };
    const leave = () => {
      if (queue.delete(waiter)) reject(overloaded());
    };
    queue.add(waiter);
    const timer = setTimeout(leave, limits.timeoutMs);
    signal?.addEventListener('abort', leave, { once: true }); // the client disconnected
    await promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    });
  };

  return async (work, signal) => {
    await acquire(signal);
    try {
      return await work();
    } finally {
      const [next] = queue;
      if (next) {
        queue.delete(next);
        next.start(); // inherits the slot
      } else running -= 1;
    }
  };
}
