import type { CompanyLookup } from '@clientela/http';
import { testService, type TestService } from '@clientela/testing';
import { createApp } from './app.ts';
import type { UserLookup } from './profiles/lookup.ts';

type Options = Parameters<typeof testService>[2] & { users?: (companies: CompanyLookup) => UserLookup };

/** The customer service on a database of its own, beside an auth that knows no users unless the test says so. */
export const customerUnderTest = ({ users, ...options }: Options = {}): Promise<TestService> =>
  testService(
    'customer',
    (parts) => createApp({ ...parts, users: users?.(parts.companies) ?? (async () => undefined) }),
    options,
  );
