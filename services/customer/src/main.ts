import type { Service } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { parseServiceKeys, createCompanyClient, startIdempotencyCleanup, listen, serviceClient } from '@clientela/http';
import { createLog, runService } from '@clientela/runtime';
import { Registry } from 'prom-client';
import { createApp } from './app.ts';
import { openStorage } from './avatars/settings.ts';
import { startDiscarding } from './avatars/worker.ts';
import { readConfig } from './config.ts';
import { erasureMetrics } from './privacy/metrics.ts';
import { startErasureWorker } from './privacy/worker.ts';
import { userLookup } from './profiles/lookup.ts';
import { totalsLookup } from './stats/lookup.ts';
import { subscriptions } from './subscriptions.ts';
import { createFingerprinter } from './tombstones/fingerprints.ts';
import { upstreamsAt } from './upstreams/upstream.ts';

await runService(async (onClose) => {
  const config = readConfig();
  const log = createLog('customer', config.LOG_LEVEL);
  const url = config.CUSTOMER_DATABASE_URL;
  const key = config.CUSTOMER_SERVICE_KEY;

  const db = connect(url, { name: 'customer', ...outboxPoolOptions(config) });
  onClose(() => db.destroy());
  const lists = connect(url, { name: 'customer lists', pool: 4 });
  onClose(() => lists.destroy());
  const forgetting = startIdempotencyCleanup(db, log);
  onClose(() => forgetting.stop());
  const pictures = await openStorage(config);
  const discarding = startDiscarding({ db, storage: pictures, log });
  onClose(() => discarding.stop());
  const auth = serviceClient({ service: 'auth', url: config.AUTH_SERVICE_URL, key });
  const companies = createCompanyClient(auth);
  const users = userLookup(auth, companies);
  const interaction = serviceClient({ service: 'interaction', url: config.INTERACTION_SERVICE_URL, key });
  const favorites = serviceClient({ service: 'favorites', url: config.FAVORITES_SERVICE_URL, key });
  const totals = totalsLookup(interaction);
  const events = startEvents({
    db,
    url,
    service: 'customer',
    subscriptions: subscriptions({ db, users, totals }),
    subscribers: [auth, interaction, favorites],
    settings: config,
    log,
  });
  onClose(() => events.stop());

  // Erasing goes on at the other end until this one hangs up, so that it gets the time that a door there has.
  const patient = (service: Service, url: string) => serviceClient({ service, url, key, timeout: 12_000 });
  const others = {
    auth: patient('auth', config.AUTH_SERVICE_URL),
    interaction: patient('interaction', config.INTERACTION_SERVICE_URL),
    product: patient('product', config.PRODUCT_SERVICE_URL),
    favorites: patient('favorites', config.FAVORITES_SERVICE_URL),
  };
  const erasing = startErasureWorker({
    db,
    url,
    fingerprints: createFingerprinter(config.CUSTOMER_SECRET),
    storage: pictures,
    peers: others,
    log,
    afterCommit: events.committed,
  });
  onClose(() => erasing.stop());

  const { INTERACTION_SERVICE_URL: otherwise } = config;
  const urls = {
    orders: config.ORDERS_SERVICE_URL ?? otherwise,
    complaints: config.COMPLAINT_SERVICE_URL ?? otherwise,
    appointments: config.SCHEDULING_SERVICE_URL ?? otherwise,
  };

  const app = createApp({
    db,
    lists,
    log,
    serviceKeys: parseServiceKeys(config.SERVICE_KEY_HASHES),
    secret: config.CUSTOMER_SECRET,
    rateLimits: config.RATE_LIMITS === 'off' ? undefined : { 'customer-patch': config.CUSTOMER_PATCH_RATE },
    companies,
    users,
    totals,
    upstreams: upstreamsAt(urls, key, { log }),
    pictures,
    afterCommit: events.committed,
    peers: others,
    onErasureRequested: erasing.wake,
    metrics: Registry.merge([events.metrics, erasureMetrics(db)]),
  });
  const server = await listen(app, { host: config.HOST, port: config.CUSTOMER_PORT });
  onClose(() => server.close());
  log.info({ port: server.port }, 'listening');
});
