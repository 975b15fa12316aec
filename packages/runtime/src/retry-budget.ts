/** Bounds retries to a tenth of the calls, so that a failing upstream does not receive a multiple of the load. */
export type RetryBudget = {
  /** Adds a tenth of a retry. Call it once per upstream call. */
  deposit: () => void;
  isLeft: () => boolean;
  /** Takes one retry. @returns false when the budget is exhausted */
  tryWithdraw: () => boolean;
};

const callsPerRetry = 10;

/** @param maxRetries saved up at most, and at the beginning */
export function createRetryBudget(maxRetries: number): RetryBudget {
  let balance = maxRetries * callsPerRetry;
  const isLeft = () => balance >= callsPerRetry;
  return {
    isLeft,
    deposit: () => {
      balance = Math.min(maxRetries * callsPerRetry, balance + 1);
    },
    tryWithdraw: () => {
      if (!isLeft()) return false;
      balance -= callsPerRetry;
      return true;
    },
  };
}
