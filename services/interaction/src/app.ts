import { eventRoutes } from '@clientela/events';
import { createService, type CompanyClient, type Cursors, type Route, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import type { CustomerLookup, NoteLookup } from './customers/lookup.ts';
import { interactionTypeRoutes } from './interaction-types/routes.ts';
import { interactionRoutes } from './interactions/routes.ts';
import { privacy } from './privacy.ts';
import type { ProductLookup } from './products/lookup.ts';
import { subscriptions } from './subscriptions.ts';
import { timelineRoutes } from './timeline/routes.ts';
import { totalsRoutes } from './totals/routes.ts';
import { transactionRoutes } from './transactions/routes.ts';
import { upstreamViewRoutes } from './upstream-views/routes.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyClient;
  customers: CustomerLookup;
  notes: NoteLookup;
  products: ProductLookup;
  cursors: Cursors;
};

export const routes = (parts: Parts): Route[] => [
  ...interactionRoutes(parts),
  ...interactionTypeRoutes(),
  ...transactionRoutes(parts),
  ...timelineRoutes(parts),
  ...upstreamViewRoutes(parts.companies),
  ...totalsRoutes(parts.companies),
  ...eventRoutes('interaction', subscriptions),
  ...privacyRoutes(privacy),
];

export const createApp = (parts: Parts) =>
  createService({ ...parts, service: 'interaction', version: manifest.version, routes: routes(parts) });
