import type { Db } from '@clientela/db';
import { eventRoutes } from '@clientela/events';
import {
  createService,
  createCursors,
  type CompanyClient,
  type Cursors,
  type Route,
  type ServiceOptions,
} from '@clientela/http';
import manifest from '../package.json' with { type: 'json' };
import { analyticsRoutes } from './analytics/routes.ts';
import { avatarRoutes } from './avatars/routes.ts';
import type { Storage } from './avatars/storage.ts';
import { batchRoutes } from './batches/routes.ts';
import { customerRoutes } from './customers/routes.ts';
import { privacyRoutes, type PrivacyDeps } from './privacy/routes.ts';
import { historyRoutes } from './history/routes.ts';
import { listRoutes } from './lists/routes.ts';
import { noteRoutes } from './notes/routes.ts';
import type { UserLookup } from './profiles/lookup.ts';
import { profileRoutes } from './profiles/routes.ts';
import { restV1Routes } from './rest-v1/routes.ts';
import type { TotalsLookup } from './stats/lookup.ts';
import { statsRoutes } from './stats/routes.ts';
import { subscriptions } from './subscriptions.ts';
import { tagRoutes } from './tags/routes.ts';
import { timelineRoutes } from './timeline/routes.ts';
import { createFingerprinter, type Fingerprinter } from './tombstones/fingerprints.ts';
import { upstreamRoutes } from './upstreams/routes.ts';
import type { Upstreams } from './upstreams/upstream.ts';

/** What this service is made with: what main.ts opens, and a test replaces. */
export type Parts = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  /** The connections of lists and searches. They take long, and must not keep others waiting. */
  lists: Db;
  companies: CompanyClient;
  users: UserLookup;
  totals: TotalsLookup;
  upstreams: Upstreams;
  pictures: Storage;
} & PrivacyDeps;

/** Every door; cursors are signed, and fingerprints made, with the service's own secret. */
export const routes = (parts: Parts & { cursors: Cursors; fingerprints: Fingerprinter }): Route[] => [
  ...customerRoutes(parts.companies),
  ...listRoutes(parts),
  ...analyticsRoutes(parts.companies),
  ...batchRoutes(parts),
  ...tagRoutes,
  ...noteRoutes,
  ...historyRoutes(parts.cursors),
  ...avatarRoutes(parts.pictures),
  ...statsRoutes,
  ...timelineRoutes,
  ...upstreamRoutes(parts.upstreams),
  ...profileRoutes(parts),
  ...restV1Routes(parts.companies),
  ...privacyRoutes(parts),
  ...eventRoutes('customer', subscriptions(parts)),
];

export const createApp = (parts: Parts) =>
  createService({
    ...parts,
    service: 'customer',
    version: manifest.version,
    routes: routes({
      ...parts,
      cursors: createCursors(parts.secret),
      fingerprints: createFingerprinter(parts.secret),
    }),
  });
