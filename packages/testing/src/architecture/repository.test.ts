import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const top = resolve(import.meta.dirname, '../../../..');
const read = (path: string) => readFileSync(join(top, path), 'utf8');
const { scripts, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
const rootScripts = Object.entries(scripts ?? {});

test('scripts name pnpm with -p, so that they also run inside of `npx -p node@22 npm start`', () => {
  const pnpm = `pnpm@${devDependencies?.['pnpm']}`;
  const installing = rootScripts.filter(([, script]) => script.includes('npx'));
  expect(installing.map(([name]) => name)).toContain('start');
  for (const [name, script] of installing) expect(script, name).toContain(`npx -y -p ${pnpm} pnpm install`);
  expect(read('Dockerfile')).toContain(`npx -y -p ${pnpm} pnpm install`);
});

test('pnpm checks engines against the Node that comes with the packages, so that Node 20 installs without warnings', () => {
  expect(parse(read('pnpm-workspace.yaml'))).toMatchObject({ nodeVersion: devDependencies?.['node'] });
});

test('`make` lists every script in two columns', () => {
  if (!existsSync('/usr/bin/make')) return;
  const lines = execFileSync('make', ['help'], { cwd: top, encoding: 'utf8' }).trimEnd().split('\n');
  const rows = lines.map((line) => /^( {2}make ([a-z-]+) {2,})\S/.exec(line));
  expect(new Set(rows.map((row) => row?.[1]?.length)).size).toBe(1);
  const targets = rows.map((row) => row?.[2]);
  expect(targets.toSorted()).toEqual(['help', ...rootScripts.map(([name]) => name.replace(':', '-'))].toSorted());
});

test('`npm run sbom` lists what the images contain, from the lock file alone', () => {
  const bill = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: top, encoding: 'utf8' });
  const { bomFormat, components } = JSON.parse(bill) as { bomFormat: string; components: { purl: string }[] };
  expect(bomFormat).toBe('CycloneDX');
  const { version } = JSON.parse(read('gateway/node_modules/express/package.json')) as { version: string };
  const names = components.map(({ purl }) => purl);
  expect(names).toContain(`pkg:npm/express@${version}`);
  expect(names.filter((name) => name.startsWith('pkg:npm/vitest@'))).toEqual([]);
});

test('every command reads its command line in the same way', () => {
  const allScripts = Object.values(scripts ?? {}).join('\n');
  const files = [...allScripts.matchAll(/node (packages\/(?:fleet|bench)\S+)/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) expect(read(file), file).toContain('readCommandLine(');
  const parsing = globSync('{gateway,packages/*,services/*}/src/**/*.ts', { cwd: top }).filter((file) =>
    /\bparseArgs\(/.test(read(file)),
  );
  expect(parsing).toEqual(['packages/runtime/src/command.ts']);
});

test('the README names each script that it lists as package.json does', () => {
  const named = [...read('README.md').matchAll(/\bnpm (?:run )?([a-z:-]+)/g)].map(([, name = '']) => name);
  expect(named).toContain('start');
  for (const name of named) expect(scripts).toHaveProperty([name]);
});
