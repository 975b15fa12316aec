import { redactedNames, type Service } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { parseServiceKeys, createCompanyClient, startIdempotencyCleanup, listen, serviceClient } from '@clientela/http';
import { createLog, runService } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createOwnCustomerClient, createCustomerAndProductClient } from './favorites/peer-clients.ts';
import { subscriptions } from './subscriptions.ts';

await runService(async (onShutdown) => {
  const config = readConfig();
  const log = createLog('favorites', config.LOG_LEVEL, { redact: redactedNames });
  const url = config.FAVORITES_DATABASE_URL;
  const client = (service: Service, serviceUrl: string) =>
    serviceClient({ service, url: serviceUrl, key: config.FAVORITES_SERVICE_KEY });

  const db = connect(url, { name: 'favorites', ...outboxPoolOptions(config) });
  onShutdown(() => db.destroy());
  const idempotencyCleanup = startIdempotencyCleanup(db, log);
  onShutdown(() => idempotencyCleanup.stop());
  const auth = client('auth', config.AUTH_SERVICE_URL);
  const customers = client('customer', config.CUSTOMER_SERVICE_URL);
  const events = startEvents({
    db,
    url,
    service: 'favorites',
    subscriptions,
    subscribers: [auth],
    settings: config,
    log,
  });
  onShutdown(() => events.stop());

  const app = createApp({
    db,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.FAVORITES_SECRET,
    companies: createCompanyClient(auth),
    fetchCustomerAndProduct: createCustomerAndProductClient(customers, client('product', config.PRODUCT_SERVICE_URL)),
    fetchOwnCustomer: createOwnCustomerClient(customers),
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.FAVORITES_PORT });
  onShutdown(() => server.close());
  log.info({ port: server.port }, 'listening');
});
