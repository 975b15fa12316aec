import { join } from 'node:path';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { createCompanyClient, createCursors, runService } from '@clientela/http';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createCustomerClient, createTimelineNotesClient } from './customers/customer-client.ts';
import { createProductClient } from './products/product-client.ts';
import { subscriptions } from './subscriptions.ts';

await runService('interaction', {
  readConfig,
  migrations: join(import.meta.dirname, '../migrations'),
  poolOptions: outboxPoolOptions,
  start: ({ config, deps, databaseUrl, client, onShutdown }) => {
    const auth = client('auth');
    const customer = client('customer');
    const events = startEvents({
      ...deps,
      url: databaseUrl,
      service: 'interaction',
      subscriptions,
      client,
      settings: config,
    });
    onShutdown(() => events.stop());
    return createApp({
      ...deps,
      companies: createCompanyClient(auth),
      customers: createCustomerClient(customer),
      notes: createTimelineNotesClient(customer),
      products: createProductClient(client('product')),
      cursors: createCursors(deps.secret),
      metrics: [events.metrics],
    });
  },
});
