/** How often a refused event is tried, and how long after its nth refusal (milliseconds). */
export type Retries = { tries: number; wait: (refusals: number) => number };

/** Refused by a service that answers: about two minutes. */
export const deliveryRetries: Retries = { tries: 10, wait: (refusals) => Math.min(60_000, 250 * 2 ** (refusals - 1)) };

/** Failed in the process that heard it from the broker, where it takes a place while it waits: about 16 seconds. */
export const handlerRetries: Retries = { tries: 7, wait: (refusals) => 250 * 2 ** (refusals - 1) };

/** How long to leave something alone that is away: ever longer up to two seconds, and not all replicas at once. */
export const backoff = (times: number): number => Math.min(2000, 100 * 2 ** times) * (0.5 + Math.random() / 2);
