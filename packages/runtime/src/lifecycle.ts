import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { devNull } from 'node:os';
import { EnvironmentError } from './environment.ts';

/** What ends one part of a program; called in the reverse order of what was opened. */
export type ShutdownHook = () => Promise<void> | void;

const deadline = 10_000; // milliseconds that closing may take before the process goes anyway

/**
 * Runs a program until it is told to stop: by SIGTERM, SIGINT, or the end of the process that started it (its IPC channel closes).
 * `start` registers how to close each thing right after opening it, so that a half-started program closes what it has.
 */
export async function runService(start: (onClose: (closing: ShutdownHook) => void) => Promise<void>): Promise<void> {
  const closings: ShutdownHook[] = [];
  let closing = false;

  const stop = async (exitCode: number) => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(exitCode || 1), deadline).unref();
    for (const close of closings.toReversed()) {
      try {
        await close();
      } catch (error) {
        process.stderr.write(`closing: ${error instanceof Error ? error.message : 'failed'}\n`);
      }
    }
    process.exit(exitCode);
  };

  process.once('SIGTERM', () => void stop(0));
  process.once('SIGINT', () => void stop(0));
  // Started by a supervisor: when it is gone, however it went, this process has no business here.
  if (process.send) {
    process.once('disconnect', () => {
      leaveOutputs();
      void stop(0);
    });
  }

  try {
    await start((close) => closings.push(close));
    // Node keeps what it compiled when a program ends, which one that is killed never does: its next start would take twice as long.
    setTimeout(flushCompileCache, 1000).unref();
  } catch (error) {
    process.stderr.write(
      `${error instanceof EnvironmentError ? error.message : error instanceof Error ? (error.stack ?? error.message) : 'failed'}\n`,
    );
    await stop(1);
  }
}

/**
 * Lets standard output and error end in nothing. Their reader went with the process that started this one, and a buffered log would
 * otherwise try for ever to hand over its last lines (sonic-boom's flushSync repeats a write that fails, whatever the reason).
 */
function leaveOutputs(): void {
  for (const output of [1, 2]) {
    closeSync(output);
    openSync(devNull, 'w'); // takes the lowest number that is free: the one just closed
  }
}
