import { unavailable } from '@clientela/errors';

type Waiting = { begin: () => void };

export type Queue = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/**
 * Lets a few pieces of costly work run at a time; the next wait in line, shortly.
 * @param limits.at_once how many run
 * @param limits.waiting how many wait
 * @param limits.patience milliseconds that one waits
 * @throws AppError 503 when the line is full or waiting took too long
 */
export function queue(limits: { at_once: number; waiting: number; patience: number }): Queue {
  const line = new Set<Waiting>();
  let running = 0;
  const busy = () => unavailable('Too many sign-ins at once; try again shortly', { retryAfter: 5 });

  const place = async (signal?: AbortSignal): Promise<void> => {
    if (running < limits.at_once) {
      running += 1;
      return;
    }
    if (line.size >= limits.waiting) throw busy();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { begin: resolve };
    const leave = () => {
      if (line.delete(waiting)) reject(busy());
    };
    line.add(waiting);
    const timer = setTimeout(leave, limits.patience);
    signal?.addEventListener('abort', leave, { once: true }); // the client is gone
    await promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    });
  };

  return async (work, signal) => {
    await place(signal);
    try {
      return await work();
    } finally {
      const [next] = line;
      if (next) {
        line.delete(next);
        next.begin(); // takes over the place
      } else running -= 1;
    }
  };
}
