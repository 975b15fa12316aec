import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '@clientela/fleet';
import { childEnv } from '@clientela/testing';
import type { ChaosStreet } from './chaos-fleet.ts';

/** Whether `npm run recount -- --check` finds every customer's counters to be what was recorded. */
export async function recounted({ databases, secrets, ports }: ChaosStreet): Promise<string[]> {
  const env = {
    ...childEnv,
    CUSTOMER_DATABASE_URL: databases.customer.url,
    CUSTOMER_OWNER_DATABASE_URL: databases.customer.owner_url,
    CUSTOMER_SERVICE_KEY: secrets.service_keys.customer,
    INTERACTION_PORT: String(ports.interaction),
  };
  const script = join(repoRoot, 'packages/fleet/src/commands/recount.ts');
  return promisify(execFile)(process.execPath, [script, '--check'], { env, timeout: 60_000 }).then(
    () => [],
    ({ stdout, stderr }: { stdout: string; stderr: string }) => [`recount: ${stdout}${stderr}`],
  );
}
