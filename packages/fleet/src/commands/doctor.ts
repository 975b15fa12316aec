import { join } from 'node:path';
import { failureMessage, printFindings, type Finding } from '@clientela/db';
import { environment } from '@clientela/runtime';
import { examine } from '../doctor/examine.ts';
import { repoRoot } from '../launcher/services.ts';
import { installationFolder } from './admin-command.ts';

// Says what needs a person, one line each, and what to do. Exits with 0 for nothing, with 1 for warnings, with 2 for errors. Changes nothing.

const findings = await examine(installationFolder, environment(join(repoRoot, '.env'))).catch(
  (error: unknown): Finding[] => [{ level: 'error', text: failureMessage(error) }],
);
printFindings(findings);
if (findings.length === 0) process.stdout.write('No findings\n');
