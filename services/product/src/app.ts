import { eventRoutes } from '@clientela/events';
import { createService, type CompanyClient, type Route, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import { privacy } from './privacy.ts';
import { productRoutes } from './products/routes.ts';

/** Dependencies: opened by main.ts, replaced in tests. */
export type AppDeps = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & { companies: CompanyClient };

export const routes = (deps: AppDeps): Route[] => [
  ...productRoutes(deps.companies),
  ...eventRoutes('product'),
  ...privacyRoutes(privacy),
];

export const createApp = (deps: AppDeps) =>
  createService({ ...deps, service: 'product', version: manifest.version, routes: routes(deps) });
