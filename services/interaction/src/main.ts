import { redactedNames, type Service } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import {
  parseServiceKeys,
  createCompanyClient,
  createCursors,
  startIdempotencyCleanup,
  listen,
  serviceClient,
} from '@clientela/http';
import { createLog, runService } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createCustomerClient, createTimelineNotesClient } from './customers/customer-client.ts';
import { createProductClient } from './products/product-client.ts';
import { subscriptions } from './subscriptions.ts';

await runService(async (onShutdown) => {
  const config = readConfig();
  const log = createLog('interaction', config.LOG_LEVEL, { redact: redactedNames });
  const url = config.INTERACTION_DATABASE_URL;
  const client = (service: Service, serviceUrl: string) =>
    serviceClient({ service, url: serviceUrl, key: config.INTERACTION_SERVICE_KEY });

  const db = connect(url, { name: 'interaction', ...outboxPoolOptions(config) });
  onShutdown(() => db.destroy());
  const idempotencyCleanup = startIdempotencyCleanup(db, log);
  onShutdown(() => idempotencyCleanup.stop());
  const auth = client('auth', config.AUTH_SERVICE_URL);
  const customer = client('customer', config.CUSTOMER_SERVICE_URL);
  const events = startEvents({
    db,
    url,
    service: 'interaction',
    subscriptions,
    subscribers: [auth, customer],
    settings: config,
    log,
  });
  onShutdown(() => events.stop());

  const app = createApp({
    db,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.INTERACTION_SECRET,
    companies: createCompanyClient(auth),
    customers: createCustomerClient(customer),
    notes: createTimelineNotesClient(customer),
    products: createProductClient(client('product', config.PRODUCT_SERVICE_URL)),
    cursors: createCursors(config.INTERACTION_SECRET),
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.INTERACTION_PORT });
  onShutdown(() => server.close());
  log.info({ port: server.port }, 'listening');
});
