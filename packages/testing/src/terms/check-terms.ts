import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findRetiredTerms } from './find-retired-terms.ts';

// A part of `npm run check`: fails when a tracked file uses a retired term.
const top = resolve(import.meta.dirname, '../../../..');
const files = execFileSync('git', ['ls-files', '-z'], { cwd: top, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(top, file)));

const findings = files.flatMap((file) => {
  const bytes = readFileSync(join(top, file));
  const text = bytes.includes(0) ? '' : bytes.toString('utf8');
  return findRetiredTerms(file, text).map(({ line, term, use }) => `${file}:${line}: "${term}": use ${use}`);
});
for (const finding of findings) process.stderr.write(`${finding}\n`);
process.stdout.write(`terms: ${files.length} files, ${findings.length} findings\n`);
if (findings.length > 0) process.exitCode = 1;
