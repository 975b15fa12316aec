import { eventRoutes } from '@clientela/events';
import { createService, type Route, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import { internalUserRoutes } from './accounts/internal-routes.ts';
import { accountRoutes, type AccountParts } from './accounts/routes.ts';
import { analyticsRoutes } from './analytics/routes.ts';
import { auditRefusal } from './audit/actions.ts';
import { auditRoutes, type AuditParts } from './audit/routes.ts';
import { companyRoutes } from './companies/routes.ts';
import { findCompanyByKey } from './companies/store.ts';
import { documentTypeRoutes } from './document-types/routes.ts';
import { failedEventRoutes, type EventParts } from './events/routes.ts';
import { keyRoutes } from './keys/routes.ts';
import { privacy } from './privacy.ts';
import { receiptRoutes, type ReceiptParts } from './receipts/routes.ts';
import { roleRoutes } from './roles/routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { signInRoutes, type SignInParts } from './sign-ins/routes.ts';
import { subscriptions } from './subscriptions.ts';
import { companyUserRoutes } from './users/internal-routes.ts';
import { userRoutes } from './users/routes.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes' | 'companies'> &
  AccountParts &
  SignInParts &
  AuditParts &
  ReceiptParts &
  EventParts;

export const routes = (parts: Parts): Route[] => [
  ...accountRoutes(parts),
  ...internalUserRoutes(),
  ...signInRoutes(parts),
  ...sessionRoutes(parts),
  ...keyRoutes(parts),
  ...receiptRoutes(parts),
  ...userRoutes(parts),
  ...companyUserRoutes(),
  ...roleRoutes(),
  ...companyRoutes(parts.defaults),
  ...documentTypeRoutes(),
  ...analyticsRoutes(),
  ...auditRoutes(parts),
  ...failedEventRoutes(parts),
  ...eventRoutes('auth', subscriptions),
  ...privacyRoutes(privacy),
];

export const createApp = (parts: Parts) =>
  createService({
    ...parts,
    service: 'auth',
    version: manifest.version,
    routes: routes(parts),
    companies: (key) => findCompanyByKey(parts.db, key),
    onDenied: (refusal) => parts.db.transaction((tx) => auditRefusal(tx, refusal)),
  });
