import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { services, repoRoot } from '@clientela/fleet';
import { childEnv } from '@clientela/testing';
import type { TestFleet } from './test-fleet.ts';

/** Runs an admin command against a fleet. */
export async function runCommand(
  fleet: TestFleet,
  command: string,
  ...args: string[]
): Promise<{ stdout: string; code: unknown }> {
  const urls = services.flatMap((service) => [
    [`${service.toUpperCase()}_DATABASE_URL`, fleet.databases[service].url],
    [`${service.toUpperCase()}_OWNER_DATABASE_URL`, fleet.databases[service].ownerUrl],
  ]);
  const env = {
    ...childEnv,
    ...Object.fromEntries(urls),
    CUSTOMER_SERVICE_KEY: fleet.secrets.serviceKeys.customer,
    INTERACTION_PORT: String(fleet.ports.interaction),
  };
  const script = join(repoRoot, `packages/fleet/src/commands/${command}.ts`);
  const ended = promisify(execFile)(process.execPath, [script, ...args], { env, timeout: 120_000 });
  return ended.then(
    ({ stdout }) => ({ stdout, code: 0 }),
    ({ stdout, code }: { stdout: string; code: unknown }) => ({ stdout, code }),
  );
}
