import { backoff } from '@clientela/runtime';

/** How often an event is attempted, and how many milliseconds pass after its nth failed attempt. */
export type Retries = { maxAttempts: number; delay: (failedAttempts: number) => number };

/** For deliveries that a reachable subscriber rejects: about two minutes in all. */
export const deliveryRetries: Retries = {
  maxAttempts: 10,
  delay: (failedAttempts) => backoff(failedAttempts - 1, { baseMs: 250, maxMs: 60_000, jitter: false }),
};

/** For handlers of broker messages, where a waiting event occupies the prefetch window: about 16 seconds in all. */
export const handlerRetries: Retries = {
  maxAttempts: 7,
  delay: (failedAttempts) => backoff(failedAttempts - 1, { baseMs: 250, maxMs: 60_000, jitter: false }),
};

/** Delay before reconnecting to an unreachable broker, subscriber or database. @returns milliseconds */
export const reconnectDelay = (failures: number): number => backoff(failures, { maxMs: 2000 });
