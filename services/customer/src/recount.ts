import { randomUUID } from 'node:crypto';
import { connect, failureMessage } from '@clientela/db';
import { serviceClient } from '@clientela/http';
import { readCommandLine, readEnvironment, runCommand } from '@clientela/runtime';
import { RecountConfig } from './config.ts';
import { createTotalsClient } from './stats/totals-client.ts';
import { recount } from './stats/recount.ts';
import { groupsReportedElsewhere } from './upstreams/rules.ts';

const {
  values: { check },
} = readCommandLine(
  `Usage: node src/recount.ts [--check]
Compares the counters of all customers with the totals of the interaction service and repairs differences, except of those that an
outside service reports. Writes one line of JSON.

  --check   only compares, and exits with 1 on a difference`,
  { options: { check: { type: 'boolean', default: false } } },
);

const timeout = 10_000; // milliseconds for one call of the interaction service

await runCommand(async () => {
  const settings = readEnvironment(RecountConfig);
  const db = connect(settings.CUSTOMER_DATABASE_URL, { name: 'recount', pool: 1 });
  try {
    const { INTERACTION_SERVICE_URL: url, CUSTOMER_SERVICE_KEY: key } = settings;
    const totals = createTotalsClient(serviceClient({ service: 'interaction', url, key, timeout }));
    const options = { repair: !check, request_id: randomUUID(), reportedGroups: groupsReportedElsewhere(settings) };
    const { different, ...found } = await recount(db, totals, options);
    process.stdout.write(`${JSON.stringify({ ...found, [check ? 'different' : 'repaired']: different })}\n`);
    if (check && different > 0) process.exitCode = 1;
  } finally {
    await db.destroy();
  }
}, failureMessage);
