import { join } from 'node:path';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { createCompanyClient, runService } from '@clientela/http';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createOwnCustomerClient, createCustomerAndProductClient } from './favorites/peer-clients.ts';
import { subscriptions } from './subscriptions.ts';

await runService('favorites', {
  readConfig,
  migrations: join(import.meta.dirname, '../migrations'),
  poolOptions: outboxPoolOptions,
  start: ({ config, deps, databaseUrl, client, onShutdown }) => {
    const customers = client('customer');
    const events = startEvents({
      ...deps,
      url: databaseUrl,
      service: 'favorites',
      subscriptions,
      client,
      settings: config,
    });
    onShutdown(() => events.stop());
    return createApp({
      ...deps,
      companies: createCompanyClient(client('auth')),
      fetchCustomerAndProduct: createCustomerAndProductClient(customers, client('product')),
      fetchOwnCustomer: createOwnCustomerClient(customers),
      metrics: [events.metrics],
    });
  },
});
