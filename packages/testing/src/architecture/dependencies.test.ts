import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const repoRoot = resolve(import.meta.dirname, '../../../..');
const read = (file: string) => readFileSync(join(repoRoot, file), 'utf8');
type Dependencies = Record<string, string> | undefined;
type Manifest = { name: string; dependencies: Dependencies; devDependencies: Dependencies };
const manifest = (folder: string) => JSON.parse(read(join(folder, 'package.json'))) as Manifest;
const workspaceNames = (...dependencies: Dependencies[]) =>
  dependencies
    .flatMap((names) => Object.keys(names ?? {}))
    .filter((name) => name.startsWith('@clientela/'))
    .map((name) => name.replace('@clientela/', ''))
    .toSorted();
const workspace = (folder: string) => workspaceNames(manifest(folder).dependencies);
const packages = globSync('packages/*/package.json', { cwd: repoRoot }).map((file) =>
  dirname(file).replace('packages/', ''),
);
const byPackage = (value: (name: string) => string[]) =>
  Object.fromEntries(packages.map((name) => [name, value(name)]));

/** The package graph. An edge added here needs a reason in docs/adr. */
const dependencies: Record<string, string[]> = {
  bench: ['contracts', 'db', 'embedded-postgres', 'fleet', 'runtime'],
  client: [],
  console: ['client'],
  contracts: [],
  db: ['errors', 'runtime'],
  e2e: [],
  'embedded-postgres': [],
  errors: [],
  events: ['contracts', 'db', 'errors', 'http', 'runtime'],
  fleet: ['contracts', 'db', 'embedded-postgres', 'events', 'http', 'runtime'],
  http: ['contracts', 'db', 'errors', 'runtime'],
  privacy: ['contracts', 'db', 'errors', 'http'],
  runtime: [],
  testing: ['contracts', 'db', 'embedded-postgres', 'events', 'http', 'privacy', 'runtime'],
  validation: [],
};

test('each package depends only on the packages that the architecture allows', () => {
  expect(byPackage((name) => workspace(`packages/${name}`))).toEqual(dependencies);
});

test('the package graph has no cycle, development dependencies included', () => {
  const edges = byPackage((name) => {
    const { dependencies: runtime, devDependencies } = manifest(`packages/${name}`);
    return [...new Set([...workspaceNames(runtime, devDependencies), ...importsOf(name)])];
  });
  expect(findCycle(edges)).toBeUndefined();
});

const isTest = (file: string) => /\.test\.ts$|\/testing\/(?!src)/.test(file);

/** Workspace packages that a package imports. Only tests and their helpers may use `testing`, which the root provides. */
function importsOf(name: string): string[] {
  const files = globSync(`packages/${name}/src/**/*.ts`, { cwd: repoRoot }).filter((file) => !isTest(file));
  return files
    .flatMap((file) =>
      [...read(file).matchAll(/(?:from|import\()\s*'@clientela\/([\w-]+)'/g)].map(([, found = '']) => found),
    )
    .filter((found) => found !== name);
}

/** @returns the names along one cycle of the graph, undefined when it has none */
function findCycle(edges: Record<string, string[]>): string[] | undefined {
  const finished = new Set<string>();
  const visit = (name: string, path: string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (finished.has(name)) return undefined;
    for (const next of edges[name] ?? []) {
      const cycle = visit(next, [...path, name]);
      if (cycle) return cycle;
    }
    finished.add(name);
    return undefined;
  };
  for (const name of Object.keys(edges)) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

test('services and the gateway depend on runtime packages only, never on test packages', () => {
  const allowed = new Set(['contracts', 'db', 'errors', 'events', 'http', 'privacy', 'runtime', 'validation']);
  for (const folder of ['gateway', ...globSync('services/*', { cwd: repoRoot })]) {
    expect(
      workspace(folder).filter((name) => !allowed.has(name)),
      folder,
    ).toEqual([]);
  }
});

test('no file imports a file of another package by path', () => {
  const sources = globSync('{gateway,services/*,packages/*}/src/**/*.ts', { cwd: repoRoot });
  expect(sources.length).toBeGreaterThan(80);
  for (const source of sources) {
    const packageFolder = source
      .split('/')
      .slice(0, source.startsWith('gateway') ? 1 : 2)
      .join('/');
    for (const [, target = ''] of read(source).matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']+)'/g)) {
      const importedFile = join(dirname(source), target);
      expect(importedFile.startsWith(`${packageFolder}/`), `${source} imports ${target}`).toBe(true);
    }
  }
});

test('every dependency has one exact version in all packages', () => {
  const versions = new Map<string, string>();
  for (const file of ['package.json', ...globSync('{gateway,services/*,packages/*}/package.json', { cwd: repoRoot })]) {
    const { dependencies, devDependencies } = manifest(dirname(file));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (version === 'workspace:*') continue;
      expect(version, `${name} in ${file}`).toMatch(/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/);
      expect(versions.get(name) ?? version, `${name} in ${file}`).toBe(version);
      versions.set(name, version);
    }
  }
});
