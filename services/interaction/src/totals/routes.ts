import { InternalTotals } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type CompanyClient, type Route } from '@clientela/http';
import { TotalsQuery } from './schema.ts';
import { listTotals } from './store.ts';

/** What the customer service's counters follow. */
export const totalsRoutes = (companies: CompanyClient): Route[] => [
  route({
    method: 'get',
    path: '/internal/customers/totals',
    summary: 'What is recorded of customers, counted and added up',
    description: 'As counters hold it, in the company’s currency. Of one that nothing is known of, everything is zero.',
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
