import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { constants, devNull } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from './environment.ts';

/** Closes one part of a process. Hooks run in reverse order of registration. */
export type ShutdownHook = () => Promise<void> | void;

/** How a process lets others notice that it stops, before it closes anything. */
export type Drain = {
  /** Called once, first: readiness fails from then on. */
  begin: () => void;
  /** Milliseconds for which the process goes on serving after that. */
  delayMs: number;
};

export type ProcessHooks = {
  onShutdown: (hook: ShutdownHook) => void;
  /** Sets the drain of the process. */
  drainWith: (drain: Drain) => void;
};

const shutdownTimeout = 10_000; // milliseconds after the drain until the process exits with hooks still running

/**
 * Runs a process until SIGTERM, SIGINT, or the end of the process that started it (its IPC channel closes). A second signal ends
 * it at once.
 * `start` registers a hook right after opening each resource, so that a failed start closes what it opened.
 */
export async function runProcess(
  start: (onShutdown: ProcessHooks['onShutdown'], drainWith: ProcessHooks['drainWith']) => Promise<void>,
): Promise<void> {
  const shutdownHooks: ShutdownHook[] = [];
  let drain: Drain = { begin: () => {}, delayMs: 0 };
  let isStopping = false;

  const stop = async (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(exitCode || 1), drain.delayMs + shutdownTimeout).unref();
    drain.begin();
    if (drain.delayMs > 0) await sleep(drain.delayMs);
    for (const hook of shutdownHooks.toReversed()) {
      try {
        await hook();
      } catch (error) {
        process.stderr.write(`shutdown hook failed: ${error instanceof Error ? error.message : 'unknown error'}\n`);
      }
    }
    process.exit(exitCode);
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(128 + constants.signals[signal]);
      void stop(0);
    });
  }
  // Stops when the supervisor that started this process ends for any reason.
  if (process.send) {
    process.once('disconnect', () => {
      discardOutput();
      void stop(0);
    });
  }

  try {
    await start(
      (hook) => shutdownHooks.push(hook),
      (chosen) => (drain = chosen),
    );
    // Node writes its compile cache at exit only; a killed process never would, and its next start would take twice as long.
    setTimeout(flushCompileCache, 1000).unref();
  } catch (error) {
    process.stderr.write(
      `${error instanceof EnvironmentError ? error.message : error instanceof Error ? (error.stack ?? error.message) : 'failed'}\n`,
    );
    await stop(1);
  }
}

/**
 * Redirects standard output and error to the null device. The supervisor that read them is gone, and sonic-boom's flushSync
 * retries a failing write without end.
 */
function discardOutput(): void {
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    openSync(devNull, 'w'); // takes the lowest free descriptor: the one just closed
  }
}
