import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataFolder } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { buildConsole, consoleKey } from './console.ts';

/** Makes a checkout whose build writes what the test says. */
function checkout(build: string) {
  const root = dataFolder('clientela-console-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  write('packages/console/build.ts', build);
  write('packages/console/src/app.tsx', '1');
  write('packages/client/src/index.ts', '1');
  write('pnpm-lock.yaml', '1');
  const folder = join(root, '.data/console');
  const logPath = join(root, '.data/logs/console.log');
  const reports: string[] = [];
  const start = () => buildConsole({ root, folder, logPath, report: (line) => reports.push(line) });
  return { root, write, folder, logPath, reports, start };
}

const succeeding = `
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync(process.argv[2], { recursive: true });
writeFileSync(process.argv[2] + '/index.html', 'built');
`;

test('builds the console once for its sources, again when one changes, and keeps the newest two', async () => {
  const { start, write, reports, folder, root } = checkout(succeeding);
  const first = start();
  await first.done;
  expect(readFileSync(join(first.folder, 'index.html'), 'utf8')).toBe('built');
  await start().done; // the same sources
  expect(reports).toEqual([expect.stringMatching(/^console is built \(\d+\.\d s\)$/)]);
  utimesSync(first.folder, 1, 1);

  const keys = [consoleKey(root)];
  for (const name of ['packages/console/src/app.tsx', 'packages/client/src/index.ts', 'pnpm-lock.yaml']) {
    write(name, '2');
    keys.push(consoleKey(root));
  }
  write('packages/console/src/merge.test.ts', 'a test changes nothing');
  expect(new Set([...keys, consoleKey(root)]).size).toBe(4);
  const second = start();
  await second.done;
  utimesSync(second.folder, 2, 2);
  write('packages/console/src/app.tsx', '3');
  const third = start();
  await third.done;
  expect(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .toSorted(),
  ).toEqual([second.folder, third.folder].toSorted());
});

test('a build that fails or is stopped leaves nothing that counts', async () => {
  const { start, write, reports, folder, logPath } = checkout(`${succeeding}\nthrow new Error('no such module');`);
  await start().done;
  expect(reports).toEqual([`The console could not be built; everything else runs (its log: ${logPath})`]);
  expect(readFileSync(logPath, 'utf8')).toContain('no such module');
  expect(readdirSync(folder)).toEqual([]);

  write('packages/console/build.ts', `${succeeding}\nsetInterval(() => {}, 1000);`);
  const running = start();
  await expect.poll(() => readdirSync(folder)).toHaveLength(1);
  await running.stop();
  expect(readdirSync(folder)).toEqual([]);
  expect(reports).toHaveLength(1);
});
