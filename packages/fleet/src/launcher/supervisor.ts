import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogFile, openLogFile } from './log-file.ts';
import { type ProcessIdentity, startedAt } from '@clientela/embedded-postgres';

export type Supervised = {
  name: string;
  /** The file that node runs. */
  script: string;
  cwd: string;
  /** All of the child's variables but PATH, NODE_ENV and the compile cache. */
  variables: Record<string, string>;
  log: string;
};

export type Watch = {
  /** Called with every start, also a repeated one. */
  on_start?: (name: string, process: ProcessIdentity) => void;
  /** Called when the program ended unasked; `deaths` counts those since it last lived 30 s. */
  on_death?: (name: string, deaths: number) => void;
  /** Whole lines of its output, besides the log file. */
  on_line?: (name: string, line: string) => void;
  compile_cache?: string;
};

export type Supervision = {
  name: string;
  log: string;
  pid: () => number | undefined;
  kill: (signal: NodeJS.Signals) => boolean;
  /** SIGTERM, and SIGKILL after 10 s. */
  stop: () => Promise<void>;
};

const grace = 10_000; // milliseconds between SIGTERM and SIGKILL
const healthyLife = 30_000; // milliseconds after which a death is the first one again

/** Milliseconds to wait before a program that died is started again: the first time none, then up to 2 s. */
export const pauseBefore = (deaths: number): number => (deaths <= 1 ? 0 : Math.min(2000, 100 * 2 ** (deaths - 2)));

/** Keeps a program running until it is stopped. Its output goes to its log; it hears by its IPC channel when this process is gone. */
export function supervise(program: Supervised, watch: Watch = {}): Supervision {
  const log = openLogFile(program.log);
  let child: ChildProcess | undefined;
  let deaths = 0;
  let stopping = false;
  const pause = new AbortController();

  const start = () => {
    const began = Date.now();
    const started = launch(program, watch);
    child = started;
    record(started, program.name, log, watch);
    const pid = started.pid;
    if (pid) watch.on_start?.(program.name, { pid, started: startedAt(pid) ?? '' });
    const ended = () => {
      if (child !== started) return;
      child = undefined;
      if (stopping) return;
      deaths = Date.now() - began > healthyLife ? 1 : deaths + 1;
      watch.on_death?.(program.name, deaths);
      void sleep(pauseBefore(deaths), undefined, { signal: pause.signal }).then(start, () => {});
    };
    started.once('exit', ended).once('error', ended);
  };
  start();

  return {
    name: program.name,
    log: program.log,
    pid: () => child?.pid,
    kill: (signal) => child?.kill(signal) ?? false,
    stop: async () => {
      stopping = true;
      pause.abort();
      if (child) await end(child);
      log.close();
    },
  };
}

function launch({ script, cwd, variables }: Supervised, { compile_cache }: Watch): ChildProcess {
  const { PATH, SystemRoot } = process.env;
  return spawn(process.execPath, [script], {
    cwd,
    env: {
      ...(PATH && { PATH }),
      ...(SystemRoot && { SystemRoot }),
      ...(compile_cache && { NODE_COMPILE_CACHE: compile_cache }),
      NODE_ENV: 'production',
      ...variables,
    },
    // In a process group of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends all in order.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

/** Both outputs into the log; a line that its two chunks share with a line of the other stream stays one line. */
function record(child: ChildProcess, name: string, log: LogFile, { on_line }: Watch): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest: Buffer = Buffer.alloc(0);
    stream?.on('data', (chunk: Buffer) => {
      const whole = chunk.lastIndexOf(10) + 1;
      if (whole > 0) write(Buffer.concat([rest, chunk.subarray(0, whole)]));
      rest = whole > 0 ? chunk.subarray(whole) : Buffer.concat([rest, chunk]);
      // A line without an end is no reason to grow for ever.
      if (rest.length > 1_000_000) flush();
    });
    const flush = () => {
      if (rest.length > 0) write(Buffer.concat([rest, Buffer.from('\n')]));
      rest = Buffer.alloc(0);
    };
    stream?.once('end', flush);
    const write = (lines: Buffer) => {
      log.write(lines);
      if (on_line) for (const line of lines.toString('utf8').trimEnd().split('\n')) on_line(name, line);
    };
  }
}

async function end(child: ChildProcess): Promise<void> {
  // 'close' comes after its last line was read, 'exit' may come before.
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), grace);
  await gone;
  clearTimeout(hard);
}
