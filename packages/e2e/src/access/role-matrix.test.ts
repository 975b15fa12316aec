import { randomUUID } from 'node:crypto';
import { roles, services, type Role } from '@clientela/contracts';
import { AppError } from '@clientela/errors';
import { checkPermission, type Actor } from '@clientela/http';
import { expect, test } from 'vitest';
import { allRoutes, type RouteInfo } from './all-routes.ts';
import { accessOf, expectedAccess } from './expected-access.ts';

const routes = (await allRoutes()).filter(({ isInternal }) => !isInternal);

const actorWith = (role: Role): Actor => ({
  id: randomUUID(),
  role,
  company_id: role === 'superuser' ? null : randomUUID(),
  session_id: null,
  client_ip: null,
  request_id: 'request-1',
});

/** The decision that the route handler makes before it reads a request; a 403 with the permission that is missing. */
function decide({ definition }: RouteInfo, actor: Actor | undefined): string {
  try {
    return checkPermission(definition, actor) === undefined ? 'any' : 'own';
  } catch (error) {
    if (error instanceof AppError) return error.kind === 'forbidden' ? `lacks ${error.missing}` : error.kind;
    throw error;
  }
}

const permissionOf = ({ definition: { allow } }: RouteInfo) =>
  typeof allow === 'string' ? allow : 'permission' in allow ? allow.permission : 'none';

test.each(services)('the routes of %s admit exactly the roles in the table of expected access', (service) => {
  const problems: string[] = [];
  for (const route of routes.filter((candidate) => candidate.service === service)) {
    const name = `${route.method} ${route.path}`;
    const decisions = Object.fromEntries(roles.map((role) => [role, decide(route, actorWith(role))]));
    for (const role of roles) {
      const access = accessOf(name, role);
      const expected = access === 'none' ? `lacks ${permissionOf(route)}` : access;
      if (decisions[role] !== expected) problems.push(`${role} at ${name}: ${decisions[role]}, expected ${expected}`);
    }
    const anonymous = decide(route, undefined);
    const expected = expectedAccess[name] === 'open' ? 'any' : 'unauthenticated';
    if (anonymous !== expected) problems.push(`anonymous at ${name}: ${anonymous}, expected ${expected}`);
  }
  expect(problems).toEqual([]);
});
