import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { devNull } from 'node:os';
import { EnvironmentError } from './environment.ts';

/** Closes one part of a process. Hooks run in reverse order of registration. */
export type ShutdownHook = () => Promise<void> | void;

const shutdownTimeout = 10_000; // milliseconds until the process exits with hooks still running

/**
 * Runs a process until SIGTERM, SIGINT, or the end of the process that started it (its IPC channel closes).
 * `start` registers a hook right after opening each resource, so that a failed start closes what it opened.
 */
export async function runProcess(start: (onShutdown: (hook: ShutdownHook) => void) => Promise<void>): Promise<void> {
  const shutdownHooks: ShutdownHook[] = [];
  let isStopping = false;

  const stop = async (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(exitCode || 1), shutdownTimeout).unref();
    for (const hook of shutdownHooks.toReversed()) {
      try {
        await hook();
      } catch (error) {
        process.stderr.write(`shutdown hook failed: ${error instanceof Error ? error.message : 'unknown error'}\n`);
      }
    }
    process.exit(exitCode);
  };

  process.once('SIGTERM', () => void stop(0));
  process.once('SIGINT', () => void stop(0));
  // Stops when the supervisor that started this process ends for any reason.
  if (process.send) {
    process.once('disconnect', () => {
      discardOutput();
      void stop(0);
    });
  }

  try {
    await start((hook) => shutdownHooks.push(hook));
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
