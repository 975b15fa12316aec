import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { rolldown } from 'rolldown';
import { dataFolder } from '@clientela/testing';
import { beforeAll, expect, test } from 'vitest';

const packageFolder = join(import.meta.dirname, '..');
/** A project that has installed the package as it would be published. */
const project = dataFolder('clientela-client-');
const tarball = join(project, 'client.tgz');
const installed = join(project, 'node_modules/@clientela/client');

function run(command: string, args: readonly string[], cwd = project): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  run('pnpm', ['pack', '--out', tarball], packageFolder);
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
});

test('the package has its build and its README, no tests and no dependency', () => {
  const files = run('tar', ['-tzf', tarball]).split('\n');
  expect(files).toContain('package/dist/index.js');
  expect(files).toContain('package/dist/index.d.ts');
  expect(files).toContain('package/README.md');
  expect(files.filter((file) => /\.test\.|generator/.test(file))).toEqual([]);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
  expect(manifest['dependencies']).toBeUndefined();
  expect(manifest['private']).toBeUndefined();
});

test('publint and arethetypeswrong find nothing', async () => {
  const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
  expect(messages).toEqual([]);
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  // It is ESM only: Node 22.12 loads that with require, and TypeScript says so.
  const problems = 'problems' in analysis ? analysis.problems : [];
  expect(problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')).toEqual([]);
});

test('the types compile in a strict project for browsers, and a field that does not exist does not', () => {
  const code = (field: string) => `
    import { Clientela } from '@clientela/client';
    const client = new Clientela({ url: 'https://crm.example.com' });
    export const name: string | null = (await client.customers.get('1')).customer.${field};
    for await (const { id } of client.customers.all({ status: 'active' })) id satisfies string;`;
  writeFileSync(join(project, 'right.ts'), code('full_name'));
  writeFileSync(join(project, 'wrong.ts'), code('fullname'));
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compile = (file: string) => {
      const compilerOptions = { module, moduleResolution, strict: true, noEmit: true, target: 'es2024', types: [] };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
      return run('tsc', ['-p', '.']);
    };
    compile('right.ts');
    expect(() => compile('wrong.ts')).toThrow("Property 'fullname' does not exist");
  }
});

async function bundledSize(code: string): Promise<number> {
  writeFileSync(join(project, 'entry.js'), code);
  const bundle = await rolldown({ input: join(project, 'entry.js') });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  return gzipSync(output[0].code, { level: 9 }).length;
}

test('a page that uses one resource loads at most 8 kB, one that uses everything at most 25 kB', async () => {
  const one = `import { Clientela } from '@clientela/client'; console.log(await new Clientela().customers.get('1'));`;
  const all = `export * from '@clientela/client';`;
  const sizes = { one: await bundledSize(one), all: await bundledSize(all) };
  process.stdout.write(`client: ${sizes.one} B with one resource, ${sizes.all} B with everything\n`);
  expect(sizes.one).toBeLessThanOrEqual(8 * 1024);
  expect(sizes.all).toBeLessThanOrEqual(25 * 1024);
});

/** The versions of Node on this machine that the package supports; further ones by NODES, as a list like PATH. */
const nodes = [process.execPath, '/usr/bin/node', ...(process.env['NODES'] ?? '').split(':')].filter(
  (path) => path && existsSync(path) && Number(/\d+/.exec(run(path, ['--version'], '/'))?.[0]) >= 22,
);

test.for([...new Set(nodes)])('the package runs in %s', (node) => {
  writeFileSync(
    join(project, 'run.js'),
    `import { createServer } from 'node:http';
     import { Clientela } from '@clientela/client';
     const server = createServer((request, response) => response.end(JSON.stringify({ url: request.url })));
     server.listen(0, '127.0.0.1', async () => {
       const client = new Clientela({ url: 'http://127.0.0.1:' + server.address().port, apiKey: 'clt_test' });
       console.log((await client.customers.get('1')).url);
       server.close();
     });`,
  );
  expect(run(node, ['run.js'])).toBe('/api/customers/1\n');
});
