import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readCommandLine } from '@clientela/runtime';
import { openSecrets } from '../launcher/secrets.ts';
import { scriptEnv } from '../launcher/service-script.ts';
import { folderOf } from '../launcher/services.ts';
import { portVariable, type Settings } from '../launcher/settings.ts';
import { installationFolder, runAdminCommand } from './admin-command.ts';
import { withDatabases } from './service-databases.ts';

/** URL of the interaction service of a running fleet. */
function interactionUrl({ serviceUrls, ports }: Settings): string {
  if (serviceUrls.interaction) return serviceUrls.interaction;
  if (ports.interaction !== 0) return `http://127.0.0.1:${ports.interaction}`;
  throw new Error(
    `The port of the interaction service is unknown: set ${portVariable('interaction')} or INTERACTION_SERVICE_URL.`,
  );
}

/** The settings that name outside services, which report their counters themselves. */
const ownersOfCounters = ({ overrides }: Settings) =>
  Object.fromEntries(
    ['ORDERS_SERVICE_URL', 'ORDER_SERVICE_URL', 'COMPLAINT_SERVICE_URL', 'SCHEDULING_SERVICE_URL'].flatMap((name) =>
      overrides[name] === undefined ? [] : [[name, overrides[name]]],
    ),
  );

/**
 * Runs the customer service's script that recomputes customer counters and repairs differences.
 * @param args passed on, such as `--check`
 * @returns its exit status
 */
async function recount(settings: Settings, databaseUrl: string, args: readonly string[]): Promise<number> {
  const env = scriptEnv({
    CUSTOMER_DATABASE_URL: databaseUrl,
    CUSTOMER_SERVICE_KEY:
      settings.serviceKeys.customer ?? openSecrets(installationFolder, settings).serviceKeys.customer,
    INTERACTION_SERVICE_URL: interactionUrl(settings),
    ...ownersOfCounters(settings),
  });
  const cwd = folderOf('customer');
  const script = join(cwd, 'src/recount.ts');
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [status] = (await once(child, 'close')) as [number | null];
  return status ?? 1;
}

const { values } = readCommandLine(
  `Usage: npm run recount [-- --check]
Recomputes the counters of all customers and repairs differences.

  --check   only compares, and exits with 1 on a difference`,
  { options: { check: { type: 'boolean', default: false } } },
);

await runAdminCommand((settings) =>
  withDatabases(settings, ['customer'], async ([url = '']) => {
    process.exitCode = await recount(settings, url, values.check ? ['--check'] : []);
  }),
);
