import { legacyProblem } from '@clientela/contracts';
import { eventRoutes } from '@clientela/events';
import { createService, type CompanyClient, type Route, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import type { OwnLookup, PairLookup } from './favorites/lookup.ts';
import { favoriteRoutes } from './favorites/routes.ts';
import { privacy } from './privacy.ts';
import { subscriptions } from './subscriptions.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyClient;
  pairs: PairLookup;
  own: OwnLookup;
};

export const routes = (parts: Parts): Route[] => [
  ...favoriteRoutes(parts),
  ...eventRoutes('favorites', subscriptions),
  ...privacyRoutes(privacy),
];

export const createApp = (parts: Parts) =>
  createService({
    ...parts,
    service: 'favorites',
    formatProblem: legacyProblem,
    customerNumberFields: ['user_id', 'customer_number'],
    version: manifest.version,
    routes: routes(parts),
  });
