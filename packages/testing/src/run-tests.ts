import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { compileCache } from './child.ts';
import { dataFolder } from './data-folder.ts';
import { stopSharedBroker } from './rabbitmq.ts';

/**
 * `npm test`: runs the test projects side by side, each in its own process. The tests of whole fleets mostly wait, while the
 * integration tests compute at a lower priority, so that the time limits of the former hold. Arguments are passed on to every project,
 * such as a part of a file name.
 */
const projects = [
  { name: 'integration', niceness: 8 },
  { name: 'e2e', niceness: 0 },
  { name: 'fleets', niceness: 3 },
];

type Report = {
  numTotalTests: number;
  numFailedTests: number;
  testResults: { name: string; startTime: number; endTime: number }[];
};

const top = resolve(import.meta.dirname, '../../..');
const vitest = join(top, 'node_modules/vitest/vitest.mjs');
const startTime = performance.now();
const folder = dataFolder('clientela-test-');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}); // ends with the projects, which get it too

/** Runs a project and prints its output when it ends, so that the outputs do not mix. @returns its exit code */
async function runProject({ name, niceness }: (typeof projects)[number]): Promise<number> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${join(folder, `${name}.json`)}`];
  const args = [vitest, 'run', '--project', name, '--passWithNoTests', ...reporters, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, {
    cwd: top,
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compileCache,
      TEST_RUN_FOLDER: folder,
      ...(process.stdout.isTTY && { FORCE_COLOR: '1' }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid && niceness > 0) setPriority(child.pid, niceness);
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  process.stdout.write(Buffer.concat(output));
  return code ?? 1;
}

const codes = await Promise.all(projects.map(runProject));
const reports = projects.flatMap(({ name }): Report[] => {
  try {
    return [JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Report];
  } catch {
    return []; // the project ended before it could write its report
  }
});
const sum = (value: (report: Report) => number) => reports.reduce((total, report) => total + value(report), 0);
const files = reports
  .flatMap(({ testResults }) => testResults)
  .map((file) => ({ name: file.name.replace(`${top}/`, ''), seconds: (file.endTime - file.startTime) / 1000 }));
const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, 10);
const seconds = ((performance.now() - startTime) / 1000).toFixed(1);
process.stdout
  .write(`\nslowest files:\n${slowest.map((file) => `${file.seconds.toFixed(1).padStart(7)} s  ${file.name}`).join('\n')}
\n${sum((report) => report.numTotalTests)} tests in ${files.length} files, ${sum((report) => report.numFailedTests)} failed, ${seconds} s\n`);

await stopSharedBroker(folder);
rmSync(folder, { recursive: true, force: true });
process.exitCode = codes.find((code) => code !== 0) ?? 0;
