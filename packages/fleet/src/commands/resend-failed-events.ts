import { connect } from '@clientela/db';
import { resendFailed } from '@clientela/events';
import { readCommandLine } from '@clientela/runtime';
import { type Service, services } from '../launcher/services.ts';
import { runAdminCommand } from './admin-command.ts';
import { withDatabases } from './service-databases.ts';

/**
 * Marks every dead letter of a service for redelivery. The service redelivers them while it runs and the subscribers are reachable.
 * @returns the number of events
 */
async function resendAll(service: Service, url: string): Promise<number> {
  const db = connect(url, { pool: 1, name: 'resend-failed-events' });
  try {
    let total = 0;
    for (let batch = -1; batch !== 0; total += batch) batch = await db.transaction((tx) => resendFailed(tx, service));
    return total;
  } finally {
    await db.destroy();
  }
}

readCommandLine(`Usage: npm run resend-failed-events
Marks all failed events of every service to be sent again.`);

await runAdminCommand((settings) =>
  withDatabases(settings, services, async (urls) => {
    for (const [index, service] of services.entries()) {
      const count = await resendAll(service, urls[index] ?? '');
      process.stdout.write(`${service}: ${count} ${count === 1 ? 'event' : 'events'} will be sent again\n`);
    }
  }),
);
