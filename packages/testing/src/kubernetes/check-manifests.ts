import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

// A part of `npm run check`: compiles the manifests in ops/kubernetes as TypeScript against the types of Kubernetes, which finds
// unknown, missing and misplaced fields. Types know no permitted words and no references; kubernetes.test.ts tests those.

const top = resolve(import.meta.dirname, '../../../..');
const folder = join(import.meta.dirname, '../../node_modules/.manifests');

/** The module of kubernetes-types that declares the kinds of an API version. */
const modules: Record<string, string> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'autoscaling/v2': 'autoscaling/v2',
  'batch/v1': 'batch/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
};

/** Kustomize's own files, and examples with resources of operators. */
const untyped = new Set(['kustomization.yaml', 'cloudnative-pg.yaml', 'external-secrets.yaml']);

type Manifest = { file: string; apiVersion: string; kind: string; content: unknown };

/** Reads all manifests. Kustomize's own files are left out: `kubectl kustomize` is strict about them. */
function readManifests(): Manifest[] {
  const files = globSync('ops/kubernetes/**/*.yaml', { cwd: top }).filter((file) => !untyped.has(basename(file)));
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(top, file), 'utf8')).map((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('; ')}`);
      const content = document.toJS() as { apiVersion?: string; kind?: string } | null;
      return { file, apiVersion: content?.apiVersion ?? '', kind: content?.kind ?? '', content };
    }),
  );
}

/** Writes a manifest as a module whose one constant has the type of its kind. */
function toModule({ file, apiVersion, kind, content }: Manifest): string {
  const path = modules[apiVersion];
  if (path === undefined || !/^[A-Z]\w+$/.test(kind)) throw new Error(`${file}: unknown kind ${kind} of ${apiVersion}`);
  return `import type { ${kind} } from 'kubernetes-types/${path}.d.ts';\nexport const manifest: ${kind} = ${JSON.stringify(content, undefined, 1)};\n`;
}

const manifests = readManifests();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const sources = new Map(
  manifests.map((manifest, index) => [`${manifest.kind}-${index}.ts`, { ...manifest, source: toModule(manifest) }]),
);
for (const [name, { source }] of sources) writeFileSync(join(folder, name), source);
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ extends: join(top, 'tsconfig.base.json'), compilerOptions: { types: [] }, include: ['./*.ts'] }),
);
const { status, stdout } = spawnSync(join(top, 'node_modules/.bin/tsc'), ['--noEmit', '--pretty', 'false', '-p', '.'], {
  cwd: folder,
  encoding: 'utf8',
});
for (const line of stdout.split('\n')) {
  const [, name = '', at = ''] = /^(\S+\.ts)\((\d+),/.exec(line) ?? [];
  const found = sources.get(name);
  const field = found?.source.split('\n')[Number(at) - 1]?.trim() ?? '';
  process.stderr.write(
    found ? `${found.file}: ${found.kind}: ${field}${line.replace(/^.*?: error/, ' error')}\n` : line,
  );
}
process.stdout.write(`kubernetes: ${manifests.length} manifests, ${status === 0 ? 'all valid' : 'not valid'}\n`);
if (status !== 0 || manifests.length === 0) process.exitCode = 1;
