import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { roles, type Role } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { client, fleetTest } from '../testing/test-fleet.ts';
import { badTokens } from './bad-tokens.ts';
import { tableChecksums } from './table-checksums.ts';
import { allRoutes, type RouteInfo } from './all-routes.ts';
import { accessOf, expectedAccess } from './expected-access.ts';
import { samples, send, type Sample } from './sample-requests.ts';
import { createAccessSetup, type SignedInUser, type AccessSetup } from './access-setup.ts';

/**
 * Tests who may use which routes, on a fleet of real processes.
 * @param routes of the table of expected access
 * @param options.hasEveryRole whether every role that lacks a permission is tried, else one of them at each route
 */
export function testGatewayRoutes(routes: readonly string[], { hasEveryRole }: { hasEveryRole: boolean }): void {
  const protectedRoutes = routes.filter((route) => expectedAccess[route] !== 'open');
  const timeoutMs = 180_000;

  let setup: AccessSetup;
  let every: RouteInfo[];
  /** A valid request for each route, about records that do not belong to the caller. */
  const requests = new Map<string, Sample>();
  /** The routes whose query may name a company. */
  let companyRoutes: Set<string>;
  const requestOf = (route: string) => requests.get(route) as Sample;

  fleetTest.beforeAll(async ({ defaultFleet }) => {
    every = await allRoutes();
    companyRoutes = new Set(
      every.filter(({ acceptsCompany }) => acceptsCompany).map(({ method, path }) => `${method} ${path}`),
    );
    setup = await createAccessSetup(defaultFleet);
    for (const route of routes) {
      const sample = samples[route];
      if (sample) requests.set(route, await sample(setup, setup.users.admin, false));
    }
  }, timeoutMs);

  /** Runs requests that must all be rejected, and checks that no table changed. */
  async function expectUnchanged(batch: () => Promise<string[]>): Promise<void> {
    const before = await tableChecksums(setup.fleet);
    expect(await batch()).toEqual([]);
    expect(await tableChecksums(setup.fleet)).toEqual(before);
  }

  /** Sends a route's request. @returns one line when the status is not expected; no expected status means an empty result */
  async function check(
    who: string,
    caller: Pick<SignedInUser, 'send'>,
    route: string,
    sample: Sample,
    expected: number[],
  ) {
    const { status, body } = await send(caller, route, sample, who === 'superuser' ? setup.company_id : undefined);
    const isEmpty = expected.length === 0 && status === 200 && isDeepStrictEqual(body, sample.emptyResult);
    if (expected.includes(status) || isEmpty) return [];
    return [`${who} at ${route}: ${status} ${body?.error_code ?? ''} ${body?.detail ?? ''}`];
  }

  test('the tables of expected access and of sample requests name every public route and no other', () => {
    const publicRoutes = every.filter(({ isInternal }) => !isInternal).map(({ method, path }) => `${method} ${path}`);
    const routesIn = (table: object) =>
      [...new Set(Object.keys(table).map((route) => route.replace(/\?.*/, '')))].toSorted();
    expect(routesIn(expectedAccess)).toEqual(publicRoutes.toSorted());
    expect(routesIn(samples)).toEqual(publicRoutes.toSorted());
  });

  test(
    'rejects requests without a token on every protected route',
    () =>
      expectUnchanged(async () => {
        const problems: string[] = [];
        for (const route of protectedRoutes)
          problems.push(...(await check('anonymous', setup.anonymous, route, requestOf(route), [401])));
        return problems;
      }),
    timeoutMs,
  );

  test(
    'rejects roles where they have no permission, and hides other users’ records where they may only access their own',
    () =>
      expectUnchanged(async () => {
        const problems: string[] = [];
        for (const [index, route] of protectedRoutes.entries()) {
          for (const access of ['none', 'own']) {
            const denied = roles.filter((role) => accessOf(route, role) === access);
            const sample = requestOf(route);
            const expected = access === 'own' && sample.emptyResult ? [] : [access === 'own' ? 404 : 403];
            for (const role of hasEveryRole ? denied : denied.slice(index % denied.length).slice(0, 1))
              problems.push(...(await check(role, setup.users[role], route, sample, expected)));
          }
        }
        return problems;
      }),
    timeoutMs,
  );

  test(
    'hides all records from another company’s admin, also when the query names the company',
    () =>
      expectUnchanged(async () => {
        const problems: string[] = [];
        const who = 'another admin';
        for (const route of protectedRoutes) {
          const sample = requestOf(route);
          if (/\{(customer|product|user|session|tag|request|job|import|invitation|identity|key)_id\}/.test(route)) {
            problems.push(
              ...(await check(who, setup.otherAdmin, route, sample, [404])),
              ...(await isDistinguishable(route, sample)),
            );
          } else if (route.includes('{company_id}') || /^POST \/api\/v1\/(users|invitations)$/.test(route)) {
            problems.push(...(await check(who, setup.otherAdmin, route, sample, [403])));
          } else if (sample.emptyResult) {
            problems.push(...(await check(who, setup.otherAdmin, route, sample, [])));
          }
          if (companyRoutes.has(route)) {
            const named = { ...sample, path: withCompany(sample.path) };
            problems.push(...(await check(`${who} who names the company`, setup.otherAdmin, route, named, [403])));
          }
        }
        for (const route of protectedRoutes.filter((one) => /^GET [^{]*$/.test(one))) {
          const response = await send(setup.otherAdmin, route, requestOf(route));
          const isLeaked = JSON.stringify(response.body ?? null).includes(setup.company_id);
          if (!admittedStatuses(route).includes(response.status) || isLeaked)
            problems.push(`${who} at ${route}: ${response.status}, leaked: ${isLeaked}`);
        }
        return problems;
      }),
    timeoutMs,
  );

  const withCompany = (path: string) => `${path}${path.includes('?') ? '&' : '?'}company_id=${setup.company_id}`;

  /** Checks that another company's record and an unknown one get the same response, apart from request id and time. */
  async function isDistinguishable(route: string, sample: Sample): Promise<string[]> {
    const path = sample.path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, randomUUID());
    const unknown = { ...sample, path: path.replace(/\/\d{8,}(?![\w-])/, '/999999999') };
    const responses = [await send(setup.otherAdmin, route, sample), await send(setup.otherAdmin, route, unknown)];
    const [one, other] = responses.map(({ status, body: { request_id: _id, timestamp: _time, ...body } }) =>
      JSON.stringify([status, body]),
    );
    return one === other
      ? []
      : [`${route} distinguishes another company’s record from an unknown one: ${one} ${other}`];
  }

  /** One protected route of each service, behind which no record changes. */
  const routePerService = [
    'GET /auth/me',
    'GET /api/customers',
    'GET /api/interaction-types',
    'GET /api/products',
    'GET /api/favorites',
  ];

  test(
    'rejects every invalid token at every service', // and at every route: tokens.large.test.ts
    async () => {
      const attempts = Object.entries(await badTokens(setup)).flatMap(([name, token]) =>
        routePerService.map((route) => ({ name, token, route })),
      );
      await expectUnchanged(async () => {
        const problems: string[] = [];
        for (const { name, token, route } of attempts) {
          const { status, headers } = await send(client(setup.fleet.url, token), route, requestOf(route));
          const challenge = headers.get('www-authenticate');
          if (status !== 401 || !challenge?.includes('error="invalid_token"'))
            problems.push(`${name} at ${route}: ${status} ${challenge}`);
        }
        return problems;
      });
    },
    timeoutMs,
  );

  test(
    'hides internal routes at the gateway, and rejects its key and a missing key at the service',
    () =>
      expectUnchanged(async () => {
        const problems: string[] = [];
        const id = setup.users.admin.user.id as string;
        const key = { 'X-Service-Key': setup.fleet.secrets.serviceKeys.gateway };
        for (const { service, method, path, isInternal } of every) {
          if (!isInternal) continue;
          const at = path.replaceAll(/\{[^}]+\}/g, id);
          const body = method === 'GET' ? undefined : {};
          const direct = client(`http://127.0.0.1:${setup.fleet.ports[service]}`, setup.users.superuser.token);
          // The routes that its key opens: one without a body, and one whose body is not valid here.
          const keyed = { '/internal/revocations': 200, '/internal/api-keys/verify': 422 }[path] ?? 403;
          for (const [who, response, expected] of [
            ['a superuser', await setup.users.superuser.send(method, at, body), 404],
            ['anonymous', await setup.anonymous.send(method, at, body), 404],
            ['a superuser without a key', await direct.send(method, at, body), 401],
            ['the gateway’s key', await direct.send(method, at, body, key), keyed],
          ] as const) {
            if (response.status !== expected)
              problems.push(`${who} at ${service} ${method} ${path}: ${response.status}`);
          }
        }
        return problems;
      }),
    timeoutMs,
  );

  /** The statuses of an admitted request. Some routes need a setting that the fleet does not have, which they say after the permission. */
  const admittedStatuses = (route: string) => {
    if (route.endsWith('/import_customers')) return [503];
    return route.includes('/oidc/{name}/') ? [404] : [200, 201, 202];
  };

  /** Sends a new sample request as a role, about its own record where it may access nothing else. */
  async function checkAdmitted(role: Role, route: string): Promise<string[]> {
    const caller = setup.users[role];
    const sample = await samples[route]?.(setup, caller, accessOf(route, role) === 'own');
    return sample ? check(role, sample.as ?? caller, route, sample, admittedStatuses(route)) : [];
  }

  test(
    'admits the least privileged role of each route',
    async () => {
      const before = await tableChecksums(setup.fleet);
      const problems: string[] = [];
      for (const route of routes) {
        const role = roles.find((candidate) => accessOf(route, candidate) === 'any');
        if (role) problems.push(...(await checkAdmitted(role, route)));
      }
      expect(problems).toEqual([]);
      expect(await tableChecksums(setup.fleet)).not.toEqual(before); // so that the checksums notice writes
    },
    timeoutMs,
  );

  test(
    'admits roles to their own records where that is all they may access, and each permitted role to a hard delete',
    async () => {
      const problems: string[] = [];
      for (const route of routes) {
        for (const role of roles) {
          const access = accessOf(route, role);
          const isHandlerCheck = route.includes('?') && access === 'any';
          if (access === 'own' || isHandlerCheck) problems.push(...(await checkAdmitted(role, route)));
        }
      }
      expect(problems).toEqual([]);
    },
    timeoutMs,
  );

  test(
    'admits a superuser to every read of a company that the query names',
    async () => {
      const problems: string[] = [];
      for (const route of protectedRoutes.filter((candidate) => candidate.startsWith('GET ')))
        problems.push(...(await checkAdmitted('superuser', route)));
      expect(problems).toEqual([]);
    },
    timeoutMs,
  );
}
