import { expect, test } from 'vitest';
import { runServiceScript } from './service-script.ts';

const unreachable = { CUSTOMER_DATABASE_URL: 'postgresql://role:canary@127.0.0.1:9/customer' };

test("a service's script gives its status and its reason, and sees no setting but its own", async () => {
  const run = await runServiceScript('customer', 'erasures.ts', { env: {}, args: ['export'], timeout: 60_000 });
  expect(run).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('CUSTOMER_DATABASE_URL') });
  const without = await runServiceScript('customer', 'erasures.ts', { env: unreachable, timeout: 60_000 });
  expect(without).toMatchObject({ status: 1, stderr: expect.stringMatching(/^An argument is missing\.\n\nUsage: /) });
});

test("a service's script is ended by its deadline, which is said", async () => {
  const running = runServiceScript('customer', 'erasures.ts', { env: unreachable, args: ['export'], timeout: 20 });
  await expect(running).rejects.toThrow("customer's erasures.ts did not end within 0.02 s");
});
