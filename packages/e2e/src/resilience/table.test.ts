import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { expect, test } from 'vitest';
import { resilienceDocument } from './table.ts';

test('docs/resilience.md is what the tested cells say (npm run resilience-table)', () => {
  expect(readFileSync(join(repoRoot, 'docs/resilience.md'), 'utf8')).toBe(resilienceDocument());
});
