import { connect } from '@clientela/db';
import { eventPool, startEvents } from '@clientela/events';
import { callersOf, companyLookup, forgetAnswers, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('product', config.LOG_LEVEL);
  const url = config.PRODUCT_DATABASE_URL;
  const key = config.PRODUCT_SERVICE_KEY;

  const db = connect(url, { name: 'product', ...eventPool(config) });
  onClose(() => db.destroy());
  const forgetting = forgetAnswers(db, log);
  onClose(() => forgetting.stop());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const events = startEvents({
    db,
    url,
    service: 'product',
    subscriptions: [],
    subscribers: [auth],
    settings: config,
    log,
  });
  onClose(() => events.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    secret: config.PRODUCT_SECRET,
    companies: companyLookup(auth),
    after_commit: events.committed,
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.PRODUCT_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
