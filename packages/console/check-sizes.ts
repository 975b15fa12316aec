import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A part of `npm run check`: builds the console and compares what a browser loads with the budget.

type Chunk = { file: string; imports?: string[]; dynamicImports?: string[]; css?: string[] };

/** Brotli kilobytes. A budget counts what was not loaded for the one before. */
const budgets: readonly { what: string; entries: readonly string[]; max: number }[] = [
  { what: 'sign-in page', entries: ['index.html', 'src/sign-in/page.tsx'], max: 140 },
  { what: 'a language', entries: ['src/messages/ru/index.ts'], max: 15 },
  { what: 'frame with the first screen', entries: ['src/frame/frame.tsx', 'src/today/page.tsx'], max: 60 },
  { what: 'figures and parts of the first screen', entries: ['src/today/overview.tsx'], max: 8 },
  { what: 'customers table', entries: ['src/customers/page.tsx'], max: 40 },
  { what: 'customer page', entries: ['src/customer/page.tsx'], max: 80 },
  { what: 'complaints board', entries: ['src/complaints/page.tsx'], max: 40 },
  { what: 'import', entries: ['src/imports/page.tsx', 'src/imports/import-page.tsx'], max: 15 },
  { what: 'analytics', entries: ['src/analytics/page.tsx', 'src/analytics/chart.tsx'], max: 115 },
];
const maxCss = 15;

const folder = mkdtempSync(join(tmpdir(), 'clientela-console-'));
try {
  execFileSync(process.execPath, [join(import.meta.dirname, 'build.ts'), folder], { stdio: 'inherit' });
  const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>;
  const sizeOf = (file: string) => statSync(join(folder, `${file}.br`)).size / 1000;
  const loaded = new Set<string>();
  const styles = new Set<string>();

  /** Adds a chunk with everything that it needs at once. @returns the kilobytes that were not loaded before */
  const load = (name: string): number => {
    const chunk = manifest[name];
    if (!chunk) throw new Error(`the build has no ${name}`);
    if (loaded.has(name)) return 0;
    loaded.add(name);
    for (const file of chunk.css ?? []) styles.add(file);
    return sizeOf(chunk.file) + (chunk.imports ?? []).reduce((sum, each) => sum + load(each), 0);
  };

  const lines = budgets.map(({ what, entries, max }) => {
    const size = entries.reduce((sum, entry) => sum + load(entry), 0);
    return { what, size, max };
  });
  const css = Object.values(manifest).flatMap((chunk) => chunk.css ?? []);
  lines.push({ what: 'all styles', size: [...new Set(css)].reduce((sum, file) => sum + sizeOf(file), 0), max: maxCss });
  for (const { what, size, max } of lines) {
    process.stdout.write(`${size > max ? 'TOO LARGE ' : ''}console, ${what}: ${size.toFixed(1)} of ${max} kB\n`);
    if (size > max) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
