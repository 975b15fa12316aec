import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@clientela/db';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { createCompanyClient, runService } from '@clientela/http';
import { outsideServices } from '@clientela/contracts';
import { connectRedis } from '@clientela/runtime';
import { createSeriesClient } from './analytics/series-client.ts';
import { createApp } from './app.ts';
import { openStorage } from './avatars/open-storage.ts';
import { startAvatarCleanup } from './avatars/worker.ts';
import { readConfig } from './config.ts';
import { toImportStorage } from './imports/settings.ts';
import { importSourceOf } from './imports/vaptekesync/settings.ts';
import { startImportCleanup } from './imports/worker.ts';
import { startCurrencyWorker } from './currencies/worker.ts';
import { exportPoolOptions } from './exports/slots.ts';
import { jobMetrics } from './jobs/metrics.ts';
import { startJobCleanup, superviseJobs } from './jobs/supervisor.ts';
import { erasureMetrics } from './privacy/metrics.ts';
import { startErasureWorker } from './privacy/worker.ts';
import { createUserClient } from './profiles/user-client.ts';
import { createTotalsClient } from './stats/totals-client.ts';
import { subscriptions } from './subscriptions.ts';
import { createFingerprinter } from './tombstones/fingerprints.ts';
import { groupsReportedElsewhere, urlsOfUpstreams } from './upstreams/rules.ts';
import { createUpstreams } from './upstreams/upstream-client.ts';

// An erasure continues at the other service until this one disconnects, so its calls get a route's full deadline.
const erasureTimeout = 12_000; // milliseconds
/** A series counts the records of months: a second of a million, longer on a busy machine. Below the deadline of a route. */
const seriesTimeout = 8_000;

await runService('customer', {
  readConfig,
  migrations: join(import.meta.dirname, '../migrations'),
  outsideCallers: outsideServices,
  poolOptions: outboxPoolOptions,
  start: async ({ config, deps, databaseUrl, onStatement, client, onShutdown, stopping }) => {
    const { db, log, secret } = deps;
    const listsDb = connect(databaseUrl, { name: 'customer lists', pool: 4, onStatement });
    onShutdown(() => listsDb.destroy());
    const exportsDb = connect(databaseUrl, { ...exportPoolOptions, onStatement });
    onShutdown(() => exportsDb.destroy());
    const avatarStorage = await openStorage(config);
    const avatarCleanup = startAvatarCleanup({ db, storage: avatarStorage, log });
    onShutdown(() => avatarCleanup.stop());
    const fingerprints = createFingerprinter(secret);
    const importStorage = toImportStorage(config);
    await mkdir(importStorage.folder, { recursive: true, mode: 0o700 });
    const importCleanup = startImportCleanup({ db, importStorage, fingerprints, log });
    onShutdown(() => importCleanup.stop());
    const auth = client('auth');
    const companies = createCompanyClient(auth);
    const users = createUserClient(auth, companies);
    const interaction = client('interaction');
    const totals = createTotalsClient(interaction);
    const upstreamUrls = urlsOfUpstreams(config);
    const reportedGroups = groupsReportedElsewhere(config);
    const currencyWorker = startCurrencyWorker({ db, log });
    onShutdown(() => currencyWorker.stop());
    const events = startEvents({
      ...deps,
      url: databaseUrl,
      service: 'customer',
      subscriptions: subscriptions({ db, companies, users, totals, reportedGroups }),
      client,
      settings: config,
    });
    onShutdown(() => events.stop());

    const peers = {
      auth: client('auth', { timeout: erasureTimeout }),
      interaction: client('interaction', { timeout: erasureTimeout }),
      product: client('product', { timeout: erasureTimeout }),
      favorites: client('favorites', { timeout: erasureTimeout }),
    };
    const erasureWorker = startErasureWorker({
      db,
      url: databaseUrl,
      fingerprints,
      avatarStorage,
      importStorage,
      peers,
      log,
    });
    onShutdown(() => erasureWorker.stop());

    const jobCleanup = startJobCleanup({ db, log });
    onShutdown(() => jobCleanup.stop());
    const jobs = superviseJobs({ db, log });
    onShutdown(() => jobs.stop());

    const redis = config.REDIS_URL === undefined ? undefined : connectRedis(config.REDIS_URL, log);
    onShutdown(() => redis?.close());

    return createApp({
      ...deps,
      redis,
      listsDb,
      exportsDb,
      rateLimits: config.RATE_LIMITS === 'off' ? undefined : { 'customer-patch': config.CUSTOMER_PATCH_RATE },
      companies,
      users,
      totals,
      series: createSeriesClient(client('interaction', { timeout: seriesTimeout })),
      reportedGroups,
      upstreams: createUpstreams(upstreamUrls, config.CUSTOMER_SERVICE_KEY, { log }),
      avatarStorage,
      importStorage,
      importSource: importSourceOf(config),
      stopping,
      peers,
      onErasureRequested: erasureWorker.wake,
      metrics: [events.metrics, erasureMetrics(db), jobMetrics(db)],
    });
  },
});
