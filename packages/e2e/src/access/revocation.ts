import type { ExpectStatic } from 'vitest';
import { fleetTest, type Client, type TestResponse } from '../testing/test-fleet.ts';
import { createAccessSetup, signIn, type AccessSetup, type SignedInUser } from './access-setup.ts';

/** Tests with a company and its users on the configured fleet. */
export const accessTest = fleetTest.extend('setup', { scope: 'file' }, ({ configuredFleet }) =>
  createAccessSetup(configuredFleet),
);

export const route = '/api/products'; // its service knows no sessions, so that the gateway rejects
export const statusOf = async (caller: Client) => (await caller.get(route)).status;
export const signInAgain = ({ fleet }: AccessSetup, { email, password }: SignedInUser) =>
  signIn(fleet.url, email, password);
export const userPath = ({ user: { id } }: SignedInUser) => `/api/v1/users/${id}`;

/**
 * Revokes access and waits until the gateway, which has cached these tokens, rejects them: 2 s at most, and a busy machine.
 * @param expect of the test, since concurrent tests cannot use the global one
 */
export async function expectRevoked(
  expect: ExpectStatic,
  callers: readonly Client[],
  revoke: () => Promise<TestResponse>,
): Promise<void> {
  for (const caller of callers) expect(await statusOf(caller)).toBe(200);
  expect((await revoke()).status).toBe(200);
  const statuses = () => Promise.all(callers.map(statusOf));
  await expect.poll(statuses, { timeout: 45_000, interval: 100 }).toEqual(callers.map(() => 401));
  for (const caller of callers) {
    const { body, headers } = await caller.get(route);
    expect(body).toMatchObject({ error_code: 'UNAUTHENTICATED' });
    expect(headers.get('www-authenticate')).toBe('Bearer realm="clientela", error="invalid_token"');
  }
}
