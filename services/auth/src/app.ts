import { createService, type Route, type ServiceOptions } from '@clientela/http';
import manifest from '../package.json' with { type: 'json' };
import { accountRoutes, type AccountParts } from './accounts/routes.ts';
import { companyRoutes } from './companies/routes.ts';
import { keyRoutes } from './keys/routes.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes' | 'companies'> & AccountParts;

export const routes = (parts: Parts): Route[] => [...accountRoutes(parts), ...keyRoutes(), ...companyRoutes()];

export const createApp = (parts: Parts) =>
  createService({ ...parts, service: 'auth', version: manifest.version, routes: routes(parts) });
