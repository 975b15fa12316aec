import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import type { z } from 'zod';
import { ownsCustomer } from '../customers/presenter.ts';
import { CustomerId } from '../customers/schema.ts';
import type { Counters } from '../stats/schema.ts';
import { findCounters } from '../stats/store.ts';
import { appointmentSummary, complaintSummary, fallbackNote, orderSummary } from './rules.ts';
import { AppointmentsResponse, ComplaintsResponse, OrdersResponse, UpstreamQueryParams } from './schema.ts';
import type { Upstream, Upstreams } from './upstream-client.ts';

export const upstreamRoutes = (upstreams: Upstreams): Route[] => [
  upstreamRoute('orders', OrdersResponse, (query) => upstreams.orders(query), orderSummary),
  upstreamRoute('complaints', ComplaintsResponse, (query) => upstreams.complaints(query), complaintSummary),
  upstreamRoute('appointments', AppointmentsResponse, (query) => upstreams.appointments(query), appointmentSummary),
];

type UpstreamData = { summary: object; status_breakdown: Record<string, number> };

function upstreamRoute<Name extends keyof Upstreams, Data extends UpstreamData & Record<Name, object[]>>(
  name: Name,
  shape: z.ZodObject,
  fetchData: Upstream<Data>,
  summaryOf: (stored: Counters) => Data['summary'],
): Route {
  return route({
    method: 'get',
    path: `/api/customers/{customer_id}/${name}`,
    operation: `customers.${name}.list`,
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: `Get a customer’s ${name}`,
    description:
      'Fetched from the service that owns them, newest first, within two seconds. While that service is unavailable, the summary comes ' +
      'from the counters stored here, and note says since when.',
    allow: { permission: 'customers:read', own: ownsCustomer },
    params: CustomerId,
    query: UpstreamQueryParams,
    responses: { 200: shape },
    handle: async ({ db, actor, params: { customer_id }, query }) => {
      const stored = await findCounters(db, actor.company_id, customer_id);
      if (!stored) throw notFound('customer');
      const result = await fetchData({ customer_id, ...query, actor });
      if ('unavailableSince' in result) {
        const note = fallbackNote(name, result.unavailableSince);
        return {
          summary: summaryOf(stored),
          status_breakdown: {},
          [name]: [],
          as_of: stored.counters_updated_at,
          note,
        };
      }
      const { summary, status_breakdown, [name]: records } = result.data;
      return { summary, status_breakdown, [name]: records.slice(0, query.limit), as_of: result.fetchedAt };
    },
  });
}
