import { legacyProblem } from '@clientela/contracts';
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
import type { SeriesClient } from './analytics/series-client.ts';
import { avatarRoutes } from './avatars/routes.ts';
import type { AvatarStorage } from './avatars/storage.ts';
import { batchRoutes } from './batches/routes.ts';
import { customerRoutes } from './customers/routes.ts';
import { privacyRoutes, type PrivacyDeps } from './privacy/routes.ts';
import { createExports } from './exports/open-export.ts';
import { exportRoutes } from './exports/routes.ts';
import { importRoutes, type ImportDeps } from './imports/routes.ts';
import { undoRoutes } from './imports/undo/routes.ts';
import { sourceImportRoutes } from './imports/vaptekesync/routes.ts';
import { historyRoutes } from './history/routes.ts';
import { jobRoutes } from './jobs/routes.ts';
import { listRoutes } from './lists/routes.ts';
import { noteRoutes } from './notes/routes.ts';
import type { UserClient } from './profiles/user-client.ts';
import { profileRoutes } from './profiles/routes.ts';
import { restV1Routes } from './rest-v1/routes.ts';
import type { CounterGroup } from './stats/rules.ts';
import type { TotalsClient } from './stats/totals-client.ts';
import { statsRoutes } from './stats/routes.ts';
import { subscriptions } from './subscriptions.ts';
import { tagRoutes } from './tags/routes.ts';
import { timelineRoutes } from './timeline/routes.ts';
import { createFingerprinter, type Fingerprinter } from './tombstones/fingerprints.ts';
import { upstreamRoutes } from './upstreams/routes.ts';
import type { Upstreams } from './upstreams/upstream-client.ts';

/** Dependencies of the service: main.ts opens them, tests replace them. */
export type AppDeps = Omit<ServiceOptions, 'service' | 'version' | 'routes'> & {
  /** Separate pool for lists and searches, so that slow queries cannot starve other requests. */
  listsDb: Db;
  /** Separate pool for exports, each of which keeps a connection for as long as its client reads. */
  exportsDb: Db;
  companies: CompanyClient;
  users: UserClient;
  totals: TotalsClient;
  series: SeriesClient;
  /** Groups of counters that outside services report. */
  reportedGroups: ReadonlySet<CounterGroup>;
  upstreams: Upstreams;
  avatarStorage: AvatarStorage;
} & PrivacyDeps &
  ImportDeps;

/** Lists every route; the service's secret signs cursors and keys the fingerprints of erased people. */
export const routes = (deps: AppDeps & { cursors: Cursors; fingerprints: Fingerprinter }): Route[] => [
  ...customerRoutes(deps.companies),
  ...listRoutes(deps),
  ...exportRoutes(createExports(deps)),
  ...analyticsRoutes(deps),
  ...batchRoutes(deps),
  ...importRoutes(deps),
  ...undoRoutes,
  ...sourceImportRoutes(deps),
  ...tagRoutes(deps),
  ...noteRoutes,
  ...historyRoutes(deps.cursors),
  ...avatarRoutes(deps.avatarStorage),
  ...statsRoutes,
  ...timelineRoutes,
  ...upstreamRoutes(deps.upstreams),
  ...profileRoutes(deps),
  ...restV1Routes(deps.companies),
  ...jobRoutes,
  ...privacyRoutes(deps),
  ...eventRoutes('customer', subscriptions(deps)),
];

export const createApp = (deps: AppDeps) =>
  createService({
    ...deps,
    service: 'customer',
    formatProblem: legacyProblem,
    customerNumberFields: ['id', 'number', 'customer_id', 'customer_number'],
    version: manifest.version,
    routes: routes({ ...deps, cursors: createCursors(deps.secret), fingerprints: createFingerprinter(deps.secret) }),
  });
