import { conflict } from '@clientela/errors';
import { route, type CompanyClient, type Route } from '@clientela/http';
import type { z } from 'zod';
import { createCache } from '../cache.ts';
import { requireCompany } from '../customers/company.ts';
import type { CounterGroup } from '../stats/rules.ts';
import { buildAnalytics, fillSeries, maxPoints, resolveSeries } from './rules.ts';
import { CustomerAnalytics, Series, SeriesQuery } from './schema.ts';
import type { SeriesClient } from './series-client.ts';
import { countByStatusAndType, countCreated, countSince, sumCounters } from './store.ts';

const ttlMs = 60_000;
const maxCompanies = 1_000;

const maxSeries = 500; // cached; each has at most 400 points

export type AnalyticsDeps = {
  companies: CompanyClient;
  series: SeriesClient;
  /** Groups of counters that outside services report. */
  reportedGroups: ReadonlySet<CounterGroup>;
};

/** @param now clock in milliseconds */
export const analyticsRoutes = (deps: AnalyticsDeps, now: () => number = Date.now): Route[] => {
  const { companies } = deps;
  const cached = createCache<CustomerAnalytics>({ ttlMs, maxEntries: maxCompanies, now });
  return [
    route({
      method: 'get',
      path: '/api/customers/analytics',
      operation: 'customers.analytics.get',
      summary: 'Get customer statistics',
      description:
        'At most 60 seconds old, see generated_at. Deleted customers are not counted, but their orders and complaints are. Order values ' +
        'are in the currency of the company.',
      allow: 'analytics:read',
      responses: { 200: CustomerAnalytics },
      prepare: async ({ actor, signal }) => {
        const company = await requireCompany(companies, actor.company_id, { actor, signal });
        return company.currency;
      },
      handle: ({ db, actor: { company_id }, prepared: currency }) =>
        cached(`${company_id} ${currency}`, async () => {
          const generated_at = new Date(now()).toISOString();
          const counts = await countByStatusAndType(db, company_id);
          const sums = await sumCounters(db, company_id, currency);
          const month = `${generated_at.slice(0, 7)}-01T00:00:00.000Z`;
          const new_customers_this_month = await countSince(db, company_id, month);
          return buildAnalytics(counts, sums, { new_customers_this_month, generated_at });
        }),
    }),
    seriesRoute(deps, now),
  ];
};

const groups = { orders: 'orders', order_value: 'orders', complaints: 'complaints' } as const;

function seriesRoute({ companies, series, reportedGroups }: AnalyticsDeps, now: () => number): Route {
  const cached = createCache<z.infer<typeof Series>>({ ttlMs, maxEntries: maxSeries, now });
  return route({
    method: 'get',
    path: '/api/customers/analytics/series',
    operation: 'customers.analytics.series.get',
    errors: { 409: ['REPORTED_ELSEWHERE'] },
    summary: 'Get customers, orders, order value or complaints over time',
    description:
      `One point for each day, week (from Monday) or month of UTC, at most ${maxPoints}; an interval without any has the value 0. The intervals ` +
      'that contain from and to count as a whole. Customers are counted by created_at, deleted ones left out; the rest by occurred_at. Orders ' +
      'and order_value are those in the present currency of the company: pending and completed orders, less refunds in order_value. At most ' +
      '60 seconds old, see generated_at. 409 REPORTED_ELSEWHERE where another service keeps the orders or complaints.',
    allow: 'analytics:read',
    query: SeriesQuery,
    responses: { 200: Series },
    prepare: async ({ db, actor, query: { metric, interval, ...bounds }, request_id, signal }) => {
      const { company_id } = actor;
      if (metric !== 'customers' && reportedGroups.has(groups[metric])) throw reportedElsewhere(groups[metric]);
      const { starts, ...range } = resolveSeries(interval, bounds, now());
      const { currency } = await requireCompany(companies, company_id, { actor, signal });
      // Shared by concurrent requests, so that none of their signals ends it.
      return cached(JSON.stringify([company_id, currency, metric, interval, range]), async () => {
        const generated_at = new Date(now()).toISOString();
        const points =
          metric === 'customers'
            ? await countCreated(db, company_id, { interval, ...range })
            : await series(company_id, { metric, interval, ...range, currency }, request_id);
        const isInCurrency = metric === 'orders' || metric === 'order_value';
        return {
          metric,
          interval,
          ...(isInCurrency && { currency }),
          points: fillSeries(starts, points, metric === 'order_value' ? '0.00' : 0),
          generated_at,
        };
      });
    },
    handle: ({ prepared }) => prepared,
  });
}

const reportedElsewhere = (group: CounterGroup) =>
  conflict({
    error_code: 'REPORTED_ELSEWHERE',
    detail: `The ${group} of this installation are kept by another service, which reports their sums only`,
  });
