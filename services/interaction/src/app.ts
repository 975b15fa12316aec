import { eventRoutes } from '@clientela/events';
import { createService, type CompanyClient, type Cursors, type Route, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import { agendaRoutes } from './agenda/routes.ts';
import type { CustomerClient, TimelineNotesClient } from './customers/customer-client.ts';
import { interactionTypeRoutes } from './interaction-types/routes.ts';
import { interactionRoutes } from './interactions/routes.ts';
import { seriesRoutes } from './series/routes.ts';
import { privacy } from './privacy.ts';
import type { ProductClient } from './products/product-client.ts';
import { subscriptions } from './subscriptions.ts';
import { timelineRoutes } from './timeline/routes.ts';
import { totalsRoutes } from './totals/routes.ts';
import { transactionRoutes } from './transactions/routes.ts';
import { upstreamViewRoutes } from './upstream-views/routes.ts';

/** Dependencies: opened by main.ts, replaced in tests. */
export type AppDeps = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyClient;
  customers: CustomerClient;
  notes: TimelineNotesClient;
  products: ProductClient;
  cursors: Cursors;
};

export const routes = (deps: AppDeps): Route[] => [
  ...interactionRoutes(deps),
  ...agendaRoutes(),
  ...interactionTypeRoutes(),
  ...transactionRoutes(deps),
  ...timelineRoutes(deps),
  ...upstreamViewRoutes(deps.companies),
  ...totalsRoutes(deps.companies),
  ...seriesRoutes(),
  ...eventRoutes('interaction', subscriptions),
  ...privacyRoutes(privacy),
];

export const createApp = (deps: AppDeps) =>
  createService({ ...deps, service: 'interaction', version: manifest.version, routes: routes(deps) });
