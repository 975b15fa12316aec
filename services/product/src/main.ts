import { connect } from '@clientela/db';
import { startRelay } from '@clientela/events';
import { callersOf, companyLookup, forgetAnswers, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('product', config.LOG_LEVEL);
  const url = config.PRODUCT_DATABASE_URL;
  const key = config.PRODUCT_SERVICE_KEY;

  const db = connect(url, { name: 'product' });
  onClose(() => db.destroy());
  const forgetting = forgetAnswers(db, log);
  onClose(() => forgetting.stop());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const relay = startRelay({ db, url, service: 'product', subscribers: [auth], log });
  onClose(() => relay.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    secret: config.PRODUCT_SECRET,
    companies: companyLookup(auth),
    after_commit: relay.committed,
  });
  const server = await listen(app, { host: config.HOST, port: config.PRODUCT_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
