import type { Import } from '@clientela/client';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.ts';
import { analyticsQuery } from '../customers/queries.ts';
import { hasEnded, importsQuery } from '../imports/queries.ts';
import { keysQuery } from '../keys/queries.ts';

const day = 86_400_000;

/** Asks again by itself while a service is away. */
const whileAway = ({ state }: { state: { status: string } }) => state.status === 'error' && 15_000;

export const figuresQuery = queryOptions({ ...analyticsQuery, refetchInterval: whileAway });

// Each of these selects what a person should look at: null needs nobody.

const orNull = <T>(list: T[]): T[] | null => (list.length > 0 ? list : null);

/** The appointments of this day in the person's time zone, and the open complaints. Asked for again whenever the screen is opened. */
const agendaQuery = queryOptions({
  queryKey: ['interactions', 'agenda'],
  queryFn: ({ signal }) => {
    const from = new Date();
    from.setHours(0, 0, 0, 0);
    const to = new Date(from);
    to.setHours(23, 59, 59, 999);
    return api.interactions.agenda.get({ from: from.toISOString(), to: to.toISOString() }, { signal });
  },
  refetchOnMount: 'always' as const,
  refetchInterval: whileAway,
});
export const appointmentsQuery = queryOptions({
  ...agendaQuery,
  select: ({ appointments, has_more }) => (appointments.length > 0 ? { appointments, has_more } : null),
});
export const complaintsQuery = queryOptions({
  ...agendaQuery,
  select: ({ open_complaints }) =>
    orNull(
      priorities.map((priority) => ({ priority, count: open_complaints[priority] })).filter(({ count }) => count > 0),
    ),
});
const priorities = ['critical', 'high', 'medium', 'low', 'none'] as const;

/** Imports that run, asked for every few seconds meanwhile, and those of the last day with rows that failed. */
export const importsToWatchQuery = queryOptions({
  ...importsQuery(1),
  select: ({ imports }) => {
    const hasFailed = ({ dry_run, status, failed }: Import) => !dry_run && (status === 'failed' || failed > 0);
    return orNull(
      imports.filter((each) => !hasEnded(each) || (hasFailed(each) && Date.now() - Date.parse(each.created_at) < day)),
    );
  },
  refetchInterval: (query) => (query.state.data?.imports.some((each) => !hasEnded(each)) ? 5000 : whileAway(query)),
});

/** The newest failed events of all services, and whether there are more. */
export const newestFailuresQuery = queryOptions({
  queryKey: ['failed-events', 'newest'],
  queryFn: ({ signal }) => api.events.failed.list({ per_page: 50 }, { signal }),
  select: ({ events, next_cursor }) =>
    events[0] ? { count: events.length, isMore: next_cursor !== null, last: events[0].failed_at } : null,
  refetchInterval: whileAway,
});

/** Keys that work, and end within 30 days: the next one first. */
export const expiringKeysQuery = queryOptions({
  ...keysQuery,
  select: (keys) => {
    const now = Date.now();
    const isEnding = (at: number) => at > now && at < now + 30 * day;
    const ending = keys.filter(({ revoked_at, expires_at }) => revoked_at === null && isEnding(Date.parse(expires_at)));
    return orNull(ending.toSorted((a, b) => Date.parse(a.expires_at) - Date.parse(b.expires_at)));
  },
  refetchInterval: whileAway,
});
