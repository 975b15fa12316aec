import { setTimeout as sleep } from 'node:timers/promises';
import { services } from '@clientela/contracts';
import { AppError, unavailable } from '@clientela/errors';
import { createRetryBudget, gauge } from '@clientela/runtime';
import { BrokenCircuitError, circuitBreaker, CircuitState, CountBreaker, handleWhen } from 'cockatiel';

const upstreams = [...services, 'orders', 'complaints', 'appointments'] as const;
/** What is called: a service, or the owner of a group of a customer's records. */
export type UpstreamName = (typeof upstreams)[number];

const breakerState = gauge(
  'clientela_breaker_state',
  'State of the breaker of the calls to an upstream: 0 closed, 1 half-open, 2 open',
  { upstream: upstreams },
);
const stateValues: Record<CircuitState, number> = {
  [CircuitState.Closed]: 0,
  [CircuitState.HalfOpen]: 1,
  [CircuitState.Open]: 2,
  [CircuitState.Isolated]: 2,
};

const maxAttempts = 3;
const maxSavedRetries = 10;
const baseBackoff = 100; // milliseconds before the second attempt at most, twice as many before the third

/** Whether an upstream is unavailable: a retry may help, and the breaker counts it. */
export const isUnavailable = (error: unknown): boolean => error instanceof AppError && error.kind === 'unavailable';
/** Whether the caller gave up, which says nothing about the upstream. */
const hasGivenUp = (error: unknown) => error instanceof AppError && error.error_code === 'DEADLINE_EXCEEDED';

/**
 * Calls an upstream through its breaker.
 * @param attempt throws a 503 when the upstream is unavailable; nothing else is retried or counted
 * @param options.isIdempotent whether the call may be repeated
 * @param options.signal ends the wait for a further attempt
 * @throws AppError 503 at once while the breaker is open
 */
export type CallPolicy = <T>(
  attempt: () => Promise<T>,
  options: { isIdempotent: boolean; signal: AbortSignal },
) => Promise<T>;

/**
 * Creates the breaker and the retry budget of one upstream. The breaker opens when more than half of the last 20 calls found the upstream
 * unavailable, once there were 10. After `reset` it lets one call through, which closes it or opens it again.
 * @param options.reset milliseconds, default 2,000
 */
export function createCallPolicy(upstream: UpstreamName, options: { reset?: number } = {}): CallPolicy {
  const budget = createRetryBudget(maxSavedRetries);
  const breaker = circuitBreaker(
    // Only a response closes a half-open breaker.
    handleWhen((error) => isUnavailable(error) && (!hasGivenUp(error) || breaker.state === CircuitState.HalfOpen)),
    {
      halfOpenAfter: options.reset ?? 2000,
      breaker: new CountBreaker({ threshold: 0.5, size: 20, minimumNumberOfCalls: 10 }),
    },
  );
  breakerState.set({ upstream }, stateValues[breaker.state]);
  breaker.onStateChange((state) => breakerState.set({ upstream }, stateValues[state]));

  const attemptOnce = async <T>(attempt: () => Promise<T>): Promise<T> => {
    // The library would let further calls wait for the one that is let through.
    if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
    return breaker.execute(attempt);
  };

  return async (attempt, { isIdempotent, signal }) => {
    budget.deposit();
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attemptOnce(attempt);
      } catch (error) {
        if (error instanceof BrokenCircuitError)
          throw unavailable(`The ${upstream} service is unavailable`, { cause: error });
        const mayRetry = isIdempotent && attempts < maxAttempts && isUnavailable(error) && !hasGivenUp(error);
        if (!mayRetry || signal.aborted || !budget.tryWithdraw()) throw error;
        const isWaiting = sleep(Math.random() * baseBackoff * 2 ** (attempts - 1), true, { signal });
        if (!(await isWaiting.catch(() => false))) throw error;
      }
    }
  };
}
