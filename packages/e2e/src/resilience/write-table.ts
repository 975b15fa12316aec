import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { resilienceDocument } from './table.ts';

// npm run resilience-table
writeFileSync(join(repoRoot, 'docs/resilience.md'), resilienceDocument());
