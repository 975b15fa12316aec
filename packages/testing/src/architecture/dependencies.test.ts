import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const top = resolve(import.meta.dirname, '../../../..');
const read = (file: string) => readFileSync(join(top, file), 'utf8');
type Manifest = { name: string; dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
const manifest = (folder: string) => JSON.parse(read(join(folder, 'package.json'))) as Manifest;
const workspace = (folder: string) =>
  Object.keys(manifest(folder).dependencies ?? {})
    .filter((name) => name.startsWith('@clientela/'))
    .map((name) => name.replace('@clientela/', ''))
    .toSorted();

/** What each package leans on: nothing may be added here without a reason to put into docs/adr. */
const leansOn: Record<string, string[]> = {
  bench: ['contracts', 'db', 'fleet', 'runtime'],
  contracts: [],
  db: ['errors'],
  e2e: [],
  errors: [],
  events: ['contracts', 'db', 'errors', 'http'],
  fleet: ['contracts', 'db', 'events', 'http', 'runtime'],
  http: ['contracts', 'db', 'errors', 'runtime'],
  privacy: ['contracts', 'db', 'errors', 'http'],
  runtime: [],
  testing: ['contracts', 'db', 'events', 'fleet', 'http', 'privacy', 'runtime'],
  validation: [],
};

test('each package leans on what the architecture allows', () => {
  const packages = globSync('packages/*/package.json', { cwd: top }).map((file) => dirname(file));
  expect(Object.fromEntries(packages.map((folder) => [folder.replace('packages/', ''), workspace(folder)]))).toEqual(
    leansOn,
  );
});

test('a service, and the gateway, depends on packages alone, and on none that is only for tests', () => {
  const allowed = new Set(['contracts', 'db', 'errors', 'events', 'http', 'privacy', 'runtime', 'validation']);
  for (const folder of ['gateway', ...globSync('services/*', { cwd: top })]) {
    expect(
      workspace(folder).filter((name) => !allowed.has(name)),
      folder,
    ).toEqual([]);
  }
});

test('nothing reaches into another package by path', () => {
  const sources = globSync('{gateway,services/*,packages/*}/src/**/*.ts', { cwd: top });
  expect(sources.length).toBeGreaterThan(80);
  for (const source of sources) {
    const own = source
      .split('/')
      .slice(0, source.startsWith('gateway') ? 1 : 2)
      .join('/');
    for (const [, target = ''] of read(source).matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']+)'/g)) {
      const reached = join(dirname(source), target);
      expect(reached.startsWith(`${own}/`), `${source} imports ${target}`).toBe(true);
    }
  }
});

test('the versions of a dependency are the same everywhere, and exact', () => {
  const seen = new Map<string, string>();
  for (const file of ['package.json', ...globSync('{gateway,services/*,packages/*}/package.json', { cwd: top })]) {
    const { dependencies, devDependencies } = manifest(dirname(file));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (version === 'workspace:*') continue;
      expect(version, `${name} in ${file}`).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      expect(seen.get(name) ?? version, `${name} in ${file}`).toBe(version);
      seen.set(name, version);
    }
  }
});
