import { connect } from '@clientela/db';
import { startRelay } from '@clientela/events';
import { callersOf, companyLookup, forgetAnswers, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { customerLookup } from './customers/lookup.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('interaction', config.LOG_LEVEL);
  const url = config.INTERACTION_DATABASE_URL;
  const key = config.INTERACTION_SERVICE_KEY;

  const db = connect(url, { name: 'interaction' });
  onClose(() => db.destroy());
  const forgetting = forgetAnswers(db, log);
  onClose(() => forgetting.stop());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const relay = startRelay({ db, url, service: 'interaction', subscribers: [auth], log });
  onClose(() => relay.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    secret: config.INTERACTION_SECRET,
    companies: companyLookup(auth),
    customers: customerLookup(serviceClient({ service: 'customer', url: config.CUSTOMER_SERVICE_URL, key })),
    after_commit: relay.committed,
  });
  const server = await listen(app, { host: config.HOST, port: config.INTERACTION_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
