import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessIdentity, startedAt } from '@clientela/embedded-postgres';
import { lastError } from './last-error.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { backoff, lowerPriority } from '@clientela/runtime';

export type ProcessOptions = {
  name: string;
  /** The file that Node runs. */
  script: string;
  cwd: string;
  /** The child's whole environment, apart from PATH, NODE_ENV and the compile cache. */
  env: Record<string, string>;
  logPath: string;
  /** How much lower its priority is than that of this process. */
  niceness?: number;
};

export type SupervisorHooks = {
  /** Called with every start and restart. */
  onStart?: (name: string, process: ProcessIdentity) => void;
  /** Called when the process ended without `stop()`. `crashes` counts them since it last lived 30 s; `reason` is its last error. */
  onCrash?: (name: string, crashes: number, reason: string) => void;
  /** Called with whole lines of its output, which also go to the log file. */
  onLine?: (name: string, line: string) => void;
  compileCache?: string;
};

export type SupervisedProcess = {
  name: string;
  logPath: string;
  pid: () => number | undefined;
  kill: (signal: NodeJS.Signals) => boolean;
  /** Sends SIGTERM, and SIGKILL 10 s after the drain. */
  stop: () => Promise<void>;
};

const stopTimeout = 10_000; // milliseconds between SIGTERM and SIGKILL, after the drain
const keptErrorText = 8000; // characters of standard error, for its last error
const healthyLife = 30_000; // milliseconds after which the crash counter starts again

/** Milliseconds to wait before a restart: 0 after the first crash, then doubling from 100 up to 2,000. */
export const restartBackoff = (crashes: number): number =>
  crashes <= 1 ? 0 : backoff(crashes - 2, { maxMs: 2000, jitter: false });

/** Keeps a process running until it is stopped. The child notices by its IPC channel when this process ends. */
export function supervise(options: ProcessOptions, hooks: SupervisorHooks = {}): SupervisedProcess {
  const { name, logPath } = options;
  const log = openLogFile(logPath);
  let child: ChildProcess | undefined;
  let crashes = 0;
  let isStopping = false;
  const restarting = new AbortController();

  const start = () => {
    const startTime = Date.now();
    const started = launch(options, hooks);
    child = started;
    recordOutput(started, name, log, hooks);
    let stderr = '';
    started.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-keptErrorText)));
    const { pid } = started;
    if (pid && options.niceness) lowerPriority(pid, options.niceness);
    if (pid) hooks.onStart?.(name, { pid, started: startedAt(pid) ?? '' });
    const onEnd = (code: number | null | Error, signal: NodeJS.Signals | null = null) => {
      if (child !== started) return;
      child = undefined;
      if (isStopping) return;
      crashes = Date.now() - startTime > healthyLife ? 1 : crashes + 1;
      hooks.onCrash?.(name, crashes, code instanceof Error ? code.message : lastError(stderr, code, signal));
      void sleep(restartBackoff(crashes), undefined, { signal: restarting.signal }).then(start, () => {});
    };
    // 'close' comes after its last line was read.
    started.once('close', onEnd).once('error', onEnd);
  };
  start();

  return {
    name,
    logPath,
    pid: () => child?.pid,
    kill: (signal) => child?.kill(signal) ?? false,
    stop: async () => {
      isStopping = true;
      restarting.abort();
      if (child) await terminate(child, stopTimeout + 1000 * Number(options.env['DRAIN_DELAY'] ?? 0));
      log.close();
    },
  };
}

function launch({ script, cwd, env }: ProcessOptions, { compileCache }: SupervisorHooks): ChildProcess {
  const { PATH, SystemRoot } = process.env;
  return spawn(process.execPath, [script], {
    cwd,
    env: {
      ...(PATH && { PATH }),
      ...(SystemRoot && { SystemRoot }),
      ...(compileCache && { NODE_COMPILE_CACHE: compileCache }),
      NODE_ENV: 'production',
      ...env,
    },
    // A process group of its own: Ctrl-C in the terminal reaches only the supervisor, which stops all in order.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** Writes stdout and stderr to the log in whole lines, so that the two streams do not mix within a line. */
function recordOutput(child: ChildProcess, name: string, log: LogFile, { onLine }: SupervisorHooks): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest: Buffer = Buffer.alloc(0);
    stream?.on('data', (chunk: Buffer) => {
      const end = chunk.lastIndexOf(10) + 1;
      if (end > 0) write(Buffer.concat([rest, chunk.subarray(0, end)]));
      rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk]);
      // Bounds the memory of a line without an end.
      if (rest.length > 1_000_000) flush();
    });
    const flush = () => {
      if (rest.length > 0) write(Buffer.concat([rest, Buffer.from('\n')]));
      rest = Buffer.alloc(0);
    };
    stream?.once('end', flush);
    const write = (lines: Buffer) => {
      log.write(lines);
      if (onLine) for (const line of lines.toString('utf8').trimEnd().split('\n')) onLine(name, line);
    };
  }
}

async function terminate(child: ChildProcess, timeout: number): Promise<void> {
  // 'exit' may come before the last line was read, 'close' does not.
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
  await closed;
  clearTimeout(timer);
}
