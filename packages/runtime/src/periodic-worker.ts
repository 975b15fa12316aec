import { setTimeout as sleep } from 'node:timers/promises';

export type PeriodicWorker = {
  /** Runs at once, or joins the run in progress. Never rejects. */
  runNow: () => Promise<void>;
  isRunning: () => boolean;
  /** Resolves once the worker has stopped. */
  ended: Promise<void>;
  /** Aborts the signal, waits for the run in progress, and starts no other. */
  stop: () => Promise<void>;
};

/**
 * Repeats work in the background, never twice at a time. A failure is logged once until the next success, and retried.
 * @param options.run one round; true when there is more to do, so that the next round follows at once
 * @param options.intervalMs milliseconds between rounds; a function is evaluated after each
 * @param options.startupGrace milliseconds from the start in which a failure is expected and not logged, until the first success
 * @param options.delayFirst whether the first round waits for the interval; default false
 * @param options.signal stops the worker, as `stop()` does
 */
export function startPeriodicWorker(options: {
  run: (signal: AbortSignal) => Promise<boolean | void>;
  intervalMs: number | (() => number);
  delayFirst?: boolean;
  startupGrace?: number;
  log?: { warn: (fields: { err: unknown }, message: string) => void };
  failureMessage?: string;
  signal?: AbortSignal;
}): PeriodicWorker {
  const { run, intervalMs, log, failureMessage = 'periodic work failed, retrying' } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([stopping.signal, options.signal]) : stopping.signal;
  let current: Promise<boolean> | undefined;
  let isFailing = false;
  let quietUntil = performance.now() + (options.startupGrace ?? 0);

  const runOnce = async (): Promise<boolean> => {
    try {
      const hasMore = (await run(signal)) === true;
      isFailing = false;
      quietUntil = 0;
      return hasMore;
    } catch (err) {
      if (performance.now() < quietUntil) return false;
      if (!isFailing && !signal.aborted) log?.warn({ err }, failureMessage);
      isFailing = true;
      return false;
    }
  };
  const runShared = () => (current ??= runOnce().finally(() => (current = undefined)));
  const pause = () => {
    const delay = typeof intervalMs === 'function' ? intervalMs() : intervalMs;
    return sleep(Math.max(0, delay), undefined, { signal, ref: false }).catch(() => {});
  };

  const loop = async () => {
    if (options.delayFirst) await pause();
    while (!signal.aborted) {
      const hasMore = await runShared();
      if (!hasMore && !signal.aborted) await pause();
    }
  };
  const ended = loop();

  return {
    runNow: async () => {
      if (!signal.aborted) await runShared();
    },
    isRunning: () => current !== undefined,
    ended,
    stop: async () => {
      stopping.abort();
      await ended;
      await current;
    },
  };
}
