import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { folder, withDatabases } from './service-databases.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { folderOf, repoRoot } from '../launcher/services.ts';
import { portVariable, readSettings, type Settings } from '../launcher/settings.ts';

/** Where the interaction service of a running fleet is reached. */
function interactionUrl({ service_urls, ports }: Settings): string {
  if (service_urls.interaction) return service_urls.interaction;
  if (ports.interaction !== 0) return `http://127.0.0.1:${ports.interaction}`;
  throw new Error(`Its port is a free one: say which, with ${portVariable('interaction')} or INTERACTION_SERVICE_URL.`);
}

/**
 * Lets the customer service hold its counters against what the interaction service has recorded.
 * @param given what is handed on, as `--check`
 * @returns the status with which it ended
 */
async function recount(settings: Settings, CUSTOMER_DATABASE_URL: string, given: readonly string[]): Promise<number> {
  const { PATH, SystemRoot } = process.env;
  const env = {
    ...(PATH && { PATH }),
    ...(SystemRoot && { SystemRoot }),
    CUSTOMER_DATABASE_URL,
    CUSTOMER_SERVICE_KEY: settings.service_keys.customer ?? openSecrets(folder, settings).service_keys.customer,
    INTERACTION_SERVICE_URL: interactionUrl(settings),
  };
  const cwd = folderOf('customer');
  const script = join(cwd, 'src/recount.ts');
  const run = spawn(process.execPath, [script, ...given], { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [status] = (await once(run, 'close')) as [number | null];
  return status ?? 1;
}

try {
  const settings = readSettings(environment(join(repoRoot, '.env')));
  await withDatabases(settings, ['customer'], async ([url = '']) => {
    process.exitCode = await recount(settings, url, process.argv.slice(2));
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'It failed.'}\n`);
  process.exitCode = 1;
}
