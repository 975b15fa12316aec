import { eventRoutes } from '@clientela/events';
import { createService, type Route, type ServiceClient, type ServiceOptions } from '@clientela/http';
import { privacyRoutes } from '@clientela/privacy';
import manifest from '../package.json' with { type: 'json' };
import { internalUserRoutes } from './accounts/internal-routes.ts';
import { accountRoutes, type AccountDeps } from './accounts/routes.ts';
import { analyticsRoutes } from './analytics/routes.ts';
import { apiKeyRoutes, type ApiKeyDeps } from './api-keys/routes.ts';
import { auditDenied } from './audit/actions.ts';
import { auditRoutes, type AuditDeps } from './audit/routes.ts';
import { companyRoutes } from './companies/routes.ts';
import { findCompanyByKey } from './companies/store.ts';
import { documentTypeRoutes } from './document-types/routes.ts';
import { failedEventRoutes, type EventDeps } from './events/routes.ts';
import { emailRoutes, type EmailDeps } from './emails/routes.ts';
import { identityRoutes, type IdentityDeps } from './identities/routes.ts';
import { invitationRoutes } from './invitations/routes.ts';
import { keyRoutes } from './keys/routes.ts';
import { passwordResetRoutes } from './password-resets/routes.ts';
import { privacy } from './privacy.ts';
import { peopleRoutes } from './people/routes.ts';
import { receiptRoutes, type ReceiptDeps } from './receipts/routes.ts';
import { roleRoutes } from './roles/routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { secondFactorRoutes, type SecondFactorDeps } from './second-factors/routes.ts';
import { signInRoutes, type SignInDeps } from './sign-ins/routes.ts';
import { subscriptions } from './subscriptions.ts';
import { changeAuthorization } from './users/change-authorization.ts';
import { companyUserRoutes } from './users/internal-routes.ts';
import { userRoutes } from './users/routes.ts';

/** The dependencies of the service: main.ts creates them, tests replace them. */
export type AppDeps = Omit<ServiceOptions, 'service' | 'version' | 'routes' | 'companies' | 'changeAuthorization'> &
  AccountDeps &
  SignInDeps &
  SecondFactorDeps &
  AuditDeps &
  ReceiptDeps &
  ApiKeyDeps &
  EventDeps &
  EmailDeps &
  IdentityDeps & { customer: ServiceClient };

export const routes = (deps: AppDeps): Route[] => [
  ...accountRoutes(deps),
  ...internalUserRoutes(),
  ...signInRoutes(deps),
  ...secondFactorRoutes(deps),
  ...emailRoutes(deps),
  ...passwordResetRoutes(deps),
  ...invitationRoutes(deps),
  ...identityRoutes(deps),
  ...sessionRoutes(deps),
  ...keyRoutes(deps),
  ...receiptRoutes(deps),
  ...userRoutes(deps),
  ...companyUserRoutes(),
  ...peopleRoutes(),
  ...roleRoutes(),
  ...apiKeyRoutes(deps),
  ...companyRoutes(deps.defaults),
  ...documentTypeRoutes(),
  ...analyticsRoutes(),
  ...auditRoutes(deps),
  ...failedEventRoutes(deps),
  ...eventRoutes('auth', subscriptions(deps)),
  ...privacyRoutes(privacy),
];

export const createApp = (deps: AppDeps) =>
  createService({
    ...deps,
    service: 'auth',
    version: manifest.version,
    routes: routes(deps),
    changeAuthorization,
    companies: (key) => findCompanyByKey(deps.db, key),
    onDenied: (denied) => deps.db.transaction((tx) => auditDenied(tx, denied)),
  });
