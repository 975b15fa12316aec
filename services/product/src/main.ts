import { redactedNames } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { parseServiceKeys, createCompanyClient, startIdempotencyCleanup, listen, serviceClient } from '@clientela/http';
import { createLog, runService } from '@clientela/runtime';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

await runService(async (onShutdown) => {
  const config = readConfig();
  const log = createLog('product', config.LOG_LEVEL, { redact: redactedNames });
  const url = config.PRODUCT_DATABASE_URL;
  const key = config.PRODUCT_SERVICE_KEY;

  const db = connect(url, { name: 'product', ...outboxPoolOptions(config) });
  onShutdown(() => db.destroy());
  const idempotencyCleanup = startIdempotencyCleanup(db, log);
  onShutdown(() => idempotencyCleanup.stop());
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
  onShutdown(() => events.stop());

  const app = createApp({
    db,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.PRODUCT_SECRET,
    companies: createCompanyClient(auth),
    metrics: events.metrics,
  });
  const server = await listen(app, { host: config.HOST, port: config.PRODUCT_PORT });
  onShutdown(() => server.close());
  log.info({ port: server.port }, 'listening');
});
