import { InternalTimeline } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { CustomerId } from '../customers/schema.ts';
import { findCustomerByKey } from '../customers/store.ts';
import { TimelineQuery } from './schema.ts';
import { listTimeline } from './store.ts';

export const timelineRoutes: Route[] = [
  route({
    method: 'get',
    path: '/internal/customers/{customer_id}/timeline',
    summary: 'List notes and status changes of a customer, newest first',
    allow: { internal: ['interaction'] },
    params: CustomerId,
    query: TimelineQuery,
    responses: { 200: InternalTimeline },
    handle: async ({ db, actor, params: { customer_id }, query }) => {
      if (!(await findCustomerByKey(db, actor.company_id, customer_id))) throw notFound('customer');
      return { items: await listTimeline(db, actor.company_id, customer_id, query) };
    },
  }),
];
