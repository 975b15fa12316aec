import type { Role } from '@clientela/contracts';

/**
 * The roles that may call each route of the gateway, written by hand from the API contract and not derived from the code. `open`
 * admits everybody, `signed_in` every role; otherwise the roles are listed. `customer:own` admits a customer to its own record only;
 * any other record is a 404. A route that is missing here fails the test.
 */
export const expectedAccess: Readonly<Record<string, string>> = {
  'GET /.well-known/jwks.json': 'open',
  ...underEachPrefix({
    'POST /register': 'open',
    'POST /login': 'open',
    'POST /login/mfa': 'open',
    'GET /mfa': 'signed_in',
    'POST /mfa/totp': 'signed_in',
    'POST /mfa/totp/confirm': 'signed_in',
    'DELETE /mfa/totp': 'signed_in',
    'POST /mfa/recovery-codes': 'signed_in',
    'POST /refresh': 'open',
    'POST /logout': 'signed_in',
    'POST /logout-all': 'signed_in',
    'GET /me': 'signed_in',
    'PATCH /me': 'signed_in',
    'POST /change-password': 'signed_in',
    'POST /verify-email/request': 'signed_in',
    'POST /verify-email': 'open',
    'POST /forgot-password': 'open',
    'POST /reset-password': 'open',
    'POST /change-email': 'signed_in',
    'POST /change-email/confirm': 'open',
    'POST /invitations/look-up': 'open',
    'POST /invitations/accept': 'open',
    'GET /oidc': 'open',
    'POST /oidc/exchange': 'open',
    'DELETE /identities/{identity_id}': 'signed_in',
    'GET /sessions': 'signed_in',
    'DELETE /sessions/{session_id}': 'signed_in',
  }),
  'GET /auth/oidc/{name}/start': 'open',
  'GET /auth/oidc/{name}/callback': 'open',

  'GET /api/v1/profile': 'signed_in',
  'PATCH /api/v1/profile': 'signed_in',
  'GET /api/v1/users': 'superuser admin manager',
  'POST /api/v1/users': 'superuser admin',
  'GET /api/v1/users/{user_id}': 'superuser admin manager viewer:own customer:own',
  'PUT /api/v1/users/{user_id}': 'superuser admin manager:own viewer:own customer:own',
  'DELETE /api/v1/users/{user_id}': 'superuser admin',
  'DELETE /api/v1/users/{user_id}/mfa': 'superuser admin',
  'GET /api/v1/invitations': 'superuser admin',
  'POST /api/v1/invitations': 'superuser admin',
  'POST /api/v1/invitations/{invitation_id}/resend': 'superuser admin',
  'DELETE /api/v1/invitations/{invitation_id}': 'superuser admin',
  'GET /api/v1/users/roles': 'signed_in',
  'GET /api/v1/users/analytics': 'superuser admin manager viewer',
  'GET /api/v1/companies': 'superuser admin manager viewer',
  'POST /api/v1/companies': 'superuser',
  'GET /api/v1/companies/{company_id}': 'superuser admin manager viewer',
  'PUT /api/v1/companies/{company_id}': 'superuser admin',
  'DELETE /api/v1/companies/{company_id}': 'superuser',
  'GET /api/v1/companies/analytics': 'superuser admin manager viewer',
  'GET /api/v1/document-types': 'open',
  'POST /api/v1/document-types': 'superuser',
  'PUT /api/v1/document-types/{code}': 'superuser',
  'GET /api/v1/audit-logs': 'superuser admin',
  'GET /api/v1/events/failed': 'superuser admin',
  'POST /api/v1/events/failed/{event_id}/resend': 'superuser admin',
  'DELETE /api/v1/events/failed/{event_id}': 'superuser admin',
  'GET /api/v1/people': 'superuser admin manager viewer',
  'GET /api/v1/api-keys': 'superuser admin',
  'POST /api/v1/api-keys': 'superuser admin',
  'GET /api/v1/api-keys/{key_id}': 'superuser admin',
  'PUT /api/v1/api-keys/{key_id}': 'superuser admin',
  'DELETE /api/v1/api-keys/{key_id}': 'superuser admin',
  'POST /api/v1/api-keys/{key_id}/rotate': 'superuser admin',

  'GET /api/v1/jobs': 'superuser admin',
  'GET /api/v1/jobs/{job_id}': 'superuser admin',
  'POST /api/v1/jobs/{job_id}/cancel': 'superuser admin',

  'GET /api/customers': 'superuser admin manager viewer',
  'GET /api/customers/search': 'superuser admin manager viewer',
  'GET /api/customers/analytics': 'superuser admin manager viewer',
  'GET /api/customers/analytics/series': 'superuser admin manager viewer',
  'POST /api/customers': 'superuser admin manager',
  'POST /api/customers/batch': 'superuser admin manager',
  'GET /api/customers/export.csv': 'superuser admin manager',
  'GET /api/customers/export.jsonl': 'superuser admin manager',
  'POST /api/customers/imports': 'superuser admin',
  'GET /api/customers/imports': 'superuser admin',
  'GET /api/customers/imports/{import_id}': 'superuser admin',
  'GET /api/customers/imports/{import_id}/errors.csv': 'superuser admin',
  'GET /api/customers/imports/{import_id}/events': 'superuser admin',
  'POST /api/customers/imports/{import_id}/cancel': 'superuser admin',
  'POST /api/customers/imports/{import_id}/undo': 'superuser admin',
  'GET /api/customers/imports/{import_id}/undo.csv': 'superuser admin',
  'GET /api/customers/{customer_id}': 'superuser admin manager viewer customer:own',
  'PUT /api/customers/{customer_id}': 'superuser admin manager customer:own',
  'PATCH /api/customers/{customer_id}': 'superuser admin manager customer:own',
  'DELETE /api/customers/{customer_id}': 'superuser admin manager',
  'DELETE /api/customers/{customer_id}?hard_delete=true': 'superuser admin',
  'PATCH /api/customers/{customer_id}/activate': 'superuser admin manager',
  'GET /api/customers/me': 'signed_in',
  'PATCH /api/customers/me': 'signed_in',
  'GET /api/customers/me/statistics': 'signed_in',
  'POST /api/customers/{customer_id}/avatar': 'superuser admin manager customer:own',
  'DELETE /api/customers/{customer_id}/avatar': 'superuser admin manager customer:own',
  'GET /avatars/{name}': 'open',
  'GET /api/customers/{customer_id}/stats': 'superuser admin manager viewer customer:own',
  'GET /api/customers/{customer_id}/statistics': 'superuser admin manager viewer customer:own',
  'GET /api/customers/{customer_id}/orders': 'superuser admin manager viewer customer:own',
  'GET /api/customers/{customer_id}/complaints': 'superuser admin manager viewer customer:own',
  'GET /api/customers/{customer_id}/appointments': 'superuser admin manager viewer customer:own',
  'PATCH /api/customers/{customer_id}/status': 'superuser admin manager',
  'PATCH /api/customers/{customer_id}/type': 'superuser admin manager',
  'GET /api/customers/{customer_id}/history': 'superuser admin manager viewer',
  'GET /api/customers/{customer_id}/tags': 'superuser admin manager viewer',
  'POST /api/customers/{customer_id}/tags': 'superuser admin manager',
  'DELETE /api/customers/{customer_id}/tags/{tag_id}': 'superuser admin manager',
  'POST /api/customers/tags': 'superuser admin manager',
  'GET /api/customers/tags/labels': 'superuser admin manager viewer',
  'GET /api/customers/tags/customer/{customer_id}': 'superuser admin manager viewer',
  'DELETE /api/customers/tags/{tag_id}': 'superuser admin manager',
  'GET /api/customers/{customer_id}/notes': 'superuser admin manager viewer',
  'POST /api/customers/{customer_id}/notes': 'superuser admin manager',
  'DELETE /api/customers/{customer_id}/notes/{note_id}': 'superuser admin manager',

  'POST /api/gdpr/export': 'superuser admin customer:own',
  'POST /api/gdpr/delete': 'superuser admin customer:own',
  'GET /api/gdpr/requests': 'superuser admin customer:own',
  'GET /api/gdpr/requests/{request_id}': 'superuser admin customer:own',
  'GET /api/gdpr/requests/{request_id}/receipt': 'superuser admin customer:own',

  'GET /api/customers/{customer_id}/interactions': 'superuser admin manager viewer',
  'POST /api/customers/{customer_id}/interactions': 'superuser admin manager',
  'GET /api/customers/{customer_id}/interactions/{interaction_id}': 'superuser admin manager viewer',
  'PUT /api/customers/{customer_id}/interactions/{interaction_id}': 'superuser admin manager',
  'PATCH /api/customers/{customer_id}/interactions/{interaction_id}': 'superuser admin manager',
  'DELETE /api/customers/{customer_id}/interactions/{interaction_id}': 'superuser admin manager',
  'GET /api/customers/{customer_id}/transactions': 'superuser admin manager viewer',
  'POST /api/customers/{customer_id}/transactions': 'superuser admin manager',
  'GET /api/customers/{customer_id}/transactions/{transaction_id}': 'superuser admin manager viewer',
  'PATCH /api/customers/{customer_id}/transactions/{transaction_id}': 'superuser admin manager',
  'GET /api/interactions': 'superuser admin manager viewer',
  'GET /api/interactions/agenda': 'superuser admin manager viewer',
  'GET /api/transactions': 'superuser admin manager viewer',
  'GET /api/customers/{customer_id}/timeline': 'superuser admin manager viewer',
  'GET /api/interaction-types': 'superuser admin manager viewer',
  'POST /api/interaction-types': 'superuser admin',

  'GET /api/products': 'superuser admin manager viewer customer',
  'POST /api/products': 'superuser admin manager',
  'GET /api/products/{product_id}': 'superuser admin manager viewer customer',
  'PUT /api/products/{product_id}': 'superuser admin manager',
  'PATCH /api/products/{product_id}': 'superuser admin manager',
  'DELETE /api/products/{product_id}': 'superuser admin manager',
  'DELETE /api/products/{product_id}?hard_delete=true': 'superuser admin',
  'PATCH /api/products/{product_id}/activate': 'superuser admin manager',

  'GET /api/favorites': 'superuser admin manager viewer customer:own',
  'POST /api/favorites': 'superuser admin manager customer:own',
  'DELETE /api/favorites': 'superuser admin manager customer:own',
  'GET /api/favorites/popular': 'superuser admin manager viewer',
  'GET /rest/v1/favorites': 'superuser admin manager viewer customer:own',
  'POST /rest/v1/favorites': 'superuser admin manager customer:own',
  'DELETE /rest/v1/favorites': 'superuser admin manager customer:own',
  'GET /rest/v1/favorites/popular': 'superuser admin manager viewer',

  'GET /grpc/v1/service/import_customers': 'superuser admin',
  'POST /grpc/v1/service/import_customers': 'superuser admin',
  'GET /rest/v1/customers': 'superuser admin manager viewer',
  'POST /rest/v1/customers': 'superuser admin manager',
  'GET /rest/v1/customers/{customer_id}': 'superuser admin manager viewer',
  'PATCH /rest/v1/customers/{customer_id}': 'superuser admin manager',
  'PATCH /rest/v1/customers/{customer_id}/phone': 'superuser admin manager',
  'DELETE /rest/v1/customers/{customer_id}': 'superuser admin manager',
};

function underEachPrefix(routes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    ['/auth', '/api/auth', '/api/v1/auth'].flatMap((prefix) =>
      Object.entries(routes).map(([route, access]) => [route.replace(' ', ` ${prefix}`), access]),
    ),
  );
}

/** All routes but those that repeat an account route under another prefix, of which one of each prefix is here too. */
export const distinctRoutes = Object.keys(expectedAccess).filter(
  (route) => !/^\w+ \/api(\/v1)?\/auth\/(?!me$)/.test(route),
);

/** What a route has in common with others: its method, its access and the last id in its path. */
const kindOf = (route: string): string =>
  [/^\w+/.exec(route)?.[0], expectedAccess[route], route.match(/\{\w+\}/g)?.at(-1), route.includes('?')].join(' ');

/** One route of each kind. */
export const routesOfEachKind = [
  ...new Map(distinctRoutes.toReversed().map((route) => [kindOf(route), route])).values(),
];

export type Access = 'any' | 'own' | 'none';

/** Looks up the access of a role to a route. */
export function accessOf(route: string, role: Role): Access {
  const access = expectedAccess[route] ?? '';
  if (access === 'open' || access === 'signed_in') return 'any';
  const listed = access.split(' ');
  return listed.includes(role) ? 'any' : listed.includes(`${role}:own`) ? 'own' : 'none';
}
