import type { Service } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { startRelay } from '@clientela/events';
import { callersOf, companyLookup, forgetAnswers, listen, serviceClient } from '@clientela/http';
import { createLog, runProgram } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { ownLookup, pairLookup } from './favorites/lookup.ts';

await runProgram(async (onClose) => {
  const config = readConfig();
  const log = createLog('favorites', config.LOG_LEVEL);
  const url = config.FAVORITES_DATABASE_URL;
  const client = (service: Service, at: string) =>
    serviceClient({ service, url: at, key: config.FAVORITES_SERVICE_KEY });

  const db = connect(url, { name: 'favorites' });
  onClose(() => db.destroy());
  const forgetting = forgetAnswers(db, log);
  onClose(() => forgetting.stop());
  const auth = client('auth', config.AUTH_SERVICE_URL);
  const customers = client('customer', config.CUSTOMER_SERVICE_URL);
  const relay = startRelay({ db, url, service: 'favorites', subscribers: [auth], log });
  onClose(() => relay.stop());

  const app = createApp({
    db,
    log,
    callers: callersOf(config.SERVICE_KEY_HASHES),
    secret: config.FAVORITES_SECRET,
    companies: companyLookup(auth),
    pairs: pairLookup(customers, client('product', config.PRODUCT_SERVICE_URL)),
    own: ownLookup(customers),
    after_commit: relay.committed,
  });
  const server = await listen(app, { host: config.HOST, port: config.FAVORITES_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
