import { InternalTotals } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type CompanyClient, type Route } from '@clientela/http';
import { TotalsQuery } from './schema.ts';
import { listTotals } from './store.ts';

/** Totals of recorded records, from which the customer service sets its counters. */
export const totalsRoutes = (companies: CompanyClient): Route[] => [
  route({
    method: 'get',
    path: '/internal/customers/totals',
    summary: 'Get totals of customers',
    description:
      'The values of the customer counters, in the company’s currency. All are zero for a customer without records.',
    allow: { internal: ['customer'] },
    query: TotalsQuery,
    responses: { 200: InternalTotals },
    prepare: ({ actor, signal }) => companies(actor.company_id, { actor, signal }),
    handle: async ({ db, actor, query: { customer_id }, prepared: company }) => {
      if (!company) throw notFound('company');
      return { totals: await listTotals(db, actor.company_id, customer_id, company.currency) };
    },
  }),
];
