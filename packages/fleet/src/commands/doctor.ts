import { join } from 'node:path';
import { failureMessage, printFindings, type Finding } from '@clientela/db';
import { environment, readCommandLine } from '@clientela/runtime';
import { examine } from '../doctor/examine.ts';
import { repoRoot } from '../launcher/services.ts';
import { installationFolder } from './admin-command.ts';

readCommandLine(`Usage: npm run doctor
Lists what needs a person, one line each, and what to do. Changes nothing.
Exit codes: 0 nothing, 1 warnings, 2 errors.`);

const findings = await examine(installationFolder, environment(join(repoRoot, '.env'))).catch(
  (error: unknown): Finding[] => [{ level: 'error', text: failureMessage(error) }],
);
printFindings(findings);
if (findings.length === 0) process.stdout.write('No findings\n');
