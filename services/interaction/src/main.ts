import { connect } from '@clientela/db';
import { eventPool, startEvents } from '@clientela/events';
import { callersOf, companyLookup, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { customerLookup } from './customers/lookup.ts';
import { subscriptions } from './subscriptions.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('interaction', config.LOG_LEVEL);
  const url = config.INTERACTION_DATABASE_URL;
  const key = config.INTERACTION_SERVICE_KEY;

  const db = connect(url, { name: 'interaction', ...eventPool(config) });
  onClose(() => db.destroy());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const events = startEvents({
    db,
    url,
    service: 'interaction',
    subscriptions,
    subscribers: [auth],
    settings: config,
    log,
  });
  onClose(() => events.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    companies: companyLookup(auth),
    customers: customerLookup(serviceClient({ service: 'customer', url: config.CUSTOMER_SERVICE_URL, key })),
    after_commit: events.committed,
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.INTERACTION_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
