import { eventRoutes } from '@clientela/events';
import { createService, type CompanyLookup, type Route, type ServiceOptions } from '@clientela/http';
import manifest from '../package.json' with { type: 'json' };
import { customerRoutes } from './customers/routes.ts';
import type { UserLookup } from './profiles/lookup.ts';
import { profileRoutes } from './profiles/routes.ts';
import { subscriptions } from './subscriptions.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyLookup;
  users: UserLookup;
};

export const routes = (parts: Parts): Route[] => [
  ...customerRoutes(parts.companies),
  ...profileRoutes(parts.companies),
  ...eventRoutes('customer', subscriptions(parts)),
];

export const createApp = (parts: Parts) =>
  createService({ ...parts, service: 'customer', version: manifest.version, routes: routes(parts) });
