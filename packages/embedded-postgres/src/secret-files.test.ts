import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test as base } from 'vitest';
import { keepSecret } from './secret-files.ts';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), 'secret-files-'));
  onCleanup(() => rmSync(folder, { recursive: true }));

  return folder;
});

test('concurrent processes get the same secret', async ({ folder }) => {
  const script = `import { keepSecret } from ${JSON.stringify(join(import.meta.dirname, 'secret-files.ts'))}; console.log(keepSecret(${JSON.stringify(folder)}, 'shared'));`;
  const read = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const outputs = await Promise.all([read(), read(), read(), read()]);
  expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['shared']);
});

test('rejects an empty secret file', ({ folder }) => {
  writeFileSync(join(folder, 'cut'), '');
  expect(() => keepSecret(folder, 'cut')).toThrow(/is empty/);
  expect(readFileSync(join(folder, 'cut'), 'utf8')).toBe('');
});
