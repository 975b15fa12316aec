import { eventRoutes } from '@clientela/events';
import { createService, type CompanyLookup, type Route, type ServiceOptions } from '@clientela/http';
import manifest from '../package.json' with { type: 'json' };
import type { CustomerLookup } from './customers/lookup.ts';
import { interactionTypeRoutes } from './interaction-types/routes.ts';
import { interactionRoutes } from './interactions/routes.ts';
import { subscriptions } from './subscriptions.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyLookup;
  customers: CustomerLookup;
};

export const routes = (parts: Parts): Route[] => [
  ...interactionRoutes(parts.customers),
  ...interactionTypeRoutes(),
  ...eventRoutes('interaction', subscriptions),
];

export const createApp = (parts: Parts) =>
  createService({ ...parts, service: 'interaction', version: manifest.version, routes: routes(parts) });
