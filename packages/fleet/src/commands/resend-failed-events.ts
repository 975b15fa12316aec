import { join } from 'node:path';
import { connect } from '@clientela/db';
import { resendFailed } from '@clientela/events';
import { environment } from '@clientela/runtime';
import { withDatabases } from './service-databases.ts';
import { type Service, services, repoRoot } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';

/**
 * Lets every failed event of a service be sent again. It is only written down here: the service does it when it runs and finds whom to
 * send to, so that this ends at once, whoever is down.
 */
async function resendAll(service: Service, url: string): Promise<number> {
  const db = connect(url, { pool: 1, name: 'resend-failed-events' });
  try {
    let all = 0;
    for (let some = -1; some !== 0; all += some) some = await db.transaction((tx) => resendFailed(tx, service));
    return all;
  } finally {
    await db.destroy();
  }
}

try {
  const settings = readSettings(environment(join(repoRoot, '.env')));
  await withDatabases(settings, services, async (urls) => {
    for (const [at, service] of services.entries()) {
      const count = await resendAll(service, urls[at] ?? '');
      process.stdout.write(`${service}: ${count} ${count === 1 ? 'event is' : 'events are'} sent again\n`);
    }
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'It failed.'}\n`);
  process.exitCode = 1;
}
