import type { CompanyLookup, Rates } from '@clientela/http';
import { testService, type TestService } from '@clientela/testing';
import { createApp } from './app.ts';
import type { Storage } from './avatars/storage.ts';
import type { UserLookup } from './profiles/lookup.ts';
import type { TotalsLookup } from './stats/lookup.ts';
import type { Upstreams } from './upstreams/upstream.ts';

type Options = Parameters<typeof testService>[2] & {
  users?: (companies: CompanyLookup) => UserLookup;
  /** In the place of the companies that the test made. */
  companies?: (made: CompanyLookup) => CompanyLookup;
  totals?: TotalsLookup;
  upstreams?: Upstreams;
  rates?: Rates;
  pictures?: Storage;
};

const silent = async () => ({ silent_since: '2026-01-01T00:00:00.000Z' });
const allSilent: Upstreams = { orders: silent, complaints: silent, appointments: silent };

const away = () => Promise.reject(new Error('this test has no storage of pictures'));
const noPictures: Storage = { put: away, get: away, remove: away };

/** The customer service on a database of its own, beside an auth that knows no users and silent upstreams unless the test says so. */
export const customerUnderTest = ({
  users,
  companies = (made) => made,
  totals = async () => [],
  upstreams = allSilent,
  rates,
  pictures = noPictures,
  ...options
}: Options = {}): Promise<TestService> =>
  testService(
    'customer',
    (parts) =>
      createApp({
        ...parts,
        companies: companies(parts.companies),
        users: users?.(parts.companies) ?? (async () => undefined),
        totals,
        upstreams,
        rates,
        pictures,
      }),
    options,
  );
