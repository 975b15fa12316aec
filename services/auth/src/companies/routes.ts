import { InternalCompany } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';
import { CompanyReference } from './schema.ts';
import { findCompanyByKey } from './store.ts';

export const companyRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/internal/companies/{key}',
    summary: 'Find a company by id or COMP key',
    allow: { internal: ['customer', 'interaction', 'product', 'favorites'] },
    reaches: 'installation',
    params: z.strictObject({ key: CompanyReference }),
    responses: { 200: InternalCompany.strict() },
    handle: async ({ db, params }) => {
      const company = await findCompanyByKey(db, params.key);
      if (!company) throw notFound('company');
      return company;
    },
  }),
];
