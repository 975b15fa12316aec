type Waiter = { start: () => void };

/** Runs work now, or when a place is free. `signal` gives up waiting; it does not interrupt running work. */
export type ConcurrencyLimiter = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/**
 * Bounds concurrent work. Excess work waits in order of arrival.
 * @param options.concurrency how many run at a time
 * @param options.maxQueued how many may wait; default without limit
 * @param options.queueTimeoutMs milliseconds that one may wait; default without limit
 * @param options.rejection creates the error for work that may not wait, or waited too long
 */
export function createConcurrencyLimiter(options: {
  concurrency: number;
  maxQueued?: number;
  queueTimeoutMs?: number;
  rejection?: () => Error;
}): ConcurrencyLimiter {
  const {
    concurrency,
    maxQueued = Infinity,
    queueTimeoutMs,
    rejection = () => new Error('too many waiting'),
  } = options;
  const waiters = new Set<Waiter>();
  let running = 0;

  const acquire = async (signal?: AbortSignal): Promise<void> => {
    if (running < concurrency) {
      running += 1;
      return;
    }
    if (waiters.size >= maxQueued || signal?.aborted) throw rejection();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { start: resolve };
    const giveUp = () => {
      if (waiters.delete(waiter)) reject(rejection());
    };
    waiters.add(waiter);
    const timer = queueTimeoutMs === undefined ? undefined : setTimeout(giveUp, queueTimeoutMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    });
  };

  const release = () => {
    const [next] = waiters;
    if (!next) {
      running -= 1;
      return;
    }
    waiters.delete(next);
    next.start(); // takes over the place
  };

  return async (work, signal) => {
    await acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  };
}
