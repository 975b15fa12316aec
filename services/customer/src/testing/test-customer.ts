import type { Service } from '@clientela/contracts';
import { serviceClient, type CompanyClient, type RateLimits } from '@clientela/http';
import { testService, type TestService } from '@clientela/testing';
import type { SeriesClient } from '../analytics/series-client.ts';
import { createApp } from '../app.ts';
import type { ImportStorage } from '../imports/settings.ts';
import type { ImportSource } from '../imports/vaptekesync/settings.ts';
import type { AvatarStorage } from '../avatars/storage.ts';
import type { PeerClients } from '../privacy/remote-services.ts';
import type { UserClient } from '../profiles/user-client.ts';
import type { CounterGroup } from '../stats/rules.ts';
import type { TotalsClient } from '../stats/totals-client.ts';
import type { Upstreams } from '../upstreams/upstream-client.ts';

type Options = Parameters<typeof testService>[2] & {
  users?: (companies: CompanyClient) => UserClient;
  /** Wraps the client that knows the companies of the test. */
  companies?: (testCompanies: CompanyClient) => CompanyClient;
  totals?: TotalsClient;
  series?: SeriesClient;
  reportedGroups?: readonly CounterGroup[];
  upstreams?: Upstreams;
  rates?: RateLimits;
  avatarStorage?: AvatarStorage;
  importStorage?: ImportStorage;
  importSource?: ImportSource | undefined;
  peers?: PeerClients;
  onErasureRequested?: () => void;
};

const unavailable = async () => ({ unavailableSince: '2026-01-01T00:00:00.000Z' });
const unavailableUpstreams: Upstreams = { orders: unavailable, complaints: unavailable, appointments: unavailable };

const rejectCall = () => Promise.reject(new Error('this test has no avatar storage'));
const noAvatarStorage: AvatarStorage = { put: rejectCall, get: rejectCall, remove: rejectCall };

const unreachable = (service: Service) => serviceClient({ service, url: 'http://127.0.0.1:1', key: '' });
const unreachablePeers: PeerClients = {
  auth: unreachable('auth'),
  interaction: unreachable('interaction'),
  product: unreachable('product'),
  favorites: unreachable('favorites'),
};

/** Starts the customer service on its own database; by default auth knows no users and upstreams are unavailable. */
export const createTestCustomer = ({
  users,
  companies = (testCompanies) => testCompanies,
  totals = async () => [],
  series = async () => [],
  reportedGroups = [],
  upstreams = unavailableUpstreams,
  rates,
  avatarStorage = noAvatarStorage,
  importStorage = { folder: '/nonexistent', maxBytes: 0 },
  importSource,
  peers = unreachablePeers,
  onErasureRequested,
  ...options
}: Options = {}): Promise<TestService> =>
  testService(
    'customer',
    (deps) =>
      createApp({
        ...deps,
        listsDb: deps.db,
        exportsDb: deps.db,
        companies: companies(deps.companies),
        users: users?.(deps.companies) ?? (async () => undefined),
        totals,
        series,
        reportedGroups: new Set(reportedGroups),
        upstreams,
        rateLimits: rates,
        avatarStorage,
        importStorage,
        importSource,
        peers,
        onErasureRequested,
      }),
    options,
  );
