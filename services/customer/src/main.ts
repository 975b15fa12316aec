import { redactedNames, type Service } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { parseServiceKeys, createCompanyClient, startIdempotencyCleanup, listen, serviceClient } from '@clientela/http';
import { createLog, runService } from '@clientela/runtime';
import { Registry } from 'prom-client';
import { createApp } from './app.ts';
import { openStorage } from './avatars/open-storage.ts';
import { startAvatarCleanup } from './avatars/worker.ts';
import { readConfig } from './config.ts';
import { erasureMetrics } from './privacy/metrics.ts';
import { startErasureWorker } from './privacy/worker.ts';
import { createUserClient } from './profiles/user-client.ts';
import { createTotalsClient } from './stats/totals-client.ts';
import { subscriptions } from './subscriptions.ts';
import { createFingerprinter } from './tombstones/fingerprints.ts';
import { createUpstreams } from './upstreams/upstream-client.ts';

await runService(async (onShutdown) => {
  const config = readConfig();
  const log = createLog('customer', config.LOG_LEVEL, { redact: redactedNames });
  const url = config.CUSTOMER_DATABASE_URL;
  const key = config.CUSTOMER_SERVICE_KEY;

  const db = connect(url, { name: 'customer', ...outboxPoolOptions(config) });
  onShutdown(() => db.destroy());
  const listsDb = connect(url, { name: 'customer lists', pool: 4 });
  onShutdown(() => listsDb.destroy());
  const idempotencyCleanup = startIdempotencyCleanup(db, log);
  onShutdown(() => idempotencyCleanup.stop());
  const avatarStorage = await openStorage(config);
  const avatarCleanup = startAvatarCleanup({ db, storage: avatarStorage, log });
  onShutdown(() => avatarCleanup.stop());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const companies = createCompanyClient(auth);
  const users = createUserClient(auth, companies);
  const interaction = serviceClient({ service: 'interaction', url: config.INTERACTION_SERVICE_URL, key });
  const favorites = serviceClient({ service: 'favorites', url: config.FAVORITES_SERVICE_URL, key });
  const totals = createTotalsClient(interaction);
  const events = startEvents({
    db,
    url,
    service: 'customer',
    subscriptions: subscriptions({ db, users, totals }),
    subscribers: [auth, interaction, favorites],
    settings: config,
    log,
  });
  onShutdown(() => events.stop());

  // An erasure continues at the other service until this one disconnects, so these calls get a route's full deadline.
  const erasureClient = (service: Service, url: string) => serviceClient({ service, url, key, timeout: 12_000 });
  const peers = {
    auth: erasureClient('auth', config.AUTH_SERVICE_URL),
    interaction: erasureClient('interaction', config.INTERACTION_SERVICE_URL),
    product: erasureClient('product', config.PRODUCT_SERVICE_URL),
    favorites: erasureClient('favorites', config.FAVORITES_SERVICE_URL),
  };
  const erasing = startErasureWorker({
    db,
    url,
    fingerprints: createFingerprinter(config.CUSTOMER_SECRET),
    avatarStorage,
    peers,
    log,
  });
  onShutdown(() => erasing.stop());

  const upstreamUrls = {
    orders: config.ORDERS_SERVICE_URL ?? config.INTERACTION_SERVICE_URL,
    complaints: config.COMPLAINT_SERVICE_URL ?? config.INTERACTION_SERVICE_URL,
    appointments: config.SCHEDULING_SERVICE_URL ?? config.INTERACTION_SERVICE_URL,
  };

  const app = createApp({
    db,
    listsDb,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.CUSTOMER_SECRET,
    rateLimits: config.RATE_LIMITS === 'off' ? undefined : { 'customer-patch': config.CUSTOMER_PATCH_RATE },
    companies,
    users,
    totals,
    upstreams: createUpstreams(upstreamUrls, key, { log }),
    avatarStorage,
    peers,
    onErasureRequested: erasing.wake,
    metrics: Registry.merge([events.metrics, erasureMetrics(db)]),
  });
  const server = await listen(app, { host: config.HOST, port: config.CUSTOMER_PORT });
  onShutdown(() => server.close());
  log.info({ port: server.port }, 'listening');
});
