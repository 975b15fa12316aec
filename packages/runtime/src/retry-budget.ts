/** Bounds retries to a share of the calls, so that a failing upstream does not receive three times the load. */
export type RetryBudget = {
  /** Adds a tenth of a retry. Call it once per upstream call. */
  deposit: () => void;
  /** Takes one retry. @returns false when the budget is exhausted */
  tryWithdraw: () => boolean;
};

const maxRetries = 10; // saved up at most
const callsPerRetry = 10;

export function createRetryBudget(): RetryBudget {
  let balance = maxRetries * callsPerRetry;
  return {
    deposit: () => {
      balance = Math.min(maxRetries * callsPerRetry, balance + 1);
    },
    tryWithdraw: () => {
      if (balance < callsPerRetry) return false;
      balance -= callsPerRetry;
      return true;
    },
  };
}
