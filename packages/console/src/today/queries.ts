import { queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.ts';
import { importsQuery } from '../imports/queries.ts';
import { keysQuery } from '../keys/queries.ts';

const day = 86_400_000;

/** Asks again by itself while a service is away. */
const whileAway = ({ state }: { state: { status: string } }) => state.status === 'error' && 15_000;

/** The figures of the company, which the server renews every minute. */
export const figuresQuery = queryOptions({
  queryKey: ['customers', 'analytics'],
  queryFn: ({ signal }) => api.customers.analytics.get({ signal }),
  refetchInterval: whileAway,
});

// Each of these selects what a person should look at: an empty list needs nobody.

const isActive = ({ status }: { status: string }) => status === 'queued' || status === 'running';

/** Imports that run, asked for every few seconds meanwhile, and those of the last day with rows that failed. */
export const importsToWatchQuery = queryOptions({
  ...importsQuery(1),
  select: ({ imports }) =>
    imports.filter(
      (each) =>
        isActive(each) ||
        (!each.dry_run && (each.status === 'failed' || each.failed > 0) && Date.now() - endOf(each) < day),
    ),
  refetchInterval: (query) => (query.state.data?.imports.some(isActive) ? 5000 : whileAway(query)),
});
const endOf = ({ ended_at, created_at }: { ended_at: string | null; created_at: string }) =>
  Date.parse(ended_at ?? created_at);

/** The newest failed events of all services, and whether there are more. */
export const newestFailuresQuery = queryOptions({
  queryKey: ['failed-events', 'newest'],
  queryFn: ({ signal }) => api.events.failed.list({ per_page: 50 }, { signal }),
  select: ({ events, next_cursor }) =>
    events.length === 0 ? [] : [{ count: events.length, isMore: next_cursor !== null, last: events[0]!.failed_at }],
  refetchInterval: whileAway,
});

/** Keys that work, and end within 30 days: the next one first. */
export const expiringKeysQuery = queryOptions({
  ...keysQuery,
  select: (keys) => {
    const now = Date.now();
    const isEnding = (at: number) => at > now && at < now + 30 * day;
    return keys
      .filter(({ revoked_at, expires_at }) => revoked_at === null && isEnding(Date.parse(expires_at)))
      .toSorted((a, b) => Date.parse(a.expires_at) - Date.parse(b.expires_at));
  },
  refetchInterval: whileAway,
});
