import type { Service } from '@clientela/contracts';
import { serviceClient, type CompanyClient, type RateLimits } from '@clientela/http';
import { testService, type TestService } from '@clientela/testing';
import { createApp } from './app.ts';
import type { Storage } from './avatars/storage.ts';
import type { PeerClients } from './privacy/remote-services.ts';
import type { UserLookup } from './profiles/lookup.ts';
import type { TotalsLookup } from './stats/lookup.ts';
import type { Upstreams } from './upstreams/upstream.ts';

type Options = Parameters<typeof testService>[2] & {
  users?: (companies: CompanyClient) => UserLookup;
  /** In the place of the companies that the test made. */
  companies?: (made: CompanyClient) => CompanyClient;
  totals?: TotalsLookup;
  upstreams?: Upstreams;
  rates?: RateLimits;
  pictures?: Storage;
  peers?: PeerClients;
  erasing?: () => void;
};

const silent = async () => ({ silent_since: '2026-01-01T00:00:00.000Z' });
const allSilent: Upstreams = { orders: silent, complaints: silent, appointments: silent };

const away = () => Promise.reject(new Error('this test has no storage of pictures'));
const noPictures: Storage = { put: away, get: away, remove: away };

const nobody = (service: Service) => serviceClient({ service, url: 'http://127.0.0.1:1', key: '' });
const noOthers: PeerClients = {
  auth: nobody('auth'),
  interaction: nobody('interaction'),
  product: nobody('product'),
  favorites: nobody('favorites'),
};

/** The customer service on a database of its own, beside an auth that knows no users and silent upstreams unless the test says so. */
export const customerUnderTest = ({
  users,
  companies = (made) => made,
  totals = async () => [],
  upstreams = allSilent,
  rates,
  pictures = noPictures,
  peers: others = noOthers,
  erasing,
  ...options
}: Options = {}): Promise<TestService> =>
  testService(
    'customer',
    (parts) =>
      createApp({
        ...parts,
        lists: parts.db,
        companies: companies(parts.companies),
        users: users?.(parts.companies) ?? (async () => undefined),
        totals,
        upstreams,
        rateLimits: rates,
        pictures,
        peers: others,
        onErasureRequested: erasing,
      }),
    options,
  );
