import { randomUUID } from 'node:crypto';
import type { TestProvider } from '@clientela/testing';
import type { Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { client, type TestFleet } from '../testing/test-fleet.ts';
import { mailedLink, newStaff, type Staff } from './console-test.ts';

export const providerButton = (page: Page) => page.getByRole('button', { name: 'Continue with Test Provider' });

export const keptAttempts = (page: Page) =>
  page.evaluate<string[]>('Object.keys(sessionStorage).filter((key) => key.startsWith("clientela."))');

/** Registers somebody who has verified the e-mail, by which the account of a provider is joined. */
export async function newVerifiedStaff(fleet: TestFleet, name?: string): Promise<Staff> {
  const staff = await newStaff(fleet.url, name);
  expect((await staff.post('/auth/verify-email/request')).status).toBe(202);
  const { hash } = await mailedLink(fleet, staff.email, 'verify');
  const token = new URLSearchParams(hash.slice(1)).get('token');
  expect((await client(fleet.url).post('/auth/verify-email', { token })).status).toBe(200);
  return staff;
}

/** Whom the provider signs in at the next visits of this test. */
export function atProvider(provider: TestProvider, email: string | undefined): void {
  provider.account = email === undefined ? undefined : { sub: randomUUID(), email, email_verified: true };
  onTestFinished(() => {
    provider.account = undefined;
    provider.intercept = undefined;
  });
}
