import { unavailable } from '@clientela/errors';

/**
 * Lets equal requests through one after the other, so that the later ones find the answer of the first instead of doing its work (and
 * holding a connection to the database) beside it. Between processes the database decides.
 */
export function createKeyedMutex(): <T>(name: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<void>>();

  return async (name, signal, work) => {
    for (let before = running.get(name); before; before = running.get(name)) {
      await either(before, signal);
      if (signal.aborted) throw unavailable('An equal request is still at work');
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    running.set(name, promise);
    try {
      return await work();
    } finally {
      running.delete(name);
      resolve();
    }
  };
}

const either = (before: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    void before.then(resolve);
  });
