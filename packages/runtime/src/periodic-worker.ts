import { setTimeout as sleep } from 'node:timers/promises';

export type PeriodicWorker = {
  /** Runs at once, or joins the run in progress. Never rejects. */
  runNow: () => Promise<void>;
  /** Aborts the signal, waits for the run in progress, and starts no other. */
  stop: () => Promise<void>;
};

/**
 * Repeats work in the background, never twice at a time. A failure is logged once until the next success, and retried.
 * @param options.run one round; returns milliseconds until the next, default `intervalMs` (0: there is more to do)
 * @param options.retryMs milliseconds until the next round after a failure; default `intervalMs`
 * @param options.delayFirst whether the first round waits for `intervalMs`; default false
 * @param options.signal stops the worker, as `stop()` does
 */
export function startPeriodicWorker(options: {
  run: (signal: AbortSignal) => Promise<number | void>;
  intervalMs: number;
  retryMs?: number;
  delayFirst?: boolean;
  log?: { warn: (fields: { err: unknown }, message: string) => void };
  failureMessage?: string;
  signal?: AbortSignal;
}): PeriodicWorker {
  const { run, intervalMs, retryMs = intervalMs, log, failureMessage } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([stopping.signal, options.signal]) : stopping.signal;
  let current: Promise<number> | undefined;
  let isFailing = false;

  const runOnce = async (): Promise<number> => {
    try {
      const delay = await run(signal);
      isFailing = false;
      return delay ?? intervalMs;
    } catch (err) {
      if (!isFailing && !signal.aborted) log?.warn({ err }, failureMessage ?? 'periodic work failed, retrying');
      isFailing = true;
      return retryMs;
    }
  };
  const runShared = () => (current ??= runOnce().finally(() => (current = undefined)));
  const pause = (delay: number) => sleep(delay, undefined, { signal, ref: false }).catch(() => {});

  const loop = async () => {
    if (options.delayFirst) await pause(intervalMs);
    while (!signal.aborted) {
      const delay = await runShared();
      if (!signal.aborted) await pause(Math.max(0, delay));
    }
  };
  const looping = loop();

  return {
    runNow: async () => {
      if (!signal.aborted) await runShared();
    },
    stop: async () => {
      stopping.abort();
      await looping;
      await current;
    },
  };
}
