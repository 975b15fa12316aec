import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '@clientela/fleet';
import { childEnv } from '@clientela/testing';
import type { ChaosFleet } from './chaos-fleet.ts';

/** Runs `npm run recount -- --check`. @returns its output when a counter is wrong */
export async function wrongCounters({ databases, secrets, ports }: ChaosFleet): Promise<string[]> {
  const env = {
    ...childEnv,
    CUSTOMER_DATABASE_URL: databases.customer.url,
    CUSTOMER_OWNER_DATABASE_URL: databases.customer.ownerUrl,
    CUSTOMER_SERVICE_KEY: secrets.serviceKeys.customer,
    INTERACTION_PORT: String(ports.interaction),
  };
  const script = join(repoRoot, 'packages/fleet/src/commands/recount.ts');
  return promisify(execFile)(process.execPath, [script, '--check'], { env, timeout: 60_000 }).then(
    () => [],
    ({ stdout, stderr }: { stdout: string; stderr: string }) => [`recount: ${stdout}${stderr}`],
  );
}
