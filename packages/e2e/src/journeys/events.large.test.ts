import { expect } from 'vitest';
import { runCommand } from '../testing/run-command.ts';
import { fleetTest as test, newCompany } from '../testing/test-fleet.ts';

test('the doctor ends with 0 without findings, a recount with nothing to repair', async ({
  configuredFleet: fleet,
}) => {
  expect(await runCommand(fleet, 'doctor')).toEqual({ stdout: 'No findings\n', code: 0 });
  const admin = await newCompany(fleet.url);
  expect((await admin.post('/api/customers', { full_name: 'Ana' })).status).toBe(201);
  const { stdout, code } = await runCommand(fleet, 'recount');
  expect([JSON.parse(stdout), code]).toEqual([{ customers: 1, equal: 1, behind: 0, repaired: 0 }, 0]);
});
