import { randomUUID } from 'node:crypto';
import { accessLevel, keyRoles, permissions, type KeyRole, type Permission } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import { checkPermission, type Actor } from '@clientela/http';
import { expect, test } from 'vitest';
import { allRoutes, type RouteInfo } from './all-routes.ts';
import { accessOf } from './expected-access.ts';

const routes = (await allRoutes()).filter(({ isInternal, definition }) => !isInternal && definition.allow !== 'open');

/** What no API key may ever use, written by hand from the API contract, under any alias. */
const never: readonly RegExp[] = [
  /^\w+ (\/api)?(\/v1)?\/auth\//,
  /^\w+ \/api\/v1\/profile/,
  /^\w+ \/api\/v1\/api-keys/,
  /^\w+ \/api\/v1\/invitations/,
  /^(POST|PUT|DELETE) \/api\/v1\/users/,
  /\/(sessions|mfa|identities)\b/,
  /^(POST|PUT|DELETE) \/api\/v1\/companies/, // POST and DELETE are for superusers, whose role no key has
  /^\w+ \/api\/gdpr\/delete/,
];
/** The routes that need no permission but are open to keys: none says so. */
const signedInForKeys: ReadonlySet<string> = new Set();

const keyWith = (role: KeyRole, granted: readonly Permission[]): Actor => ({
  id: `key:${randomUUID()}`,
  role,
  permissions: new Set(granted),
  company_id: randomUUID(),
  session_id: null,
  client_ip: null,
  request_id: 'request-1',
});

/** The decision of the route handler: admitted, closed to keys, or the permission that is missing. */
function decide({ definition }: RouteInfo, actor: Actor): string {
  try {
    return checkPermission(definition, actor) === undefined ? 'admitted' : 'own';
  } catch (error) {
    if (error instanceof AppError && error.kind === 'forbidden') return error.missing ?? 'closed';
    throw error;
  }
}

const permissionOf = ({ definition: { allow } }: RouteInfo): Permission | undefined => {
  if (typeof allow === 'object') return 'permission' in allow ? allow.permission : undefined;
  return allow === 'signed_in' || allow === 'open' ? undefined : allow;
};
const isClosed = (name: string, permission: Permission | undefined) =>
  never.some((pattern) => pattern.test(name)) || (permission === undefined && !signedInForKeys.has(name));

test('every route admits a key by its own permission only, as far as its role has it; those for people admit none', () => {
  const problems: string[] = [];
  let cells = 0;
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    const permission = permissionOf(route);
    const others = permissions.filter((other) => other !== permission);
    for (const role of keyRoles) {
      const mayUse = permission !== undefined && accessOf(name, role) === 'any';
      const expected = isClosed(name, permission) ? 'closed' : mayUse ? 'admitted' : permission;
      const denied = expected === 'closed' ? 'closed' : permission;
      const decisions: [string, readonly Permission[], string | undefined][] = [
        ['its permission alone', permission ? [permission] : [], expected],
        ['all permissions', permissions, expected],
        ['every other permission', others, denied],
        ['no permission', [], denied],
      ];
      for (const [held, granted, outcome] of decisions) {
        cells += 1;
        const decision = decide(route, keyWith(role, granted));
        if (decision !== outcome) problems.push(`${role} with ${held} at ${name}: ${decision}, expected ${outcome}`);
      }
    }
  }
  expect(problems).toEqual([]);
  expect(cells).toBe(routes.length * keyRoles.length * 4);
});

test('the list of what is never open to keys names routes of today, and closes their aliases', () => {
  const names = routes.map(({ method, path }) => `${method} ${path}`);
  for (const pattern of never)
    expect([pattern.source, names.some((name) => pattern.test(name))]).toEqual([pattern.source, true]);
  const closed = names.filter((name) => never.some((pattern) => pattern.test(name)));
  expect(closed).toEqual(expect.arrayContaining(['GET /api/v1/auth/me', 'GET /api/auth/sessions', 'GET /auth/me']));
  // Every permission that keys can hold opens a route, apart from those of people.
  const opened = new Set(routes.map(permissionOf));
  for (const permission of permissions.filter((each) => accessLevel('viewer', each) === 'any'))
    expect([permission, opened.has(permission)]).toEqual([permission, true]);
});
