import { notFound } from '@clientela/errors';
import { route, type CompanyClient, type Route } from '@clientela/http';
import { createCache } from '../cache.ts';
import { buildAnalytics } from './rules.ts';
import { CustomerAnalytics } from './schema.ts';
import { countByStatusAndType, countSince, sumCounters } from './store.ts';

const age = 60_000; // milliseconds
const companiesKept = 1_000;

/** @param now milliseconds; the clock */
export const analyticsRoutes = (companies: CompanyClient, now: () => number = Date.now): Route[] => {
  const remembered = createCache<CustomerAnalytics>({ ttlMs: age, maxEntries: companiesKept, now });
  return [
    route({
      method: 'get',
      path: '/api/customers/analytics',
      summary: 'Figures about customers',
      description:
        'At most 60 seconds old, which generated_at tells. Deleted customers are not counted; their orders and complaints are. Order values are ' +
        'in the currency of the company.',
      allow: 'analytics:read',
      responses: { 200: CustomerAnalytics },
      prepare: async ({ actor, signal }) => {
        const company = await companies(actor.company_id, { actor, signal });
        if (!company) throw notFound('company');
        return company.currency;
      },
      handle: ({ db, actor: { company_id }, prepared: currency }) =>
        remembered(`${company_id} ${currency}`, async () => {
          const generated_at = new Date(now()).toISOString();
          const counts = await countByStatusAndType(db, company_id);
          const sums = await sumCounters(db, company_id, currency);
          const month = `${generated_at.slice(0, 7)}-01T00:00:00.000Z`;
          const new_customers_this_month = await countSince(db, company_id, month);
          return buildAnalytics(counts, sums, { new_customers_this_month, generated_at });
        }),
    }),
  ];
};
