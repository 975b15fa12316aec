import { route, type CompanyClient, type Route } from '@clientela/http';
import { createCache } from '../cache.ts';
import { requireCompany } from '../customers/company.ts';
import { buildAnalytics } from './rules.ts';
import { CustomerAnalytics } from './schema.ts';
import { countByStatusAndType, countSince, sumCounters } from './store.ts';

const ttlMs = 60_000;
const maxCompanies = 1_000;

/** @param now clock in milliseconds */
export const analyticsRoutes = (companies: CompanyClient, now: () => number = Date.now): Route[] => {
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
  ];
};
