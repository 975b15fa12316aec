import { outsideServices } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { ownsCustomer, toRecord } from '../customers/presenter.ts';
import { CustomerId } from '../customers/schema.ts';
import { changeStatistics } from './actions.ts';
import { toStats } from './rules.ts';
import { CustomerRecordResponse, Stats, StatisticsChange } from './schema.ts';
import { findCounters } from './store.ts';

export const statsRoutes: Route[] = [
  route({
    method: 'get',
    path: '/api/customers/{customer_id}/stats',
    aliases: ['/api/customers/{customer_id}/statistics'],
    operation: 'customers.statistics.get',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'Get the statistics of a customer',
    allow: { permission: 'customers:read', own: ownsCustomer },
    params: CustomerId,
    responses: { 200: Stats },
    handle: async ({ db, actor, params }) => {
      const counters = await findCounters(db, actor.company_id, params.customer_id);
      if (!counters) throw notFound('customer');
      return toStats(counters);
    },
  }),
  route({
    method: 'patch',
    path: '/api/customers/internal/{customer_id}/statistics',
    summary: 'Update the statistics of a customer',
    description:
      'Absolute values, or increments that are added; an increment moves a first date only back and a last date only forward. A service ' +
      'outside of the fleet writes the counters of its own group only.',
    allow: { internal: ['interaction', ...outsideServices] },
    idempotency: 'on',
    params: CustomerId,
    body: StatisticsChange,
    responses: { 200: CustomerRecordResponse },
    handle: async ({ tx, actor, params, body }) => ({
      customer: toRecord(await changeStatistics(tx, actor, params.customer_id, body)),
    }),
  }),
];
