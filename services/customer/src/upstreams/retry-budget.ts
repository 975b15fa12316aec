/** What may be repeated: an upstream that is down must not get three times the calls because of it. */
export type RetryBudget = {
  /** A call was made, which earns a part of a repetition. */
  earn: () => void;
  /** Takes one repetition. @returns false when there is none left */
  spend: () => boolean;
};

const most = 10; // repetitions saved up
const calls = 10; // that earn one

export function retryBudget(): RetryBudget {
  let left = most * calls;
  return {
    earn: () => {
      left = Math.min(most * calls, left + 1);
    },
    spend: () => {
      if (left < calls) return false;
      left -= calls;
      return true;
    },
  };
}
