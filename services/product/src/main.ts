import { join } from 'node:path';
import { outboxPoolOptions, startEvents } from '@clientela/events';
import { createCompanyClient, runService } from '@clientela/http';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

await runService('product', {
  readConfig,
  migrations: join(import.meta.dirname, '../migrations'),
  poolOptions: outboxPoolOptions,
  start: ({ config, deps, databaseUrl, client, onShutdown }) => {
    const events = startEvents({
      ...deps,
      url: databaseUrl,
      service: 'product',
      subscriptions: [],
      client,
      settings: config,
    });
    onShutdown(() => events.stop());
    return createApp({ ...deps, companies: createCompanyClient(client('auth')), metrics: [events.metrics] });
  },
});
