import { legacyProblem } from '@clientela/contracts';
import { eventRoutes } from '@clientela/events';
import { createService, type CompanyClient, type Route, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import type { OwnCustomerClient, CustomerAndProductClient } from './favorites/peer-clients.ts';
import { favoriteRoutes } from './favorites/routes.ts';
import { privacy } from './privacy.ts';
import { subscriptions } from './subscriptions.ts';

/** Dependencies: opened by main.ts, replaced in tests. */
export type AppDeps = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  companies: CompanyClient;
  fetchCustomerAndProduct: CustomerAndProductClient;
  fetchOwnCustomer: OwnCustomerClient;
};

export const routes = (deps: AppDeps): Route[] => [
  ...favoriteRoutes(deps),
  ...eventRoutes('favorites', subscriptions),
  ...privacyRoutes(privacy),
];

export const createApp = (deps: AppDeps) =>
  createService({
    ...deps,
    service: 'favorites',
    formatProblem: legacyProblem,
    customerNumberFields: ['user_id', 'customer_number'],
    version: manifest.version,
    routes: routes(deps),
  });
