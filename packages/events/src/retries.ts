/** How often an event is attempted, and how many milliseconds pass after its nth failed attempt. */
export type Retries = { maxAttempts: number; delay: (failedAttempts: number) => number };

/** For deliveries that a reachable subscriber rejects: about two minutes in all. */
export const deliveryRetries: Retries = {
  maxAttempts: 10,
  delay: (failedAttempts) => Math.min(60_000, 250 * 2 ** (failedAttempts - 1)),
};

/** For handlers of broker messages, where a waiting event occupies the prefetch window: about 16 seconds in all. */
export const handlerRetries: Retries = { maxAttempts: 7, delay: (failedAttempts) => 250 * 2 ** (failedAttempts - 1) };

/** Exponential backoff up to 2,000 ms with jitter, so that replicas do not retry in step. @returns milliseconds */
export const backoff = (failures: number): number => Math.min(2000, 100 * 2 ** failures) * (0.5 + Math.random() / 2);
