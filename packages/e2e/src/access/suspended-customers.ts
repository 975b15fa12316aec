import { expect, test } from 'vitest';
import { fleetTest } from '../testing/test-fleet.ts';
import { createAccessSetup, type AccessSetup } from './access-setup.ts';
import { accessOf, expectedAccess } from './expected-access.ts';
import { samples, send, type Sample } from './sample-requests.ts';

/**
 * Tests what a customer may do whose record is not active.
 * @param statuses of its record
 * @param candidates routes of the table of expected access
 */
export function testSuspendedCustomers(statuses: readonly string[], candidates: readonly string[]): void {
  let setup: AccessSetup;

  fleetTest.beforeAll(async ({ defaultFleet }) => {
    setup = await createAccessSetup(defaultFleet);
  }, 120_000);

  /** The routes that role customer may call. Those of its account and of its privacy stay open to it. */
  const routes = candidates.filter(
    (route) => expectedAccess[route] !== 'open' && accessOf(route, 'customer') !== 'none',
  );
  const isUnrestricted = (route: string) => /^GET |^[A-Z]+ \/(?:auth|api\/auth|api\/v1|api\/gdpr)\//.test(route);

  test.each(statuses)(
    'a customer whose record is %s reads all that it may, and changes nothing but its account',
    { timeout: 60_000 },
    async (status) => {
      const person = await setup.createUser('customer');
      const { customer } = (await person.get('/api/customers/me')).body;
      const requests: [string, Sample][] = [];
      for (const route of routes) {
        const sample = await samples[route]?.(setup, person, true);
        if (sample) requests.push([route, sample]);
      }
      expect(requests.length).toBeGreaterThan(30);
      const { admin } = setup.users;
      expect((await admin.patch(`/api/customers/${customer.id}/status`, { status })).status).toBe(200);

      const problems: string[] = [];
      for (const [route, sample] of requests) {
        if (sample.as) continue; // ends the access of its sender, who is another user
        const { status: code, body } = await send(person, route, sample);
        const isExpected = isUnrestricted(route)
          ? code === 200 || code === 201
          : code === 403 && body.error_code === 'CUSTOMER_SUSPENDED';
        if (!isExpected) problems.push(`${route}: ${code} ${body?.error_code ?? ''}`);
      }
      expect(problems).toEqual([]);
      expect(requests.filter(([route, { as }]) => !as && !isUnrestricted(route)).length).toBeGreaterThan(7);
      const { body } = await admin.get(`/api/customers/${customer.id}`);
      expect(body.customer).toMatchObject({ status, avatar_url: null });
    },
  );
}
