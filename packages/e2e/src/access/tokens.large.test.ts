import { expect, test } from 'vitest';
import { client, fleetTest } from '../testing/test-fleet.ts';
import { createAccessSetup, type AccessSetup } from './access-setup.ts';
import { badTokens } from './bad-tokens.ts';
import { expectedAccess } from './expected-access.ts';
import { samples, send, type Sample } from './sample-requests.ts';
import { tableChecksums } from './table-checksums.ts';

let setup: AccessSetup;
/** A valid request of each protected route. */
const requests = new Map<string, Sample>();
fleetTest.beforeAll(async ({ defaultFleet }) => {
  setup = await createAccessSetup(defaultFleet);
  for (const [route, access] of Object.entries(expectedAccess)) {
    const sample = access === 'open' ? undefined : samples[route];
    if (sample) requests.set(route, await sample(setup, setup.users.admin, false));
  }
}, 180_000);

test('every form of an invalid token is a 401 at every protected route of every service, and changes nothing', async () => {
  const tokens = Object.entries(await badTokens(setup, { further: true }));
  const before = await tableChecksums(setup.fleet);
  const problems: string[] = [];
  let cells = 0;
  for (const [name, token] of tokens) {
    const caller = client(setup.fleet.url, token);
    const statuses = await Promise.all(
      [...requests].map(async ([route, sample]) => {
        cells += 1;
        const { status, headers } = await send(caller, route, sample);
        const isRejected = status === 401 && headers.get('www-authenticate')?.includes('error="invalid_token"');
        return isRejected ? [] : [`${name} at ${route}: ${status}`];
      }),
    );
    problems.push(...statuses.flat());
  }
  expect(problems).toEqual([]);
  expect(await tableChecksums(setup.fleet)).toEqual(before);
  expect(cells).toBe(tokens.length * requests.size);
  expect(cells).toBeGreaterThan(708);
}, 300_000);
