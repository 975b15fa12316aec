import { connect } from '@clientela/db';
import { eventPool, startEvents } from '@clientela/events';
import { callersOf, companyLookup, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { userLookup } from './profiles/lookup.ts';
import { subscriptions } from './subscriptions.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('customer', config.LOG_LEVEL);
  const url = config.CUSTOMER_DATABASE_URL;
  const key = config.CUSTOMER_SERVICE_KEY;

  const db = connect(url, { name: 'customer', ...eventPool(config) });
  onClose(() => db.destroy());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const companies = companyLookup(auth);
  const users = userLookup(auth, companies);
  const subscribers = [
    auth,
    serviceClient({ service: 'interaction', url: config.INTERACTION_SERVICE_URL, key }),
    serviceClient({ service: 'favorites', url: config.FAVORITES_SERVICE_URL, key }),
  ];
  const events = startEvents({
    db,
    url,
    service: 'customer',
    subscriptions: subscriptions({ users }),
    subscribers,
    settings: config,
    log,
  });
  onClose(() => events.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    companies,
    users,
    after_commit: events.committed,
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.CUSTOMER_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
