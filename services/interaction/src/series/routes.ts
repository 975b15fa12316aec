import { InternalSeries } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { SeriesQuery } from './schema.ts';
import { listSeries } from './store.ts';

/** Counts and amounts over time, from which the customer service builds its analytics. */
export const seriesRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/internal/series',
    summary: 'Get the orders, order value or complaints of a company over time',
    description: 'By occurred_at, in intervals of UTC, between two instants that are included.',
    allow: { internal: ['customer'] },
    query: SeriesQuery,
    responses: { 200: InternalSeries },
    handle: async ({ db, actor, query }) => ({ points: await listSeries(db, actor.company_id, query) }),
  }),
];
