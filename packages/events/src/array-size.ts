/** How many events the next array may have. */
export type ArraySize = {
  readonly current: number;
  /** Call it after each array. */
  handled: (succeeded: boolean) => void;
  /** Call it when events have been handled one by one without a failure. */
  handledAlone: () => void;
};

/**
 * Adapts the size of arrays: fewer events after one that failed, because a slow subscriber may not handle many in time, and more again
 * after each that succeeded.
 */
export function createArraySize(max: number): ArraySize {
  let current = max;
  return {
    get current() {
      return current;
    },
    handled: (succeeded) => {
      current = succeeded ? Math.min(current * 2, max) : Math.ceil(current / 4);
    },
    handledAlone: () => {
      current = Math.max(current, 2);
    },
  };
}
