import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';

/** What the built console is made of. A changed lock file stands for a changed dependency. */
const sources = [
  'packages/console/{index.html,*.ts,package.json}',
  'packages/console/src/**',
  'packages/client/src/**',
  'pnpm-lock.yaml',
];
const keptBuilds = 2;
const lowerBy = 5; // the niceness of a build above that of this process

/** Computes the name of the build of these sources. */
export function consoleKey(root: string): string {
  const hash = createHash('sha256');
  for (const name of globSync(sources, { cwd: root }).toSorted()) {
    const path = join(root, name);
    if (!statSync(path).isFile() || name.endsWith('.test.ts')) continue;
    hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

type ConsoleBuild = {
  /** Where the built console is, or will be. */
  folder: string;
  /** Ends a build under way; nothing of it stays. */
  stop: () => Promise<void>;
  /** Fulfilled when nothing is being built any more. */
  done: Promise<void>;
};

/**
 * Builds the console of a checkout in a child process, unless these sources were built before. Removes all but the newest two builds.
 * @param options.folder where builds are kept, each in a folder of its own
 * @param options.report called with one sentence when the build ended
 */
export function buildConsole(options: {
  root: string;
  folder: string;
  logPath: string;
  report: (line: string) => void;
}): ConsoleBuild {
  const { root, logPath, report } = options;
  const folder = join(options.folder, consoleKey(root));
  if (existsSync(join(folder, 'index.html'))) return { folder, stop: async () => {}, done: Promise.resolve() };
  mkdirSync(options.folder, { recursive: true });
  const unfinished = `${folder}.unfinished`;
  for (const name of readdirSync(options.folder))
    if (name.endsWith('.unfinished')) rmSync(join(options.folder, name), { recursive: true, force: true });

  const startTime = performance.now();
  const child = runBuild(root, unfinished, logPath);
  let isStopped = false;
  const done = new Promise<void>((resolve) => {
    const onEnd = (code: number | null | Error) => {
      if (code === 0 && existsSync(join(unfinished, 'index.html'))) {
        renameSync(unfinished, folder); // whole, or not there at all
        removeOld(options.folder);
        report(`console is built (${((performance.now() - startTime) / 1000).toFixed(1)} s)`);
      } else {
        rmSync(unfinished, { recursive: true, force: true });
        if (!isStopped) report(`The console could not be built; everything else runs (its log: ${logPath})`);
      }
      resolve();
    };
    child.once('close', onEnd).once('error', onEnd);
  });
  return {
    folder,
    done,
    stop: async () => {
      isStopped = true;
      child.kill('SIGKILL');
      await done;
    },
  };
}

/** Runs the build at a lower priority than the fleet, which starts at the same time. */
function runBuild(root: string, target: string, logPath: string): ChildProcess {
  mkdirSync(join(logPath, '..'), { recursive: true });
  const log = openSync(logPath, 'w', 0o600);
  const child = spawn(process.execPath, [join(root, 'packages/console/build.ts'), target], {
    cwd: root,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  try {
    if (child.pid) setPriority(child.pid, Math.min(19, getPriority() + lowerBy));
  } catch {
    // It has ended.
  }
  return child;
}

function removeOld(folder: string): void {
  const builds = readdirSync(folder).map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }));
  for (const { name } of builds.toSorted((a, b) => b.at - a.at).slice(keptBuilds))
    rmSync(join(folder, name), { recursive: true, force: true });
}
