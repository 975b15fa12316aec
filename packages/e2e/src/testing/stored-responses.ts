import { services } from '@clientela/contracts';
import pg from 'pg';
import { expect } from 'vitest';
import { createAccessSetup, type SignedInUser } from '../access/access-setup.ts';
import { fleetTest } from './test-fleet.ts';

/** Tests with a company and its users on the default fleet, and with all responses that its services store for idempotency keys. */
export const storedResponsesTest = fleetTest
  .extend('setup', { scope: 'file' }, ({ defaultFleet }) => createAccessSetup(defaultFleet))
  .extend('storedResponses', { scope: 'file' }, ({ defaultFleet }, { onCleanup }) => {
    const pools = services.map(
      (service) => new pg.Pool({ connectionString: defaultFleet.databases[service].ownerUrl, max: 1 }),
    );
    onCleanup(async () => void (await Promise.all(pools.map((pool) => pool.end()))));
    /** Reads the rows of all services, as text. */
    return async (): Promise<string[]> => {
      const rows = pools.map(async (pool) => {
        const found = await pool.query<{ row: string }>(
          'select r::text as row from idempotency_keys r union all select r::text from redacted_subjects r',
        );
        return found.rows.map(({ row }) => row);
      });
      return (await Promise.all(rows)).flat();
    };
  });

export const countContaining = (rows: readonly string[], text: string) =>
  rows.filter((row) => row.includes(text)).length;

/** Erases a person and waits for the end. */
export async function erase(admin: SignedInUser, person: object): Promise<void> {
  const { status, body } = await admin.post('/api/gdpr/delete?wait=true', person);
  expect([status, body]).toEqual([200, expect.objectContaining({ request: expect.anything() })]);
}
