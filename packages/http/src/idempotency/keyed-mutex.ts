import { unavailable } from '@clientela/errors';

/**
 * Creates a mutex per key. Equal requests in one process wait for the first one's response without holding a database connection.
 * Across processes the primary key of the stored responses excludes them.
 */
export function createKeyedMutex(): <T>(key: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<void>>();

  return async (key, signal, work) => {
    for (let previous = running.get(key); previous; previous = running.get(key)) {
      await settledOrAborted(previous, signal);
      if (signal.aborted) throw unavailable('An equal request is still in progress');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    running.set(key, promise);
    try {
      return await work();
    } finally {
      running.delete(key);
      resolve();
    }
  };
}

const settledOrAborted = (previous: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    void previous.then(resolve);
  });
