import { rmSync } from 'node:fs';
import { type Fleet, type FleetOptions, startFleet } from '@clientela/fleet';
import { dataFolder } from '@clientela/testing';
import pg from 'pg';
import { afterAll, onTestFinished } from 'vitest';
import { stubCheckout } from './stub-checkout.ts';
import { removeInstallation } from './test-fleet.ts';

/**
 * Creates an installation whose processes have a few lines each. All tests of a file share it, because creating its databases
 * takes seconds; it is removed at the end of the file.
 */
export function stubInstallation() {
  const folder = dataFolder('fleet-');
  const checkout = stubCheckout();
  afterAll(async () => {
    await removeInstallation(folder);
    rmSync(checkout, { recursive: true, force: true });
  });
  const optionsOf = (changes: Partial<FleetOptions>): FleetOptions => ({
    folder,
    repoRoot: checkout,
    env: {},
    freePorts: true,
    fsync: false,
    ...changes,
  });
  /** Starts a fleet that stops at the end of the test. */
  const start = async (changes: Partial<FleetOptions> = {}): Promise<Fleet> => {
    const fleet = await startFleet(optionsOf(changes));
    onTestFinished(fleet.stop);
    return fleet;
  };
  return { folder, optionsOf, start };
}

/** Whether the processes behind a stub gateway respond. */
export async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/ready?all=1`).catch(() => undefined);
  return response?.status === 200;
}

/** Queries a database. */
export async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
