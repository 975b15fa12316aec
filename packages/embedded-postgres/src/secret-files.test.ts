import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepSecret } from './secret-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('processes that ask for the same secret at once get the same one', async () => {
  const script = `import { keepSecret } from ${JSON.stringify(join(import.meta.dirname, 'secret-files.ts'))}; console.log(keepSecret(${JSON.stringify(folder)}, 'shared'));`;
  const ask = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const answers = await Promise.all([ask(), ask(), ask(), ask()]);
  expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['shared']);
});

test('an empty file is no secret', () => {
  writeFileSync(join(folder, 'cut'), '');
  expect(() => keepSecret(folder, 'cut')).toThrow(/is empty/);
  expect(readFileSync(join(folder, 'cut'), 'utf8')).toBe('');
});
