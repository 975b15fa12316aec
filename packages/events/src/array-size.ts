/** How many events the next array may have. */
export type ArraySize = {
  readonly current: number;
  /** Call it after each array, with the number of its events. */
  handled: (succeeded: boolean, length: number) => void;
  /** Call it when arrays may be tried again after events that were handled one by one. */
  handledAlone: () => void;
};

/**
 * Adapts the size of arrays: a quarter of one that failed, because a slow subscriber may not handle many in time and one event may be
 * invalid, and twice as many after each that succeeded.
 */
export function createArraySize(max: number): ArraySize {
  let current = max;
  return {
    get current() {
      return current;
    },
    handled: (succeeded, length) => {
      current = succeeded ? Math.min(current * 2, max) : Math.ceil(length / 4);
    },
    handledAlone: () => {
      current = Math.max(current, 2);
    },
  };
}
