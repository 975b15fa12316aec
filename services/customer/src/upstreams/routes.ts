import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import type { z } from 'zod';
import { own } from '../customers/doors.ts';
import { CustomerId } from '../customers/schema.ts';
import type { Counters } from '../stats/schema.ts';
import { findCounters } from '../stats/store.ts';
import { appointmentSummary, complaintSummary, orderSummary, silence } from './rules.ts';
import { AppointmentsShown, ComplaintsShown, OrdersShown, UpstreamQuery } from './schema.ts';
import type { Upstream, Upstreams } from './upstream.ts';

export const upstreamRoutes = (upstreams: Upstreams): Route[] => [
  view('orders', OrdersShown, (question) => upstreams.orders(question), orderSummary),
  view('complaints', ComplaintsShown, (question) => upstreams.complaints(question), complaintSummary),
  view('appointments', AppointmentsShown, (question) => upstreams.appointments(question), appointmentSummary),
];

type Told = { summary: object; status_breakdown: Record<string, number> };

function view<Name extends keyof Upstreams, Answer extends Told & Record<Name, object[]>>(
  name: Name,
  shape: z.ZodObject,
  ask: Upstream<Answer>,
  summaryOf: (stored: Counters) => Answer['summary'],
): Route {
  return route({
    method: 'get',
    path: `/api/customers/{customer_id}/${name}`,
    summary: `Get a customer’s ${name}`,
    description:
      'Asked of the service that knows them, newest first, for at most two seconds. While that does not answer, the summary is what is ' +
      'counted here, and note says since when.',
    allow: { permission: 'customers:read', own },
    params: CustomerId,
    query: UpstreamQuery,
    responses: { 200: shape },
    handle: async ({ db, actor, params: { customer_id }, query }) => {
      const stored = await findCounters(db, actor.company_id, customer_id);
      if (!stored) throw notFound('customer');
      const heard = await ask({ customer_id, ...query, actor });
      if ('silent_since' in heard) {
        const note = silence(name, heard.silent_since);
        return { summary: summaryOf(stored), status_breakdown: {}, [name]: [], as_of: stored.moved_at, note };
      }
      const { summary, status_breakdown, [name]: records } = heard.answer;
      return { summary, status_breakdown, [name]: records.slice(0, query.limit), as_of: heard.at };
    },
  });
}
