import { connect } from '@clientela/db';
import { startRelay } from '@clientela/events';
import { callersOf, companyLookup, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { userLookup } from './profiles/lookup.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('customer', config.LOG_LEVEL);
  const url = config.CUSTOMER_DATABASE_URL;
  const key = config.CUSTOMER_SERVICE_KEY;

  const db = connect(url, { name: 'customer' });
  onClose(() => db.destroy());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const companies = companyLookup(auth);
  const subscribers = [
    auth,
    serviceClient({ service: 'interaction', url: config.INTERACTION_SERVICE_URL, key }),
    serviceClient({ service: 'favorites', url: config.FAVORITES_SERVICE_URL, key }),
  ];
  const relay = startRelay({ db, url, service: 'customer', subscribers, log });
  onClose(() => relay.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    companies,
    users: userLookup(auth, companies),
    after_commit: relay.committed,
  });
  const server = await listen(app, { host: config.HOST, port: config.CUSTOMER_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
