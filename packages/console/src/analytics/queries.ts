import type { Query } from '@clientela/client';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.ts';
import { figuresAge } from '../customers/queries.ts';
import type { Plan } from './period.ts';
import { pairPoints } from './series.ts';

export type Metric = Query<'customers.analytics.series.get'>['metric'];
export const metrics = ['customers', 'orders', 'order_value', 'complaints'] as const satisfies readonly Metric[];

/** A metric over the period, and over the one before in the same answer. */
export const seriesQuery = (metric: Metric, plan: Plan) =>
  queryOptions({
    queryKey: ['customers', 'analytics', 'series', metric, plan],
    queryFn: async ({ signal }) => {
      const query = { metric, interval: plan.interval, from: plan.before?.first ?? plan.first, to: plan.last };
      const { points, currency } = await api.customers.analytics.series.get(query, { signal });
      return { plan, currency, rows: pairPoints(points, plan.count) };
    },
    staleTime: figuresAge,
    placeholderData: keepPreviousData,
  });
export type SeriesData = { plan: Plan; currency: string | undefined; rows: ReturnType<typeof pairPoints> };
